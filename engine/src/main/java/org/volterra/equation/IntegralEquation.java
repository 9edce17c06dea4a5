package org.volterra.equation;

import java.util.Optional;
import java.util.function.DoubleUnaryOperator;

/**
 * A scalar nonlinear Volterra equation of the second kind on [0, T],
 *
 * <pre>  x(t) = g(t) + ∫₀ᵗ (t − s)^(α−1) F(t, s, x(s)) ds,   0 &lt; α ≤ 1.</pre>
 *
 * <p>F is the smooth part of the integrand; α = 1, the default, is the regular equation of
 * Urysohn's form. Where F is a product K(t, s) φ(s, x), implement {@link HammersteinEquation}
 * instead: its features enter the history as they do in a network. For example x(t) = 1 + ∫₀ᵗ
 * tanh(t x(s)) ds:
 *
 * <pre>{@code
 * record Growth(double horizon) implements IntegralEquation {
 *   public double source(double t) { return 1; }
 *   public double integrand(double t, double s, double x) { return Math.tanh(t * x); }
 * }
 * double[] x = new VolterraSolver(provider).solve(new Growth(1), new Trapezoid(), 100).values();
 * }</pre>
 *
 * <p>The functions must be pure: solvers call them in any order and more than once at a point.
 */
public interface IntegralEquation {
  /**
   * The source term.
   *
   * @param t in [0, T]
   * @return g(t), finite
   */
  double source(double t);

  /**
   * The smooth part of the integrand, without the factor (t − s)^(α−1).
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @param x the state at s
   * @return F(t, s, x), finite
   */
  double integrand(double t, double s, double x);

  /**
   * The end of the interval.
   *
   * @return T, positive and finite
   */
  double horizon();

  /**
   * The exponent of the weak singularity: the integrand has the factor (t − s)^(α−1).
   *
   * @return α in (0, 1]; 1 if there is none
   */
  default double exponent() {
    return 1;
  }

  /**
   * The solution, where it is known.
   *
   * @return x as a function on [0, T], or empty
   */
  default Optional<DoubleUnaryOperator> solution() {
    return Optional.empty();
  }
}
