package org.volterra.depth;

/**
 * The uniform grid t_l = l·T/L, l = 0 … L, on the depth interval [0, T].
 *
 * @param layers number of layers L, at least 1
 * @param horizon end T of the interval, positive and finite
 */
public record DepthGrid(int layers, double horizon) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if there is no layer or the horizon is not positive and finite
   */
  public DepthGrid {
    if (layers < 1) {
      throw new IllegalArgumentException("depth " + layers + ": a network has at least 1 layer");
    }
    if (!(horizon > 0 && horizon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("horizon " + horizon + ": must be positive and finite");
    }
  }

  /**
   * The step h = T/L.
   *
   * @return the distance of neighbouring nodes
   */
  public double step() {
    return horizon / layers;
  }

  /**
   * The depth of layer l.
   *
   * @param l from 0 to L
   * @return t_l
   */
  public double time(int l) {
    return l == layers ? horizon : horizon * l / layers;
  }
}
