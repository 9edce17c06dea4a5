package org.volterra.depth;

/** A vector-valued function on the triangle 0 ≤ s ≤ t ≤ T with its gradient. */
public interface TriangleFunction {
  /**
   * The number of components.
   *
   * @return at least 1
   */
  int width();

  /**
   * Evaluates the function.
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @param value receives the components
   * @param byT receives their derivatives in t; where there is a kink, those of one side
   * @param byS receives their derivatives in s
   */
  void evaluate(double t, double s, double[] value, double[] byT, double[] byS);
}
