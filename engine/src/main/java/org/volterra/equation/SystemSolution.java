package org.volterra.equation;

import org.volterra.depth.DepthGrid;
import org.volterra.depth.LineField;

/**
 * The solution of a {@link HammersteinSystem} on a grid, with what its adjoint needs. Immutable and
 * thread-safe.
 */
public final class SystemSolution {
  private final SystemSolver solver;
  private final HammersteinSystem system;
  private final double[] theta;
  private final DepthGrid grid;
  private final WeightTable weights;
  private final double[][] states;
  private final double[][] features;
  private final double maxResidual;
  private final int diagonalEvaluations;

  SystemSolution(
      SystemSolver solver,
      HammersteinSystem system,
      double[] theta,
      DepthGrid grid,
      WeightTable weights,
      double[][] states,
      double[][] features,
      double maxResidual,
      int diagonalEvaluations) {
    this.solver = solver;
    this.system = system;
    this.theta = theta;
    this.grid = grid;
    this.weights = weights;
    this.states = states;
    this.features = features;
    this.maxResidual = maxResidual;
    this.diagonalEvaluations = diagonalEvaluations;
  }

  /**
   * The nodes t_0 … t_L.
   *
   * @return the grid
   */
  public DepthGrid grid() {
    return grid;
  }

  /**
   * A component of the state at a node.
   *
   * @param l from 0 to L
   * @param component from 0 to d − 1
   * @return a component of x_l
   */
  public double value(int l, int component) {
    return states[l][component];
  }

  /**
   * The states at all nodes.
   *
   * @return a new array, node after node, d numbers each
   */
  public double[] values() {
    double[] all = new double[states.length * system.states()];
    for (int l = 0; l < states.length; l++) {
      System.arraycopy(states[l], 0, all, l * system.states(), system.states());
    }
    return all;
  }

  /**
   * The solution at any time, by linear interpolation between the nodes: of order 2 where it is
   * smooth.
   *
   * @return dense output on [0, T]
   */
  public LineField trajectory() {
    return new LineField(grid.times(), system.states(), values());
  }

  /**
   * How well the implicit steps were solved.
   *
   * @return the greatest component of x_l − g_l − h Σ w K φ; 0 for explicit methods
   */
  public double maxResidual() {
    return maxResidual;
  }

  /**
   * What the implicit steps cost.
   *
   * @return evaluations of w K φ at the diagonal, over all nodes; 0 for explicit methods
   */
  public int diagonalEvaluations() {
    return diagonalEvaluations;
  }

  /**
   * The exact adjoint of the discrete program: the gradient of a functional J(x_0, …, x_L).
   *
   * <p>With λ_l = dJ/dg_l, the gradient with respect to the source at node l, and z_k = φ(x_k),
   *
   * <pre>  λ_k = ∂J/∂x_k + φ'(x_k)ᵀ h Σ_{l≥k} w_{l,k} K(t_l, t_k)ᵀ λ_l,
   *   dJ/dθ = Σ_l ∂g_lᵀ λ_l + h Σ_{k≤l} w_{l,k} ∂(λ_lᵀ K z_k)/∂θ + Σ_k ∂φ_kᵀ h Σ_{l≥k} w_{l,k} Kᵀ λ_l
   * </pre>
   *
   * <p>and h Σ ∂w_{l,k}/∂α λ_lᵀ K z_k for the exponent. The equation for λ_k is implicit where the
   * method is: a linear one, solved by GMRES.
   *
   * @param stateGradient ∂J/∂x_l, node after node as {@link #values}
   * @return the gradient
   * @throws IllegalArgumentException if there is not one number for each value
   * @throws IllegalStateException if an implicit step does not converge
   */
  public SystemGradient adjoint(double[] stateGradient) {
    int d = system.states();
    if (stateGradient.length != states.length * d) {
      throw new IllegalArgumentException(
          "stateGradient has "
              + stateGradient.length
              + " numbers: the solution has "
              + states.length * d);
    }
    double[] gradient = new double[system.parameters()];
    double[] unused = new double[gradient.length];
    int exponent = system.exponentParameter();
    WeightTable slopes =
        exponent < 0
            ? null
            : new WeightTable(solver.method()::weightByExponent, grid, system.exponent(theta));
    double[][] lambda = new double[states.length][];
    for (int k = states.length - 1; k >= 0; k--) {
      double s = grid.time(k);
      double[] q = new double[system.features()];
      for (int l = k + 1; l < states.length; l++) {
        double weight = weights.at(l, k);
        if (weight != 0) {
          system.transpose(grid.time(l), s, theta, weight, lambda[l], q);
        }
      }
      double[] mu = new double[d];
      System.arraycopy(stateGradient, k * d, mu, 0, d);
      system.featureAdjoint(s, states[k], theta, q, mu, unused);
      double own = k == 0 ? 0 : weights.at(k, k);
      if (own == 0) {
        lambda[k] = mu;
      } else {
        DiagonalEquation equation = new DiagonalEquation(system, theta, s, own, null, null);
        lambda[k] = equation.adjoint(states[k], mu, unused);
        system.transpose(s, s, theta, own, lambda[k], q);
      }
      system.sourceAdjoint(s, theta, lambda[k], gradient);
      system.featureAdjoint(s, states[k], theta, q, new double[d], gradient);
      for (int l = Math.max(k, 1); l < states.length; l++) {
        double weight = weights.at(l, k);
        if (weight != 0) {
          system.kernelAdjoint(grid.time(l), s, theta, weight, lambda[l], features[k], gradient);
        }
        if (slopes != null && slopes.at(l, k) != 0) {
          double[] byWeight = new double[system.features()];
          system.transpose(grid.time(l), s, theta, slopes.at(l, k), lambda[l], byWeight);
          gradient[exponent] += Gmres.dot(byWeight, features[k]);
        }
      }
    }
    return new SystemGradient(gradient, lambda);
  }
}
