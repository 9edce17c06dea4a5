package org.volterra.testing;

import java.util.random.RandomGenerator;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.Workspace;
import org.volterra.memory.Resources;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * A random network in float64 with the objective J = Σ c ⊙ output for random c, whose adjoint is
 * compared with central differences of fourth order, (8 (J₊ − J₋) − (J₊₊ − J₋₋)) / 12ε, of forward
 * passes.
 *
 * <p>The error of a derivative is relative to its own size, to that of the derivative in a typical
 * direction (one that happens to be orthogonal to the gradient has no relative error), or to 1e-5 Σ
 * |c ⊙ output| (below that differences are the rounding of J), whichever is largest. Differences
 * have errors of their own, of truncation where the step is large and of rounding where it is
 * small: the best of three steps counts.
 */
public final class Differences implements AutoCloseable {
  private static final double[] STEPS = {1e-3, 1e-4, 1e-5};
  private static final double ENOUGH = 1e-9;
  private static final double RESOLUTION = 1e-5;
  private static final double LEAST_RELU_ARGUMENT = 0.002;
  private static final int BATCH = 2;

  private final Resources resources = new Resources();
  private final RandomGenerator random;
  private final Network network;
  private final Workspace workspace;
  private final Matrix data;
  private final Matrix weights;
  private final Matrix dataGradient;
  private final boolean smooth;
  private final double floor;
  private double worst;
  private String where = "nowhere";

  /** Makes the network and runs it forward and backward. */
  public Differences(NetworkSpec spec, long seed, RandomGenerator random) {
    this.random = random;
    boolean complete = false;
    try {
      network = resources.own(Network.create(spec, TestProvider.get(), ElementType.FLOAT64, seed));
      RandomMatrices.perturb(network, random, 0.3);
      workspace = resources.own(network.workspace(BATCH));
      int rows = BATCH * spec.positions();
      data = matrix(rows, spec.inputs());
      weights = matrix(rows, spec.outputs());
      dataGradient = matrix(rows, spec.inputs());
      RandomMatrices.fill(data, random, 1);
      RandomMatrices.fill(weights, random, 1);
      PlainNetwork plain = new PlainNetwork(network);
      plain.run(RandomMatrices.rows(data));
      smooth = plain.leastReluArgument() > LEAST_RELU_ARGUMENT;
      floor = RESOLUTION * size(workspace.forward(data), weights);
      workspace.backward(weights);
      workspace.inputGradient(dataGradient);
      complete = true;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  private static double size(Matrix output, Matrix weights) {
    double size = 0;
    for (int i = 0; i < output.rows(); i++) {
      for (int j = 0; j < output.columns(); j++) {
        size += Math.abs(output.get(i, j) * weights.get(i, j));
      }
    }
    return size;
  }

  private Matrix matrix(int rows, int columns) {
    return Matrix.of(
        resources.own(TestProvider.get().allocate(ElementType.FLOAT64, (long) rows * columns)),
        0,
        rows,
        columns);
  }

  /** Whether no ReLU was close to its kink. */
  public boolean isSmooth() {
    return smooth;
  }

  /** Compares all parameters and the data, each in a random direction and in one coordinate. */
  public void compareAll() {
    for (ParameterLayout.Entry entry : network.layout().entries().values()) {
      compare(
          entry.name(), entry.in(network.parameters()), workspace.gradient(entry.name()).toArray());
    }
    compare("data", data, dataGradient.toArray());
  }

  private void compare(String name, Matrix at, double[] gradient) {
    double[] direction = new double[gradient.length];
    for (int i = 0; i < direction.length; i++) {
      direction[i] = random.nextGaussian();
    }
    compare(name + " in a random direction", at, gradient, direction);
    double[] coordinate = new double[gradient.length];
    int index = random.nextInt(gradient.length);
    coordinate[index] = 1;
    compare(name + " at element " + index, at, gradient, coordinate);
  }

  private void compare(String name, Matrix at, double[] gradient, double[] direction) {
    double exact = 0;
    double squares = 0;
    double length = 0;
    for (int i = 0; i < gradient.length; i++) {
      exact += gradient[i] * direction[i];
      squares += gradient[i] * gradient[i];
      length += direction[i] * direction[i];
    }
    double typical = Math.max(floor, Math.sqrt(squares * length / gradient.length));
    double least = Double.POSITIVE_INFINITY;
    double best = Double.NaN;
    for (int i = 0; i < STEPS.length && !(least <= ENOUGH); i++) {
      double difference = difference(at, direction, STEPS[i]);
      double scale = Math.max(typical, Math.max(Math.abs(exact), Math.abs(difference)));
      double error = exact == difference ? 0 : Math.abs(exact - difference) / scale;
      if (!(error >= least)) {
        least = error;
        best = difference;
      }
    }
    if (!(least <= worst)) {
      worst = least;
      where = name + ": adjoint " + exact + ", difference " + best;
    }
  }

  private double difference(Matrix at, double[] direction, double step) {
    double[] begin = at.toArray();
    double[] far = difference(at, begin, direction, 2 * step);
    double[] near = difference(at, begin, direction, step);
    at.fill(begin);
    double sum = 0;
    for (int i = 0; i < near.length; i++) {
      int columns = weights.columns();
      sum += weights.get(i / columns, i % columns) * (8 * near[i] - far[i]);
    }
    return sum / (12 * step);
  }

  private double[] difference(Matrix at, double[] begin, double[] direction, double step) {
    double[] plus = outputAt(at, begin, direction, step);
    double[] minus = outputAt(at, begin, direction, -step);
    for (int i = 0; i < plus.length; i++) {
      plus[i] -= minus[i];
    }
    return plus;
  }

  private double[] outputAt(Matrix at, double[] begin, double[] direction, double step) {
    double[] moved = begin.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += step * direction[i];
    }
    at.fill(moved);
    return workspace.forward(data).toArray();
  }

  /** The largest error so far; NaN if there was one. */
  public double worst() {
    return worst;
  }

  /** Where it was. */
  public String where() {
    return where;
  }

  /** The network. */
  public Network network() {
    return network;
  }

  /** The workspace, with the gradients of the first pass. */
  public Workspace workspace() {
    return workspace;
  }

  /** The data. */
  public Matrix data() {
    return data;
  }

  /** The gradient of the output. */
  public Matrix weights() {
    return weights;
  }

  @Override
  public void close() {
    resources.close();
  }
}
