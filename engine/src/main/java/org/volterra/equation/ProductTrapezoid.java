package org.volterra.equation;

import java.util.function.ToDoubleBiFunction;
import org.volterra.depth.DepthGrid;

/**
 * The product trapezoidal rule, implicit in its last node: F(s, x(s)) is taken linear on each step
 * and multiplied exactly with (t − s)^(α−1).
 *
 * <p>The order is 2 if F(s, x(s)) is smooth. Solutions that behave like t^α at 0 give h^(2α) in the
 * maximum norm and h^(1+α) at the end of a uniform grid, and order 2 on the graded grid with r =
 * 1/α. For α = 1 it equals the trapezoidal rule. P. Linz, Analytical and Numerical Methods for
 * Volterra Equations, SIAM 1985, chapter 8; H. Brunner, Collocation Methods for Volterra Integral
 * and Related Functional Differential Equations, Cambridge 2004, chapter 6 (graded grids).
 */
public record ProductTrapezoid() implements QuadratureMethod {
  /** The name by which a user selects this method. */
  public static final String ID = "product-trapezoid";

  @Override
  public String id() {
    return ID;
  }

  @Override
  public boolean integratesSingularity() {
    return true;
  }

  @Override
  public double weight(DepthGrid grid, double exponent, int l, int k) {
    return sum(grid, exponent, l, k, AbelStep::integral);
  }

  @Override
  public double weightByExponent(DepthGrid grid, double exponent, int l, int k) {
    return sum(grid, exponent, l, k, AbelStep::byExponent);
  }

  /** The step that ends at node k, and the one that begins there. */
  private static double sum(
      DepthGrid grid,
      double exponent,
      int l,
      int k,
      ToDoubleBiFunction<AbelStep, AbelStep.Factor> integral) {
    double before =
        k > 0
            ? integral.applyAsDouble(AbelStep.of(grid, exponent, l, k - 1), AbelStep.Factor.RIGHT)
            : 0;
    double after =
        k < l ? integral.applyAsDouble(AbelStep.of(grid, exponent, l, k), AbelStep.Factor.LEFT) : 0;
    return before + after;
  }
}
