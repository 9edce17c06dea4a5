package org.volterra.fit;

import java.util.List;
import java.util.Objects;
import org.volterra.depth.LineField;
import org.volterra.equation.DiagonalMethod;
import org.volterra.equation.ProductTrapezoid;
import org.volterra.equation.SystemSolution;
import org.volterra.equation.SystemSolver;
import org.volterra.spi.Activation;

/**
 * Trajectories that share a kernel, x(t) = g(t) + ∫₀ᵗ K(t, s; θ) φ(x(s)) ds, and how they are
 * computed. Immutable and thread-safe.
 *
 * @param family the kernels
 * @param activation φ, applied to each component
 * @param solver quadrature and diagonal solver
 * @param layers number of steps L
 * @param grading r of the grid t_l = T (l/L)^r, at least 1
 */
public record KernelModel(
    KernelFamily family, Activation activation, SystemSolver solver, int layers, double grading) {
  private static final double SINGULAR_GRADING = 2;

  /**
   * Checks the arguments; the grid's are checked when it is used.
   *
   * @throws IllegalArgumentException if the quadrature cannot integrate the kernels' singularity
   */
  public KernelModel {
    Objects.requireNonNull(activation, "activation");
    if (family.exponentParameter() >= 0) {
      solver.method().requireExponent(0.5);
    }
  }

  /**
   * A model with the product trapezoidal rule, whose implicit steps are fixed points, on a grid
   * that is graded with r = 2 for weakly singular kernels, else uniform.
   *
   * @param family the kernels
   * @param activation φ
   * @param layers number of steps L
   * @return the model
   */
  public static KernelModel of(KernelFamily family, Activation activation, int layers) {
    return new KernelModel(
        family,
        activation,
        new SystemSolver(new ProductTrapezoid(), DiagonalMethod.FIXED_POINT),
        layers,
        family.exponentParameter() >= 0 ? SINGULAR_GRADING : 1);
  }

  /**
   * Computes trajectories.
   *
   * @param theta the kernel's parameters
   * @param sources g of each trajectory, all with as many components, on [0, T]; a constant is x(0)
   * @return the trajectories, with dense output
   * @throws IllegalArgumentException if a parameter is out of range, sources differ in width or
   *     horizon, or the grid's arguments are out of range
   * @throws IllegalStateException if the equation cannot be solved
   */
  public List<LineField> trajectories(double[] theta, List<LineField> sources) {
    List<ParameterRange> ranges = family.ranges();
    if (theta.length != ranges.size()) {
      throw new IllegalArgumentException(
          theta.length
              + " parameters: "
              + family.name()
              + " has "
              + String.join(", ", family.parameterNames()));
    }
    for (int i = 0; i < theta.length; i++) {
      if (!ranges.get(i).contains(theta[i])) {
        throw new IllegalArgumentException(
            "parameter " + family.parameterNames().get(i) + " is " + theta[i] + ": out of range");
      }
    }
    KernelSystem system = new KernelSystem(family, activation, sources);
    return system.split(solver.solve(system, theta, layers, grading));
  }

  SystemSolution solve(KernelSystem system, double[] theta) {
    return solver.solve(system, theta, layers, grading);
  }
}
