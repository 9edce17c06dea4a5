package org.volterra.equation;

/**
 * A system of Volterra equations of the second kind on [0, T] that depends on parameters θ,
 *
 * <pre>  x(t) = g(t; θ) + ∫₀ᵗ (t − s)^(α−1) K(t, s; θ) φ(s, x(s); θ) ds,   0 &lt; α ≤ 1,</pre>
 *
 * <p>with d states, e features and the smooth part K of the kernel, a d × e matrix that is known by
 * its three operations, so that a scalar kernel costs no matrix. It comes with the derivatives that
 * an adjoint needs. Scalar equations have d = e = 1; initial data are parameters of g, as x(0) =
 * g(0). α may be one of the parameters.
 *
 * <p>All methods are pure functions of their arguments, which they leave alone but for those that
 * receive results. {@link SystemSolver} solves systems, {@link SystemSolution#adjoint}
 * differentiates functionals of their solutions.
 */
public interface HammersteinSystem {
  /**
   * Components of the state.
   *
   * @return d, at least 1
   */
  int states();

  /**
   * Components of the feature.
   *
   * @return e, at least 1
   */
  int features();

  /**
   * The number of parameters.
   *
   * @return the length of θ, at least 1
   */
  int parameters();

  /**
   * The end of the interval.
   *
   * @return T, positive and finite
   */
  double horizon();

  /**
   * Which parameter is the exponent of the weak singularity.
   *
   * @return an index of θ, or −1 if the exponent is fixed
   */
  default int exponentParameter() {
    return -1;
  }

  /**
   * The exponent of the weak singularity.
   *
   * @param theta the parameters
   * @return α in (0, 1]; by default the parameter that is the exponent, or 1 if there is none
   */
  default double exponent(double[] theta) {
    return exponentParameter() < 0 ? 1 : theta[exponentParameter()];
  }

  /**
   * The source term.
   *
   * @param t in [0, T]
   * @param theta the parameters
   * @param result receives g(t), d finite numbers
   */
  void source(double t, double[] theta, double[] result);

  /**
   * The adjoint of the source in the parameters.
   *
   * @param t in [0, T]
   * @param theta the parameters
   * @param p a costate, d numbers
   * @param gradient (∂g/∂θ)ᵀ p is added
   */
  void sourceAdjoint(double t, double[] theta, double[] p, double[] gradient);

  /**
   * Applies the kernel.
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @param theta the parameters
   * @param weight a factor
   * @param z a feature, e numbers
   * @param result weight · K z is added, d numbers
   */
  void apply(double t, double s, double[] theta, double weight, double[] z, double[] result);

  /**
   * Applies the transposed kernel.
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @param theta the parameters
   * @param weight a factor
   * @param p a costate, d numbers
   * @param result weight · Kᵀ p is added, e numbers
   */
  void transpose(double t, double s, double[] theta, double weight, double[] p, double[] result);

  /**
   * The adjoint of the kernel in the parameters.
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @param theta the parameters
   * @param weight a factor
   * @param p a costate, d numbers
   * @param z a feature, e numbers
   * @param gradient weight · ∂(pᵀ K z)/∂θ is added
   */
  void kernelAdjoint(
      double t, double s, double[] theta, double weight, double[] p, double[] z, double[] gradient);

  /**
   * The feature of the state.
   *
   * @param s in [0, T]
   * @param x the state at s, d numbers
   * @param theta the parameters
   * @param z receives φ(s, x), e finite numbers
   */
  void feature(double s, double[] x, double[] theta, double[] z);

  /**
   * The adjoint of the feature.
   *
   * @param s in [0, T]
   * @param x the state at s, d numbers
   * @param theta the parameters
   * @param q a costate of the feature, e numbers
   * @param byState (∂φ/∂x)ᵀ q is added, d numbers
   * @param gradient (∂φ/∂θ)ᵀ q is added
   */
  void featureAdjoint(
      double s, double[] x, double[] theta, double[] q, double[] byState, double[] gradient);
}
