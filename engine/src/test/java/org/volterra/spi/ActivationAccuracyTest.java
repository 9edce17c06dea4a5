package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.testing.TestProvider;

/**
 * The bounds that docs/kernels.md states for activations, from the middle to the far ends of the
 * range.
 */
class ActivationAccuracyTest {
  private static final double[] EXTREME = {
    0,
    1e-30,
    1e-8,
    20,
    50,
    87,
    88,
    89,
    100,
    104,
    700,
    709,
    746,
    1e4,
    1e30,
    Double.POSITIVE_INFINITY,
    Double.NaN
  };

  private static double[] arguments(ElementType type) {
    return DoubleStream.concat(
            DoubleStream.of(EXTREME).flatMap(x -> DoubleStream.of(x, -x)),
            DoubleStream.iterate(-14, x -> x <= 14, x -> x + 0.00173))
        .map(x -> type == ElementType.FLOAT32 ? (float) x : x)
        .toArray();
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void float32(Activation f) {
    check(f, ElementType.FLOAT32, 1e-6, 1e-43);
  }

  @ParameterizedTest
  @EnumSource(Activation.class)
  void float64(Activation f) {
    check(f, ElementType.FLOAT64, f == Activation.GELU ? 1e-12 : 1e-14, 1e-321);
  }

  private static void check(Activation f, ElementType type, double relative, double absolute) {
    double[] x = arguments(type);
    Primitives p = TestProvider.get().primitives(type);
    try (Buffer in = TestProvider.allocate(type, x.length);
        Buffer ones = TestProvider.allocate(type, x.length);
        Buffer out = TestProvider.allocate(type, x.length)) {
      Matrix u = Matrix.vector(in, 0, x.length);
      Matrix y = Matrix.vector(out, 0, x.length);
      Matrix one = Matrix.vector(ones, 0, x.length);
      u.fill(x);
      p.activate(f, u, y);
      for (int i = 0; i < x.length; i++) {
        close(f + "(" + x[i] + ")", f.value(x[i]), y.get(0, i), relative, absolute, type);
      }
      p.fill(1, one);
      p.activateBackward(f, u, one, 0, y);
      for (int i = 0; i < x.length; i++) {
        // Absolute where the derivative has a zero, and for the reference, whose s (1 - s) cancels.
        boolean absolutely =
            f == Activation.GELU || f == Activation.SILU || TestProvider.isReference();
        double floor = absolutely ? 4 * relative : absolute;
        double expected = exactDerivative(f, x[i]);
        close(f + "'(" + x[i] + ")", expected, y.get(0, i), 2 * relative, floor, type);
      }
    }
  }

  /** The derivative in forms that do not cancel. */
  private static double exactDerivative(Activation f, double x) {
    return switch (f) {
      case TANH -> 4 * bell(2 * Math.abs(x));
      case SIGMOID -> bell(Math.abs(x));
      default -> f.derivative(x);
    };
  }

  private static double bell(double x) {
    double e = Math.exp(-x);
    return e / ((1 + e) * (1 + e));
  }

  private static void close(
      String what,
      double exact,
      double actual,
      double relative,
      double absolute,
      ElementType type) {
    double expected = type == ElementType.FLOAT32 ? (float) exact : exact;
    if (Double.isNaN(expected) || Double.isInfinite(expected)) {
      assertEquals(expected, actual, what);
      return;
    }
    double error = Math.abs(actual - expected);
    assertTrue(
        error <= absolute + relative * Math.abs(expected),
        () -> what + " in " + type + ": expected " + expected + ", got " + actual);
  }
}
