package org.volterra.depth;

/**
 * A parameter as a continuous, piecewise-linear function of depth: what parameters of networks of
 * different depths are compared as. Immutable.
 */
public sealed interface DepthField permits LineField, TriangleField {
  /**
   * The number of components.
   *
   * @return at least 1
   */
  int width();

  /**
   * The values at the nodes.
   *
   * @return a new array, node after node, each with {@link #width} numbers
   */
  double[] values();

  /**
   * Norms.
   *
   * @return exact up to rounding
   */
  FieldNorm norm();

  /**
   * The distance to a field of the same kind on another mesh.
   *
   * @param other with as many components on the same interval
   * @return the norms of the difference; exact if one mesh refines the other
   * @throws IllegalArgumentException if the fields are of different kinds, widths or horizons
   */
  FieldNorm distanceTo(DepthField other);
}
