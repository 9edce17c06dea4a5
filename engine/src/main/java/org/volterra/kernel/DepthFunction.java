package org.volterra.kernel;

/** A scalar function a(t, s) of two depths, 0 ≤ s ≤ t ≤ T. */
@FunctionalInterface
public interface DepthFunction {
  /**
   * The value at a pair of depths.
   *
   * @param t depth of the layer that sums
   * @param s depth of the layer that is summed
   * @return a(t, s)
   */
  double at(double t, double s);
}
