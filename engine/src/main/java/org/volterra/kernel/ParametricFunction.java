package org.volterra.kernel;

/**
 * A function a(t, s; θ) of two depths, 0 ≤ s ≤ t ≤ T, and of parameters θ that are trained, with
 * its derivative by them. Must be pure, and keep no array that it is given.
 */
public interface ParametricFunction {
  /**
   * The value at a pair of depths.
   *
   * @param t depth of the layer that sums
   * @param s depth of the layer that is summed
   * @param theta θ, not to be written
   * @return a(t, s; θ)
   */
  double at(double t, double s, double[] theta);

  /**
   * Adds the weighted derivative at a pair of depths: {@code sum[p] += weight · ∂a/∂θ_p}.
   *
   * @param t depth of the layer that sums
   * @param s depth of the layer that is summed
   * @param theta θ, not to be written
   * @param weight a factor
   * @param sum as long as θ
   */
  void addDerivative(double t, double s, double[] theta, double weight, double[] sum);
}
