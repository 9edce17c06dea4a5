package org.volterra.equation;

/**
 * An equation of Hammerstein's form: the integrand is a product of a kernel and a feature of the
 * state, F(t, s, x) = K(t, s) φ(s, x).
 *
 * <p>This is the form of a dense network with a scalar kernel. A solver evaluates φ once for each
 * node and keeps it in the history; general integrands need an evaluation for each pair of nodes.
 */
public interface HammersteinEquation extends IntegralEquation {
  /**
   * The smooth part of the kernel, without the factor (t − s)^(α−1).
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @return K(t, s), finite
   */
  double kernel(double t, double s);

  /**
   * The feature of the state.
   *
   * @param s in [0, T]
   * @param x the state at s
   * @return φ(s, x), finite
   */
  double feature(double s, double x);

  @Override
  default double integrand(double t, double s, double x) {
    return kernel(t, s) * feature(s, x);
  }
}
