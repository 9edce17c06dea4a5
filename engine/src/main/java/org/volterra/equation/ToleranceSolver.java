package org.volterra.equation;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.volterra.depth.Richardson;

/**
 * Chooses the number of layers for a wanted accuracy: doubles it until Richardson's estimate of the
 * greatest error at the nodes, from the last three depths, is within the tolerance.
 *
 * @param solver solves at each depth
 * @param method a quadrature
 * @param grading r of the grid t_l = T (l/L)^r, at least 1
 * @param mostLayers where to give up, at least {@link #LEAST_LAYERS}
 */
public record ToleranceSolver(
    VolterraSolver solver, QuadratureMethod method, double grading, int mostLayers) {
  /** The least limit: three depths are solved at least. */
  public static final int LEAST_LAYERS = 40;

  private static final int FIRST_LAYERS = LEAST_LAYERS / 4;
  private static final double MOST_ORDER = 2;
  private static final double ROUNDING = 1e-15;

  /**
   * Checks the arguments; the grading is checked when a grid is made.
   *
   * @throws IllegalArgumentException if {@code mostLayers} allows no three depths
   */
  public ToleranceSolver {
    Objects.requireNonNull(solver, "solver");
    Objects.requireNonNull(method, "method");
    if (mostLayers < LEAST_LAYERS) {
      throw new IllegalArgumentException(
          "mostLayers " + mostLayers + ": must be at least " + LEAST_LAYERS);
    }
  }

  /**
   * A solution with an estimate of its error.
   *
   * @param solution at the last depth
   * @param error the estimate of max |x_l − x(t_l)|; infinite if depths do not yet converge
   * @param order the order seen; NaN if differences are rounding
   * @param depths the numbers of layers that were solved
   * @param reached whether the estimate is within the tolerance
   */
  public record Estimated(
      GridSolution solution, double error, double order, List<Integer> depths, boolean reached) {
    /** Copies the list. */
    public Estimated {
      depths = List.copyOf(depths);
    }
  }

  /**
   * Solves to a tolerance.
   *
   * @param equation the equation
   * @param tolerance wanted greatest error at the nodes, absolute, positive
   * @return the solution, whose error is within the tolerance by estimate, or else that of most
   *     layers
   * @throws IllegalArgumentException if the tolerance is not positive, or as {@link
   *     VolterraSolver#solve(IntegralEquation, QuadratureMethod, int, double)}
   * @throws IllegalStateException if no depth could be solved
   */
  public Estimated solve(IntegralEquation equation, double tolerance) {
    if (!(tolerance > 0 && tolerance < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "tolerance " + tolerance + ": must be positive and finite");
    }
    List<Integer> depths = new ArrayList<>();
    GridSolution last = null;
    double lastDifference = Double.NaN;
    Richardson estimate = new Richardson(Double.NaN, Double.POSITIVE_INFINITY);
    for (int layers = FIRST_LAYERS; layers <= mostLayers; layers *= 2) {
      GridSolution solution;
      try {
        solution = solver.solve(equation, method, layers, grading);
      } catch (IllegalStateException e) {
        // Blow-up or no root at large steps: more layers may cure it.
        if (layers > mostLayers / 2) {
          throw e;
        }
        continue;
      }
      depths.add(layers);
      double difference = last == null ? Double.NaN : difference(last, solution);
      if (!Double.isNaN(lastDifference)) {
        double rounding = ROUNDING * largest(solution);
        estimate = Richardson.of(lastDifference, difference, 2, MOST_ORDER, rounding);
      }
      last = solution;
      lastDifference = difference;
      if (estimate.error() <= tolerance) {
        return new Estimated(solution, estimate.error(), estimate.order(), depths, true);
      }
    }
    return new Estimated(last, estimate.error(), estimate.order(), depths, false);
  }

  /** The greatest difference at the nodes of the coarse grid, which the fine one has too. */
  private static double difference(GridSolution coarse, GridSolution fine) {
    double most = 0;
    for (int l = 0; l <= coarse.grid().layers(); l++) {
      most = Math.max(most, Math.abs(coarse.value(l) - fine.value(2 * l)));
    }
    return most;
  }

  private static double largest(GridSolution solution) {
    double most = 1;
    for (double x : solution.values()) {
      most = Math.max(most, Math.abs(x));
    }
    return most;
  }
}
