package org.volterra.equation;

import org.volterra.depth.DepthGrid;

/**
 * The trapezoidal rule, implicit in its last node, of order 2.
 *
 * <p>P. Linz, Analytical and Numerical Methods for Volterra Equations, SIAM 1985, chapter 7.
 */
public record Trapezoid() implements QuadratureMethod {
  /** The name by which a user selects this method. */
  public static final String ID = "trapezoid";

  @Override
  public String id() {
    return ID;
  }

  @Override
  public boolean integratesSingularity() {
    return false;
  }

  @Override
  public double weight(DepthGrid grid, double exponent, int l, int k) {
    double before = k > 0 ? grid.step(k - 1) : 0;
    double after = k < l ? grid.step(k) : 0;
    return 0.5 * (before + after) / grid.step();
  }
}
