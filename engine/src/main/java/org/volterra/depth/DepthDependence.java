package org.volterra.depth;

/** How a parameter depends on depth. */
public sealed interface DepthDependence {
  /**
   * The same value at every layer.
   *
   * @return the dependence
   */
  static DepthDependence constant() {
    return new Constant();
  }

  /**
   * An independent value for every layer.
   *
   * @return the dependence
   */
  static DepthDependence perLayer() {
    return new PerLayer();
  }

  /**
   * A field on [0, T], piecewise linear on a coarse mesh: the number of parameters does not depend
   * on the number of layers.
   *
   * @param intervals intervals of the mesh, at least 1
   * @return the dependence
   * @throws IllegalArgumentException if {@code intervals} is not positive
   */
  static DepthDependence field(int intervals) {
    return new Field(intervals);
  }

  /** The same value at every layer. */
  record Constant() implements DepthDependence {
    @Override
    public String toString() {
      return "constant";
    }
  }

  /** An independent value for every layer. */
  record PerLayer() implements DepthDependence {
    @Override
    public String toString() {
      return "per layer";
    }
  }

  /**
   * Piecewise linear in depth.
   *
   * @param intervals intervals of the mesh
   */
  record Field(int intervals) implements DepthDependence {
    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if {@code intervals} is not positive
     */
    public Field {
      if (intervals < 1) {
        throw new IllegalArgumentException(
            "intervals " + intervals + ": a field in depth has at least 1");
      }
    }

    @Override
    public String toString() {
      return "field(" + intervals + ")";
    }
  }
}
