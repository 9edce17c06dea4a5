package org.volterra.bench;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Checks a provider's forward and backward passes before they are timed. */
final class NetworkCheck {
  private static final double SINGLE_TOLERANCE = 1e-4;

  /** Errors of rounded factors that may add up in a result. */
  private static final double ROUNDINGS = 16;

  private static final double DIFFERENCE_TOLERANCE = 1e-6;
  private static final double DIFFERENCE_STEP = 1e-5;

  private NetworkCheck() {}

  /**
   * Both checks; the scalar reference is not compared with itself.
   *
   * @throws WrongResultException naming what differs
   */
  static void all(ComputeProvider provider, KernelChoice kernel, int layers, int d, int batch) {
    all(provider, kernel, layers, d, batch, 0);
  }

  /**
   * Both checks of a provider that rounds the factors of products in float32.
   *
   * @param unit the largest relative error of such a rounding, or 0
   * @throws WrongResultException naming what differs
   */
  static void all(
      ComputeProvider provider, KernelChoice kernel, int layers, int d, int batch, double unit) {
    directionalDerivative(provider, kernel);
    if (!provider.name().equals("scalar")) {
      double tolerance = SINGLE_TOLERANCE + ROUNDINGS * unit;
      againstReference(provider, kernel, layers, d, batch, tolerance);
    }
  }

  /**
   * Compares outputs and gradients in float32 with those of the scalar reference.
   *
   * @throws WrongResultException naming the first element that differs
   */
  static void againstReference(
      ComputeProvider provider, KernelChoice kernel, int layers, int d, int batch) {
    againstReference(provider, kernel, layers, d, batch, SINGLE_TOLERANCE);
  }

  private static void againstReference(
      ComputeProvider provider,
      KernelChoice kernel,
      int layers,
      int d,
      int batch,
      double tolerance) {
    try (ComputeProvider reference = new ScalarProvider();
        DepthCase right =
            new DepthCase(reference, ElementType.FLOAT32, kernel, layers, d, batch, true);
        DepthCase actual =
            new DepthCase(provider, ElementType.FLOAT32, kernel, layers, d, batch, true)) {
      String where = " of kernel " + kernel + " with " + layers + " layers on " + provider.name();
      compare("output" + where, actual.forward().toArray(), right.forward().toArray(), tolerance);
      compare("gradient" + where, values(actual.gradient()), values(right.gradient()), tolerance);
    }
  }

  /**
   * Compares the gradient in float64 with a central difference along a random direction of all
   * parameters, for a small network.
   *
   * @throws WrongResultException with both derivatives
   */
  static void directionalDerivative(ComputeProvider provider, KernelChoice kernel) {
    try (DepthCase small = new DepthCase(provider, ElementType.FLOAT64, kernel, 5, 7, 3, true)) {
      Buffer parameters = small.network().parameters();
      double[] origin = values(parameters);
      double[] gradient = values(small.gradient());
      double[] direction = direction(small);
      double expected = 0;
      double size = 0;
      for (int i = 0; i < origin.length; i++) {
        expected += gradient[i] * direction[i];
        size += Math.abs(gradient[i] * direction[i]);
      }
      double above = moved(small, origin, direction, DIFFERENCE_STEP);
      double below = moved(small, origin, direction, -DIFFERENCE_STEP);
      double difference = (above - below) / (2 * DIFFERENCE_STEP);
      WrongResultException.unlessClose(
          "directional derivative of kernel " + kernel + " from the gradient on " + provider.name(),
          expected,
          difference,
          DIFFERENCE_TOLERANCE * size);
    }
  }

  /** A normal direction that leaves the gaps between parameters alone. */
  private static double[] direction(DepthCase c) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    double[] direction = new double[Math.toIntExact(c.network().parameters().length())];
    c.network()
        .layout()
        .entries()
        .values()
        .forEach(entry -> {
          for (int i = 0; i < entry.size(); i++) {
            direction[(int) entry.offset() + i] = random.nextGaussian();
          }
        });
    return direction;
  }

  /** The objective ⟨output gradient, output⟩ at moved parameters. */
  private static double moved(DepthCase c, double[] origin, double[] direction, double step) {
    Buffer parameters = c.network().parameters();
    for (int i = 0; i < origin.length; i++) {
      parameters.set(i, origin[i] + step * direction[i]);
    }
    Matrix output = c.forward();
    double objective = 0;
    for (int i = 0; i < output.rows(); i++) {
      for (int j = 0; j < output.columns(); j++) {
        objective += output.get(i, j) * c.outputGradient().get(i, j);
      }
    }
    return objective;
  }

  private static double[] values(Buffer buffer) {
    return Matrix.vector(buffer, 0, Math.toIntExact(buffer.length())).toArray();
  }

  private static void compare(String what, double[] actual, double[] expected, double tolerance) {
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      WrongResultException.unlessClose(
          "element " + i + " of the " + what, actual[i], expected[i], tolerance * largest);
    }
  }
}
