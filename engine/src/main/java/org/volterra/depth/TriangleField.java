package org.volterra.depth;

import java.util.Arrays;
import java.util.Objects;

/**
 * A continuous function on the triangle 0 ≤ s ≤ t ≤ T, linear on the triangles of a {@link
 * TriangleMesh}. Immutable and thread-safe.
 *
 * <p>{@link #ofPairs} extends parameters θ^{l,k} of the pairs k &lt; l of L layers, under which the
 * learning problems of arXiv:2510.02049 converge with depth.
 */
public final class TriangleField implements DepthField, TriangleFunction {
  private final TriangleMesh mesh;
  private final int width;
  private final double[] values;

  /**
   * A field with given values.
   *
   * @param mesh the mesh
   * @param width numbers at a node
   * @param values in the order of {@link TriangleMesh#index}, {@code width} numbers each; copied
   * @throws IllegalArgumentException if the number of values is wrong
   */
  public TriangleField(TriangleMesh mesh, int width, double[] values) {
    this.mesh = Objects.requireNonNull(mesh, "mesh");
    this.width = width;
    this.values = values.clone();
    if (width < 1 || values.length != (long) mesh.nodes() * width) {
      throw new IllegalArgumentException(
          values.length + " values: " + mesh.nodes() + " nodes take " + width + " each");
    }
  }

  /**
   * Extends θ^{l,k}, 0 ≤ k &lt; l ≤ L, to the triangle: θ^{l,k} is the value at (t_l, t_k). Nodes
   * on the diagonal, which belong to no pair, take θ^{l,l−1} + θ^{l+1,l} − θ^{l+1,l−1} (at the ends
   * they continue the row or the column), so that linear functions are extended exactly and no
   * difference arises that the regulariser does not see.
   *
   * @param layers L
   * @param horizon T
   * @param width numbers of a pair
   * @param pairs (1,0), (2,0), (2,1), (3,0), …, {@code width} numbers each
   * @return the field on the mesh with L intervals
   * @throws IllegalArgumentException if the number of values is wrong
   */
  public static TriangleField ofPairs(int layers, double horizon, int width, double[] pairs) {
    TriangleMesh mesh = new TriangleMesh(layers, horizon);
    if (pairs.length != (long) TriangleMesh.index(layers, 0) * width) {
      throw new IllegalArgumentException(
          pairs.length + " values: the pairs of " + layers + " layers take " + width + " each");
    }
    double[] all = new double[Math.multiplyExact(mesh.nodes(), width)];
    for (int l = 0; l <= layers; l++) {
      for (int k = 0; k < l; k++) {
        System.arraycopy(
            pairs,
            TriangleMesh.index(l - 1, k) * width,
            all,
            TriangleMesh.index(l, k) * width,
            width);
      }
      diagonal(l, layers, width, pairs, all);
    }
    return new TriangleField(mesh, width, all);
  }

  private static void diagonal(int l, int layers, int width, double[] pairs, double[] all) {
    for (int c = 0; c < width; c++) {
      double value;
      if (layers == 1) {
        value = pairs[c];
      } else if (l == 0) {
        value = 2 * pair(1, 0, width, pairs, c) - pair(2, 0, width, pairs, c);
      } else if (l == layers) {
        value = 2 * pair(l, l - 1, width, pairs, c) - pair(l, l - 2, width, pairs, c);
      } else {
        value =
            pair(l, l - 1, width, pairs, c)
                + pair(l + 1, l, width, pairs, c)
                - pair(l + 1, l - 1, width, pairs, c);
      }
      all[TriangleMesh.index(l, l) * width + c] = value;
    }
  }

  private static double pair(int l, int k, int width, double[] pairs, int c) {
    return pairs[TriangleMesh.index(l - 1, k) * width + c];
  }

