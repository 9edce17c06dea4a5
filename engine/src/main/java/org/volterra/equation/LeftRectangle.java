package org.volterra.equation;

import org.volterra.depth.DepthGrid;

/**
 * The left rectangle rule, explicit, of order 1: the rule that a dense network with h = T/L
 * computes.
 *
 * <p>On the uniform grid w_{l,k} = 1 for k &lt; l. If the integrand vanishes at both ends the order
 * is 2, the rule then being the trapezoidal one. P. Linz, Analytical and Numerical Methods for
 * Volterra Equations, SIAM 1985, chapter 7.
 */
public record LeftRectangle() implements QuadratureMethod {
  /** The name by which a user selects this method. */
  public static final String ID = "left-rectangle";

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
    return k < l ? grid.step(k) / grid.step() : 0;
  }
}
