package org.volterra.control;

import org.volterra.depth.DepthGrid;
import org.volterra.depth.DepthOperator;
import org.volterra.depth.TriangleField;
import org.volterra.depth.TriangleMesh;

/**
 * A {@link ControlProblem} on L layers: x_l = x_0 + h Σ_{k&lt;l} F(t_l, t_k, x_k; θ^{l,k}), with
 * the regulariser ½[λ0 h² Σ|θ|² + λ1 Σ|θ − θ'|²] over pairs and their neighbours. Controls are
 * vectors of the pairs (1,0), (2,0), (2,1), …, with {@link Dynamics#controls} numbers each.
 *
 * <p>Gradients are exact for the discrete problem. The operator A of the regulariser is its metric:
 * A⁻¹ turns gradients into those of H¹. Keeps memory for one evaluation: one thread at a time.
 */
public final class DiscreteControl implements Objective {
  private final ControlProblem problem;
  private final DepthGrid grid;
  private final DepthOperator metric;
  private final double[] penaltyGradient;

  DiscreteControl(ControlProblem problem, DepthGrid grid) {
    this.problem = problem;
    this.grid = grid;
    double h = grid.step();
    metric =
        DepthOperator.triangle(
            grid.layers(),
            problem.dynamics().controls(),
            problem.lambda0() * h * h,
            problem.lambda1());
    penaltyGradient = new double[metric.size()];
  }

  /**
   * The continuous problem.
   *
   * @return the problem
   */
  public ControlProblem problem() {
    return problem;
  }

  /**
   * The depths of the layers.
   *
   * @return the grid
   */
  public DepthGrid grid() {
    return grid;
  }

  /**
   * The operator A of the regulariser, ½ θᵀAθ.
   *
   * @return the metric of H¹, with the weights λ0 and λ1
   */
  public DepthOperator metric() {
    return metric;
  }

  @Override
  public int size() {
    return metric.size();
  }

  /**
   * A control as a function on the triangle.
   *
   * @param theta controls of the pairs
   * @return the piecewise-linear extension
   */
  public TriangleField extension(double[] theta) {
    return TriangleField.ofPairs(
        grid.layers(), grid.horizon(), problem.dynamics().controls(), theta);
  }

  /**
   * The controls of the pairs of a function on the triangle, such as an extension from other
   * layers.
   *
   * @param field a field with as many components
   * @return a vector for this problem
   */
  public double[] restriction(TriangleField field) {
    return field.pairs(grid.layers());
  }

  @Override
  public double evaluate(double[] theta, double[] gradient) {
    ControlPass pass = pass(theta);
    System.arraycopy(pass.gradientInPlace(), 0, gradient, 0, gradient.length);
    return pass.value();
  }

  /**
   * Computes states, costates, the Hamiltonian and the gradient.
   *
   * @param theta controls of the pairs
   * @return all of them
   */
  public ControlPass pass(double[] theta) {
    ControlPass pass = new ControlPass(this, theta);
    metric.apply(theta, penaltyGradient);
    pass.finish(metric.energy(theta), penaltyGradient);
    return pass;
  }

  /** Where the controls of a pair begin. */
  int pair(int l, int k) {
    return TriangleMesh.index(l - 1, k) * problem.dynamics().controls();
  }
}
