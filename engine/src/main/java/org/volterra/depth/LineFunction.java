package org.volterra.depth;

/** A vector-valued function on [0, T] with its derivative. */
public interface LineFunction {
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
   * @param value receives the components
   * @param derivative receives their derivatives; where there is a kink, those of one side
   */
  void evaluate(double t, double[] value, double[] derivative);
}
