package org.volterra.equation;

/**
 * The gradient of a functional of a {@link SystemSolution}. Immutable.
 *
 * <p>The costate λ_l = dJ/dg_l is the gradient with respect to the source at node l, also where the
 * source has no parameters.
 */
public final class SystemGradient {
  private final double[] parameters;
  private final double[][] costates;

  SystemGradient(double[] parameters, double[][] costates) {
    this.parameters = parameters;
    this.costates = costates;
  }

  /**
   * The gradient in the parameters.
   *
   * @return a new array, dJ/dθ
   */
  public double[] parameters() {
    return parameters.clone();
  }

  /**
   * A component of a costate.
   *
   * @param l node from 0 to L
   * @param component from 0 to d − 1
   * @return a component of λ_l = dJ/dg_l
   */
  public double costate(int l, int component) {
    return costates[l][component];
  }
}
