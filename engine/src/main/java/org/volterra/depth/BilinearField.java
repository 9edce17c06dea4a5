package org.volterra.depth;

import java.util.Arrays;
import java.util.Objects;

/**
 * A continuous function on the triangle 0 ≤ s ≤ t ≤ T, bilinear on the rectangles of a {@link
 * TensorMesh} and linear on its triangles along the diagonal: tensor-product elements, on meshes
 * that may be graded. Immutable and thread-safe.
 */
public final class BilinearField implements TriangleFunction {
  private final TensorMesh mesh;
  private final int width;
  private final double[] values;

  /**
   * A field with given values.
   *
   * @param mesh the mesh
   * @param width numbers at a node
   * @param values node after node in the order (0,0), (1,0), (1,1), (2,0), …; copied
   * @throws IllegalArgumentException if the number of values is wrong
   */
  public BilinearField(TensorMesh mesh, int width, double[] values) {
    this.mesh = Objects.requireNonNull(mesh, "mesh");
    this.width = width;
    this.values = values.clone();
    int nodes = TriangleMesh.index(mesh.intervals() + 1, 0);
    if (width < 1 || values.length != (long) nodes * width) {
      throw new IllegalArgumentException(
          values.length + " values: " + nodes + " nodes take " + width + " each");
    }
  }

  /**
   * The field through a function's values at the nodes.
   *
   * @param f a function, such as a field on another mesh
   * @param mesh the mesh
   * @return the interpolant: f itself if f is a field whose mesh this one refines
   */
  public static BilinearField interpolate(TriangleFunction f, TensorMesh mesh) {
    int width = f.width();
    int nodes = TriangleMesh.index(mesh.intervals() + 1, 0);
    double[] values = new double[Math.multiplyExact(nodes, width)];
    double[] value = new double[width];
    double[] byT = new double[width];
    double[] byS = new double[width];
    for (int i = 0; i <= mesh.intervals(); i++) {
      for (int j = 0; j <= i; j++) {
        f.evaluate(mesh.node(i), mesh.node(j), value, byT, byS);
        System.arraycopy(value, 0, values, TriangleMesh.index(i, j) * width, width);
      }
    }
    return new BilinearField(mesh, width, values);
  }

  /**
   * The field on another mesh: prolongation if that refines this field's, which changes no value
   * anywhere, and restriction by the values at its nodes if it is coarser.
   *
   * @param target a mesh with the same horizon
   * @return the field
   * @throws IllegalArgumentException if the horizon differs
   */
  public BilinearField onto(TensorMesh target) {
    if (target.horizon() != mesh.horizon()) {
      throw new IllegalArgumentException(
          "horizon " + target.horizon() + ": must be that of this field, " + mesh.horizon());
    }
    return interpolate(this, target);
  }

  /**
   * The mesh.
   *
   * @return the mesh
   */
  public TensorMesh mesh() {
    return mesh;
  }

  @Override
  public int width() {
    return width;
  }

  /**
   * The values at the nodes.
   *
   * @return a new array
   */
  public double[] values() {
    return values.clone();
  }

  @Override
  public void evaluate(double t, double s, double[] value, double[] byT, double[] byS) {
    int i = mesh.interval(t);
    int j = Math.min(mesh.interval(s), i);
    double tau = mesh.local(i, t);
    double sigma = mesh.local(j, s);
    double dt = mesh.node(i + 1) - mesh.node(i);
    double ds = mesh.node(j + 1) - mesh.node(j);
    boolean diagonal = i == j;
    int near = TriangleMesh.index(i, j) * width;
    int below = TriangleMesh.index(i + 1, j) * width;
    int far = TriangleMesh.index(i + 1, j + 1) * width;
    int left = TriangleMesh.index(i, j + 1) * width;
    for (int c = 0; c < width; c++) {
      double a = values[near + c];
      double b = values[below + c];
      double d = values[far + c];
      // On the diagonal no fourth corner: the function is a + τ (b − a) + σ (d − b).
      double twist = diagonal ? 0 : d - b - values[left + c] + a;
      double slope = diagonal ? d - b : values[left + c] - a;
      value[c] = a + tau * (b - a) + sigma * slope + tau * sigma * twist;
      byT[c] = (b - a + sigma * twist) / dt;
      byS[c] = (slope + tau * twist) / ds;
    }
  }

  /**
   * Norms.
   *
   * @return exact up to rounding
   */
  public FieldNorm norm() {
    return FieldNorm.of(this, null, mesh, (t, s) -> 1);
  }

  /**
   * The distance to a field on any mesh of the same triangle, such as the minimiser of another
   * depth.
   *
   * @param other a field with as many components
   * @return the norms of the difference, exact up to rounding
   * @throws IllegalArgumentException if the widths or horizons differ
   */
  public FieldNorm distanceTo(BilinearField other) {
    return FieldNorm.of(this, other, mesh.with(other.mesh), (t, s) -> 1);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BilinearField field
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
    return "bilinear field of " + width + " on a " + mesh;
  }
}
