package org.volterra.depth;

/**
 * Continuous piecewise-linear functions (P1 elements) on the triangle 0 ≤ s ≤ t ≤ T: the squares of
 * a uniform grid with M intervals are cut along their diagonal t − s = const, so that the diagonal
 * s = t is an edge and all nodes lie in the triangle.
 *
 * <p>Node (i, j), 0 ≤ j ≤ i ≤ M, at (t, s) = (i, j)·T/M has the index i(i+1)/2 + j: rows follow one
 * another, as in the layers of a dense kernel. This is the extension under which the optimal
 * control problems of arXiv:2510.02049 converge with depth.
 *
 * @param intervals number of intervals M on each side, at least 1
 * @param horizon end T of the depth interval
 */
public record TriangleMesh(int intervals, double horizon) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if there is no interval, too many for node indices of 31 bits,
   *     or a bad horizon
   */
  public TriangleMesh {
    if (intervals < 1 || intervals > 65_000) {
      throw new IllegalArgumentException(
          "intervals " + intervals + ": a triangle mesh has 1..65000");
    }
    if (!(horizon > 0 && horizon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("horizon " + horizon + ": must be positive and finite");
    }
  }

  /**
   * The number of nodes.
   *
   * @return (M+1)(M+2)/2
   */
  public int nodes() {
    return Math.toIntExact((intervals + 1L) * (intervals + 2L) / 2);
  }

  /**
   * The index of a node.
   *
   * @param i row, 0 … M
   * @param j column, 0 … i
   * @return i(i+1)/2 + j
   */
  public static int index(int i, int j) {
    return i * (i + 1) / 2 + j;
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
   * @param s in [0, t]
   * @return at most three nodes
   */
  public Stencil locate(double t, double s) {
    LineMesh line = new LineMesh(intervals, horizon);
    int i = line.cell(t);
    int j = Math.min(line.cell(s), i);
    double tau = line.local(t);
    double sigma = Math.min(line.local(s), j == i ? tau : 1);
    double least = Math.min(sigma, tau);
    double most = Math.max(sigma, tau);
    int corner = sigma <= tau ? index(i + 1, j) : index(i, j + 1);
    return Stencil.of(
        new int[] {index(i, j), corner, index(i + 1, j + 1)}, 1 - most, most - least, least);
  }
}
