package org.volterra.sum;

import java.util.Arrays;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.Matrix;

/**
 * A kernel a(t, s; θ) with the parameters of the present pass, on the host, and their gradient as
 * it is collected from the gradients of values of a.
 */
final class ParametricValues {
  private final ScalarKernel.Parametric kernel;
  private final double[] times;
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
  ParametricValues(
      ScalarKernel.Parametric kernel, DepthGrid grid, Matrix parameters, Matrix gradient) {
    this.kernel = kernel;
    this.times = grid.times();
    this.parameters = parameters;
    this.gradient = gradient;
    theta = new double[parameters.columns()];
    Arrays.fill(theta, Double.NaN);
    slopes = new double[theta.length];
  }

  boolean hasGradient() {
    return gradient != null;
  }

  /** The depth of a layer. */
  double time(int l) {
    return times[l];
  }

  /** Reads the parameters; true if one has changed. */
  boolean refresh() {
    boolean changed = false;
    for (int r = 0; r < theta.length; r++) {
      double value = parameters.get(0, r);
      changed |= value != theta[r];
      theta[r] = value;
    }
    return changed;
  }

  /** a(t, s; θ). */
  double at(double t, double s) {
    return kernel.function().at(t, s, theta);
  }

  /** Adds what the gradient of a value gives. */
  void add(double t, double s, double slope) {
    if (slope != 0) {
      kernel.function().addDerivative(t, s, theta, slope, slopes);
    }
  }

  /** Adds what was collected to the gradient of θ. */
  void endGradient() {
    for (int r = 0; r < slopes.length; r++) {
      gradient.set(0, r, gradient.get(0, r) + slopes[r]);
      slopes[r] = 0;
    }
  }
}
