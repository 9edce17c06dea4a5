package org.volterra.equation;

import java.util.List;
import java.util.stream.Collectors;
import org.volterra.depth.DepthGrid;

/**
 * A direct quadrature method for Volterra equations of the second kind: the weights w_{l,k} in
 *
 * <pre>  x_l = g(t_l) + h Σ_{k≤l} w_{l,k} F(t_l, t_k, x_k),   l = 1 … L,   x_0 = g(0),</pre>
 *
 * <p>with the mean step h = T/L. A method is explicit if w_{l,l} = 0. Values: immutable,
 * thread-safe, equal if they are the same method.
 */
public sealed interface QuadratureMethod
    permits LeftRectangle, Trapezoid, ProductRectangle, ProductTrapezoid {
  /**
   * The name by which a user selects the method.
   *
   * @return a lower-case word such as {@code left-rectangle}
   */
  String id();

  /**
   * Whether the weights integrate the factor (t − s)^(α−1) exactly, so that α &lt; 1 is allowed.
   *
   * @return true for product integration
   */
  boolean integratesSingularity();

  /**
   * A weight.
   *
   * @param grid the nodes
   * @param exponent α in (0, 1]; methods that do not integrate the singularity take it for 1
   * @param l the node that sums, from 1 to L
   * @param k the node that is summed, from 0 to l
   * @return w_{l,k}, relative to the mean step
   */
  double weight(DepthGrid grid, double exponent, int l, int k);

  /**
   * The derivative of a weight in the exponent.
   *
   * @param grid the nodes
   * @param exponent α in (0, 1]
   * @param l the node that sums, from 1 to L
   * @param k the node that is summed, from 0 to l
   * @return ∂w_{l,k}/∂α, relative to the mean step; 0 unless the weights integrate the singularity
   */
  default double weightByExponent(DepthGrid grid, double exponent, int l, int k) {
    return 0;
  }

  /**
   * Checks that the method may be applied to an equation.
   *
   * @param exponent the equation's α
   * @throws IllegalArgumentException if α is not in (0, 1], or less than 1 where the method does
   *     not integrate the singularity
   */
  default void requireExponent(double exponent) {
    if (!(exponent > 0 && exponent <= 1)) {
      throw new IllegalArgumentException("exponent " + exponent + ": must be in (0, 1]");
    }
    if (exponent < 1 && !integratesSingularity()) {
      List<QuadratureMethod> allowed =
          all().stream().filter(QuadratureMethod::integratesSingularity).toList();
      throw new IllegalArgumentException(
          "method '"
              + id()
              + "': the equation is weakly singular, with the exponent "
              + exponent
              + " < 1: choose one of "
              + names(allowed));
    }
  }

  /**
   * All methods.
   *
   * @return the regular methods, then product integration
   */
  static List<QuadratureMethod> all() {
    return List.of(
        new LeftRectangle(), new Trapezoid(), new ProductRectangle(), new ProductTrapezoid());
  }

  /**
   * Finds a method by its name.
   *
   * @param id such as {@code trapezoid}
   * @return the method
   * @throws IllegalArgumentException if there is none; the message lists all
   */
  static QuadratureMethod parse(String id) {
    return all().stream()
        .filter(method -> method.id().equals(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "method '" + id + "' is unknown: choose one of " + names(all())));
  }

  /**
   * Whether the method was made for equations like this: product integration for singular ones, the
   * others for regular ones. Product integration may be applied to regular equations too and is
   * then the corresponding regular method.
   *
   * @param equation the equation
   * @return true if singular equation and product integration go together, or neither is so
   */
  default boolean fits(IntegralEquation equation) {
    return integratesSingularity() == equation.exponent() < 1;
  }

  /**
   * The names of some methods for a message.
   *
   * @param methods the methods
   * @return their names, separated by commas
   */
  static String names(List<QuadratureMethod> methods) {
    return methods.stream().map(QuadratureMethod::id).collect(Collectors.joining(", "));
  }
}