  /**
   * The values at the pairs of layers, the inverse of {@link #ofPairs}.
   *
   * @param layers L, which need not be the number of this field's intervals
   * @return values at (t_l, t_k), k &lt; l, in the order (1,0), (2,0), (2,1), …
   */
  public double[] pairs(int layers) {
    DepthGrid grid = new DepthGrid(layers, mesh.horizon());
    double[] pairs = new double[Math.multiplyExact(TriangleMesh.index(layers, 0), width)];
    for (int l = 1; l <= layers; l++) {
      for (int k = 0; k < l; k++) {
        sample(grid.time(l), grid.time(k), pairs, TriangleMesh.index(l - 1, k) * width);
      }
    }
    return pairs;
  }

  private void sample(double t, double s, double[] target, int offset) {
    Stencil stencil = mesh.locate(t, s);
    for (int p = 0; p < stencil.size(); p++) {
      for (int c = 0; c < width; c++) {
        target[offset + c] += stencil.weight(p) * values[stencil.node(p) * width + c];
      }
    }
  }

  /**
   * The mesh.
   *
   * @return the mesh
   */
  public TriangleMesh mesh() {
    return mesh;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public double[] values() {
    return values.clone();
  }

  @Override
  public void evaluate(double t, double s, double[] value, double[] byT, double[] byS) {
    double scale = 1 / mesh.spacing();
    int last = mesh.intervals() - 1;
    int i = Math.clamp((int) (t * scale), 0, last);
    int j = Math.clamp((int) (s * scale), 0, i);
    double tau = t * scale - i;
    double sigma = j == i ? Math.min(s * scale - j, tau) : s * scale - j;
    boolean below = sigma <= tau;
    int first = TriangleMesh.index(i, j) * width;
    int middle = (below ? TriangleMesh.index(i + 1, j) : TriangleMesh.index(i, j + 1)) * width;
    int far = TriangleMesh.index(i + 1, j + 1) * width;
    double most = Math.max(sigma, tau);
    double least = Math.min(sigma, tau);
    for (int c = 0; c < width; c++) {
      double a = values[first + c];
      double b = values[middle + c];
      double d = values[far + c];
      value[c] = (1 - most) * a + (most - least) * b + least * d;
      byT[c] = scale * (below ? b - a : d - b);
      byS[c] = scale * (below ? d - b : b - a);
    }
  }

  /**
   * The field through its values at the nodes of another mesh: prolongation if that refines this
   * field's, which changes no value anywhere, and restriction if it is coarser.
   *
   * @param target a mesh with the same horizon
   * @return the field
   * @throws IllegalArgumentException if the horizon differs
   */
  public TriangleField onto(TriangleMesh target) {
    requireHorizon(target.horizon());
    DepthGrid grid = new DepthGrid(target.intervals(), target.horizon());
    double[] moved = new double[Math.multiplyExact(target.nodes(), width)];
    for (int i = 0; i <= target.intervals(); i++) {
      for (int j = 0; j <= i; j++) {
        sample(grid.time(i), grid.time(j), moved, TriangleMesh.index(i, j) * width);
      }
    }
    return new TriangleField(target, width, moved);
  }

  private void requireHorizon(double horizon) {
    if (horizon != mesh.horizon()) {
      throw new IllegalArgumentException(
          "horizon " + horizon + ": must be that of this field, " + mesh.horizon());
    }
  }

  @Override
  public FieldNorm norm() {
    return FieldNorm.of(this, null, mesh, (t, s) -> 1);
  }

  @Override
  public FieldNorm distanceTo(DepthField other) {
    if (!(other instanceof TriangleField triangle)) {
      throw new IllegalArgumentException("other: must be a field on a triangle, as this one is");
    }
    requireHorizon(triangle.mesh.horizon());
    boolean finer = mesh.intervals() >= triangle.mesh.intervals();
    return FieldNorm.of(this, triangle, finer ? mesh : triangle.mesh, (t, s) -> 1);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TriangleField field
        && width == field.width
        && mesh.equals(field.mesh)
        && Arrays.equals(values, field.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(width, mesh, Arrays.hashCode(values));
  }

  @Override
  public String toString() {
    return "field of " + width + " on the triangle, " + mesh.nodes() + " nodes";
  }
}
