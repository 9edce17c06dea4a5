package org.volterra.sum;

import java.util.Arrays;
import org.volterra.kernel.DepthFunction;
import org.volterra.kernel.ParametricFunction;
import org.volterra.spi.Matrix;

/** Values of any function with parameters, which the host evaluates. */
final class HostValues implements ParametricValues {
  private final ParametricFunction function;
  private final Matrix parameters;
  private final Matrix gradient;
  private final double[] theta;
  private final double[] slopes;

  /**
   * Binds parameters.
   *
   * @param parameters θ, 1 × P
   * @param gradient where its gradient is added, or null for inference
   */
  HostValues(ParametricFunction function, Matrix parameters, Matrix gradient) {
    this.function = function;
    this.parameters = parameters;
    this.gradient = gradient;
    theta = new double[parameters.columns()];
    Arrays.fill(theta, Double.NaN);
    slopes = new double[theta.length];
  }

  @Override
  public boolean usesHost() {
    return true;
  }

  @Override
  public boolean hasGradient() {
    return gradient != null;
  }

  @Override
  public boolean refresh() {
    boolean changed = false;
    for (int r = 0; r < theta.length; r++) {
      double value = parameters.get(0, r);
      changed |= value != theta[r];
      theta[r] = value;
    }
    return changed;
  }

  @Override
  public DepthFunction present() {
    return (t, s) -> function.at(t, s, theta);
  }

  @Override
  public Table table(SumMemory memory, String name, int rows, int columns, Pairs pairs) {
    return new Staged(
        memory.staged(name, rows, columns),
        gradient == null ? null : memory.staged(name + ".gradient", rows, columns),
        pairs);
  }

  @Override
  public void endGradient() {
    for (int r = 0; r < slopes.length; r++) {
      gradient.set(0, r, gradient.get(0, r) + slopes[r]);
      slopes[r] = 0;
    }
  }

  private final class Staged implements Table {
    private final StagedMatrix values;
    private final StagedMatrix gradients;
    private final Pairs pairs;

    Staged(StagedMatrix values, StagedMatrix gradients, Pairs pairs) {
      this.values = values;
      this.gradients = gradients;
      this.pairs = pairs;
    }

    @Override
    public Matrix values() {
      return values.device();
    }

    @Override
    public Matrix slopes() {
      return gradients == null ? null : gradients.device();
    }

    @Override
    public void fill() {
      pairs.forEach((index, t, s) -> values.set(index, function.at(t, s, theta)));
      values.upload();
    }

    @Override
    public void drain() {
      gradients.download();
      pairs.forEach(this::add);
    }

    private void add(int index, double t, double s) {
      double slope = gradients.get(index);
      if (slope != 0) {
        function.addDerivative(t, s, theta, slope, slopes);
      }
    }
  }
}
