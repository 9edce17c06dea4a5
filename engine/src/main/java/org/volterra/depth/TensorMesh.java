package org.volterra.depth;

import java.util.Arrays;

/**
 * The tensor product of one mesh of [0, T] with itself, cut to the triangle 0 ≤ s ≤ t ≤ T:
 * rectangles below the diagonal and triangles along it. The nodes need not be equidistant.
 *
 * <p>Cell (i, j), 0 ≤ j ≤ i &lt; M, is [τ_i, τ_{i+1}] × [τ_j, τ_{j+1}], cut by s ≤ t where i = j,
 * with the index i(i+1)/2 + j; node (i, j), 0 ≤ j ≤ i ≤ M, is (τ_i, τ_j) with the same formula,
 * {@link TriangleMesh#index}. Immutable.
 */
public final class TensorMesh {
  private final double[] nodes;

  /**
   * A mesh.
   *
   * @param nodes τ_0 = 0 &lt; τ_1 &lt; … &lt; τ_M = T, at most 65001; copied
   * @throws IllegalArgumentException if they are fewer than two, too many, or do not increase from
   *     0
   */
  public TensorMesh(double... nodes) {
    if (nodes.length > 65_001) {
      throw new IllegalArgumentException(
          nodes.length + " nodes: a mesh of the triangle has at most 65001");
    }
    this.nodes = LineField.increasing(nodes);
  }

  /**
   * The mesh τ_i = T (i/M)^r of a {@link DepthGrid}, refined towards 0 for r &gt; 1.
   *
   * @param intervals M, at least 1
   * @param horizon T, positive and finite
   * @param grading r, at least 1 and finite
   * @return the mesh
   * @throws IllegalArgumentException if an argument is out of range
   */
  public static TensorMesh graded(int intervals, double horizon, double grading) {
    DepthGrid grid = new DepthGrid(intervals, horizon, grading);
    double[] nodes = new double[intervals + 1];
    Arrays.setAll(nodes, grid::time);
    return new TensorMesh(nodes);
  }

  /**
   * The nodes of [0, T].
   *
   * @return a new array, increasing from 0 to T
   */
  public double[] nodes() {
    return nodes.clone();
  }

  /**
   * The number of intervals of [0, T].
   *
   * @return M
   */
  public int intervals() {
    return nodes.length - 1;
  }

  /**
   * The number of cells.
   *
   * @return M(M+1)/2
   */
  public int cells() {
    return TriangleMesh.index(intervals(), 0);
  }

  /**
   * A node of [0, T].
   *
   * @param i from 0 to M
   * @return τ_i
   */
  public double node(int i) {
    return nodes[i];
  }

  /**
   * The end of the interval.
   *
   * @return T
   */
  public double horizon() {
    return nodes[nodes.length - 1];
  }

  /** The interval that holds t. */
  int interval(double t) {
    return LineField.cell(nodes, t);
  }

  /** Where t lies in interval i, in [0, 1]. */
  double local(int i, double t) {
    return LineField.local(nodes, i, t);
  }

  /** The index of the cell that holds (t, s). */
  int cell(double t, double s) {
    int i = interval(t);
    return TriangleMesh.index(i, Math.min(interval(s), i));
  }

  /**
   * The coarsest mesh that refines this one and another.
   *
   * @param other a mesh with the same horizon
   * @return the mesh with the nodes of both
   * @throws IllegalArgumentException if the horizon differs
   */
  public TensorMesh with(TensorMesh other) {
    if (other.horizon() != horizon()) {
      throw new IllegalArgumentException(
          "horizon " + other.horizon() + ": must be that of this mesh, " + horizon());
    }
    return new TensorMesh(LineField.merged(nodes, other.nodes));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorMesh mesh && Arrays.equals(nodes, mesh.nodes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(nodes);
  }

  @Override
  public String toString() {
    return "triangle of " + intervals() + " intervals on [0, " + horizon() + "]";
  }
}
