package org.volterra.equation;

import java.util.Objects;
import org.volterra.depth.DepthGrid;

/**
 * An equation whose solution is known, for tests of order and for demonstrations.
 *
 * @param number from 1 to 10 in the collection; equations that differ in a parameter share it
 * @param name a readable lower-case name
 * @param formula the equation as text
 * @param equation the equation; {@link IntegralEquation#solution} is present
 * @param orderAtEnd whether a uniform grid's order is measured at t = T, because the solution is
 *     not smooth at 0 and the maximum norm shows the start alone
 */
public record KnownEquation(
    int number, String name, String formula, IntegralEquation equation, boolean orderAtEnd) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if the equation's solution is not known
   */
  public KnownEquation {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(formula, "formula");
    if (equation.solution().isEmpty()) {
      throw new IllegalArgumentException("equation '" + name + "': has no known solution");
    }
  }

  /**
   * The name with its number, such as {@code 1-exponential}.
   *
   * @return a readable name, different for all known equations
   */
  public String id() {
    return number + "-" + name;
  }

  /**
   * Whether the order of convergence on a grid is measured by the error at T.
   *
   * @param grid a grid
   * @return true for {@link #orderAtEnd} on a uniform grid; otherwise the greatest error is used
   */
  public boolean isOrderAtEnd(DepthGrid grid) {
    return orderAtEnd && grid.isUniform();
  }

  /**
   * The error by which the order of convergence is measured.
   *
   * @param solution a solution of this equation
   * @return its error at T or its greatest error, see {@link #isOrderAtEnd}
   */
  public double orderError(GridSolution solution) {
    return isOrderAtEnd(solution.grid()) ? solution.endError() : solution.maxError();
  }
}
