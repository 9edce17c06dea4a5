package org.volterra.control;

/**
 * When to stop minimising: at the first of the three.
 *
 * @param iterations most iterations, at least 1
 * @param target stop at this value or below; negative infinity for none
 * @param tolerance stop when the norm of the gradient, in the method's metric, is this fraction of
 *     what it was at the start; 0 for none
 */
public record StoppingRule(int iterations, double target, double tolerance) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if there is no iteration, or a number is NaN or negative
   */
  public StoppingRule {
    if (iterations < 1) {
      throw new IllegalArgumentException("iterations " + iterations + ": must be at least 1");
    }
    if (Double.isNaN(target)) {
      throw new IllegalArgumentException("target NaN: must be a number");
    }
    if (!(tolerance >= 0 && tolerance < 1)) {
      throw new IllegalArgumentException("tolerance " + tolerance + ": must be in [0, 1)");
    }
  }

  /**
   * Stops at a small gradient.
   *
   * @param iterations most iterations
   * @param tolerance fraction of the first norm
   * @return the rule
   */
  public static StoppingRule atGradient(int iterations, double tolerance) {
    return new StoppingRule(iterations, Double.NEGATIVE_INFINITY, tolerance);
  }

  /**
   * Stops at a value.
   *
   * @param iterations most iterations
   * @param target the value
   * @return the rule
   */
  public static StoppingRule atValue(int iterations, double target) {
    return new StoppingRule(iterations, target, 0);
  }
}
