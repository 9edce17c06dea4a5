package org.volterra.control;

import org.volterra.depth.DepthOperator;

/**
 * A method that minimises objectives by their gradients, in the Euclidean metric or in that of an
 * elliptic operator A: then gradients are A⁻¹∇J, the regulariser's second derivative is treated
 * implicitly, and the number of iterations does not grow with depth. Immutable; an instance with a
 * metric is used by one thread at a time, as the metric is.
 */
public interface Minimizer {
  /**
   * Minimises.
   *
   * @param objective what
   * @param start where to begin; left alone
   * @param rule when to stop
   * @return the best point found and the way there
   * @throws IllegalArgumentException if the objective is not finite at the start
   */
  Minimization minimize(Objective objective, double[] start, StoppingRule rule);

  /**
   * Gradient descent with backtracking: a step is halved until the value falls by 10⁻⁴ of what the
   * slope promises (Armijo), and the next begins twice as long.
   *
   * @param metric the metric, or null for the Euclidean one
   * @return the method
   */
  static Minimizer gradientDescent(DepthOperator metric) {
    return new QuasiNewton(0, metric);
  }

  /**
   * Limited-memory BFGS (Nocedal, Wright, Numerical Optimization, algorithm 7.4) with backtracking;
   * with a metric the recursion begins with a multiple of A⁻¹ in place of one of the identity.
   *
   * @param memory pairs that are kept, at least 1
   * @param metric the metric, or null for the Euclidean one
   * @return the method
   * @throws IllegalArgumentException if {@code memory} is not positive
   */
  static Minimizer lbfgs(int memory, DepthOperator metric) {
    if (memory < 1) {
      throw new IllegalArgumentException("memory " + memory + ": must be at least 1");
    }
    return new QuasiNewton(memory, metric);
  }
}
