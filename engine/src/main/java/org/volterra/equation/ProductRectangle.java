package org.volterra.equation;

import org.volterra.depth.DepthGrid;

/**
 * The product rectangle rule, explicit, of order 1 for smooth F(s, x(s)): F is taken constant on
 * each step, with its value at the <em>left</em> end, and multiplied exactly with (t − s)^(α−1):
 *
 * <pre>  h w_{l,k} = ∫ (t_l − s)^(α−1) ds over [t_k, t_{k+1}],   k &lt; l.</pre>
 *
 * <p>The value at the right end would give an implicit rule of the same order with somewhat smaller
 * errors; this one is the natural generalisation of the explicit network and equals the left
 * rectangle rule for α = 1. P. Linz, Analytical and Numerical Methods for Volterra Equations, SIAM
 * 1985, chapter 8.
 */
public record ProductRectangle() implements QuadratureMethod {
  /** The name by which a user selects this method. */
  public static final String ID = "product-rectangle";

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
    return k < l ? AbelStep.of(grid, exponent, l, k).integral(AbelStep.Factor.CONSTANT) : 0;
  }

  @Override
  public double weightByExponent(DepthGrid grid, double exponent, int l, int k) {
    return k < l ? AbelStep.of(grid, exponent, l, k).byExponent(AbelStep.Factor.CONSTANT) : 0;
  }
}
