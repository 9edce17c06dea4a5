package org.volterra.depth;

/**
 * Piecewise-linear functions on [0, T] with M + 1 equidistant nodes.
 *
 * @param intervals number of intervals M, at least 1
 * @param horizon end T of the interval
 */
public record LineMesh(int intervals, double horizon) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if there is no interval or the horizon is not positive and
   *     finite
   */
  public LineMesh {
    if (intervals < 1) {
      throw new IllegalArgumentException(
          "intervals " + intervals + ": a depth mesh has at least 1");
    }
    if (!(horizon > 0 && horizon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("horizon " + horizon + ": must be positive and finite");
    }
  }

  /**
   * The number of nodes.
   *
   * @return {@code intervals + 1}
   */
  public int nodes() {
    return intervals + 1;
  }

  /**
   * The left end of the interval that holds t.
   *
   * @param t in [0, T]
   * @return index in [0, intervals)
   */
  public int cell(double t) {
    return Math.clamp((long) Math.floor(t / horizon * intervals), 0, intervals - 1);
  }

  /**
   * Where t lies in its interval.
   *
   * @param t in [0, T]
   * @return the local coordinate in [0, 1]: weight of the right node, one minus the weight of the
   *     left one
   */
  public double local(double t) {
    return Math.clamp(t / horizon * intervals - cell(t), 0.0, 1.0);
  }

  /**
   * The distance of neighbouring nodes.
   *
   * @return T/M
   */
  public double spacing() {
    return horizon / intervals;
  }

  /**
   * Finds the nodes and weights that give a function's value at a point.
   *
   * @param t in [0, T]
   * @return at most two nodes
   */
  public Stencil locate(double t) {
    int i = cell(t);
    double tau = local(t);
    return Stencil.of(new int[] {i, i + 1}, 1 - tau, tau);
  }
}
