package org.volterra.equation;

import java.util.Objects;
import org.volterra.depth.DepthGrid;

/**
 * Solves systems of Volterra equations by direct quadrature,
 *
 * <pre>  x_l = g(t_l) + h Σ_{k≤l} w_{l,k} K(t_l, t_k) φ(t_k, x_k),   l = 1 … L,   x_0 = g(0),</pre>
 *
 * <p>in float64 on the heap, at a cost of O(L²) kernels. All methods and grids take the same march;
 * solutions know the exact adjoint of it. Immutable and thread-safe as far as the system is.
 *
 * @param method the quadrature
 * @param diagonal how implicit methods are solved at each node
 */
public record SystemSolver(QuadratureMethod method, DiagonalMethod diagonal) {
  /** The most layers: node indices of 31 bits on graded grids. */
  private static final int MOST_LAYERS = 65_000;

  /** Checks the arguments. */
  public SystemSolver {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(diagonal, "diagonal");
  }

  /**
   * Solves a system on the graded grid t_l = T (l/L)^r.
   *
   * @param system the system
   * @param theta its parameters; copied
   * @param layers number of steps L, from 1 to 65000; graded grids keep L²/2 weights
   * @param grading r, at least 1; 1 for the uniform grid
   * @return the values at t_0 … t_L
   * @throws IllegalArgumentException if the parameters are not as many finite numbers as the system
   *     has, the method cannot integrate its singularity, or the grid's arguments are out of range
   * @throws IllegalStateException if a value is not finite or an implicit step does not converge
   */
  public SystemSolution solve(
      HammersteinSystem system, double[] theta, int layers, double grading) {
    if (theta.length != system.parameters()) {
      throw new IllegalArgumentException(
          theta.length + " parameters: the system has " + system.parameters());
    }
    for (int i = 0; i < theta.length; i++) {
      if (!Double.isFinite(theta[i])) {
        throw new IllegalArgumentException("parameter " + i + " is " + theta[i]);
      }
    }
    if (layers > MOST_LAYERS) {
      throw new IllegalArgumentException(
          "layers " + layers + ": systems are solved on 1.." + MOST_LAYERS);
    }
    method.requireExponent(system.exponent(theta));
    DepthGrid grid = new DepthGrid(layers, system.horizon(), grading);
    return new SystemMarch(this, system, theta.clone(), grid).run();
  }
}
