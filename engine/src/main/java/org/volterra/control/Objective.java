package org.volterra.control;

/** A function of many numbers that is to be minimised. */
public interface Objective {
  /**
   * The number of arguments.
   *
   * @return at least 1
   */
  int size();

  /**
   * Evaluates value and gradient.
   *
   * @param theta arguments
   * @param gradient receives the derivatives
   * @return the value; may be infinite or NaN, which line searches take for too large
   */
  double evaluate(double[] theta, double[] gradient);
}
