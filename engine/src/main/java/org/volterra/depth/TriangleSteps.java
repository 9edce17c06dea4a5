package org.volterra.depth;

import java.util.Arrays;
import java.util.Objects;

/**
 * A function on the triangle 0 ≤ s ≤ t ≤ T that is constant on each cell of a {@link TensorMesh},
 * such as the kernels of a network as they are, before any extension. Immutable and thread-safe.
 */
public final class TriangleSteps implements TriangleFunction {
  private final TensorMesh mesh;
  private final int width;
  private final double[] values;

  /**
   * A function with given values.
   *
   * @param mesh the mesh
   * @param width numbers of a cell
   * @param values cell after cell in the order (0,0), (1,0), (1,1), (2,0), …; copied
   * @throws IllegalArgumentException if the number of values is wrong
   */
  public TriangleSteps(TensorMesh mesh, int width, double[] values) {
    this.mesh = Objects.requireNonNull(mesh, "mesh");
    this.width = width;
    this.values = values.clone();
    if (width < 1 || values.length != (long) mesh.cells() * width) {
      throw new IllegalArgumentException(
          values.length + " values: " + mesh.cells() + " cells take " + width + " each");
    }
  }

  /**
   * Parameters θ^{l,k}, 0 ≤ k &lt; l ≤ L, each on its cell [t_{l−1}, t_l] × [t_k, t_{k+1}].
   *
   * @param layers L
   * @param horizon T
   * @param width numbers of a pair
   * @param pairs (1,0), (2,0), (2,1), (3,0), …, {@code width} numbers each
   * @return the function
   * @throws IllegalArgumentException if the number of values is wrong
   */
  public static TriangleSteps ofPairs(int layers, double horizon, int width, double[] pairs) {
    return new TriangleSteps(TensorMesh.graded(layers, horizon, 1), width, pairs);
  }

  /**
   * The function on another mesh, by means over its cells: prolongation if that refines this one's,
   * which changes no value anywhere, and restriction in L² if it is coarser.
   *
   * @param target a mesh with the same horizon
   * @return the L² projection
   * @throws IllegalArgumentException if the horizon differs
   */
  public TriangleSteps onto(TensorMesh target) {
    TensorMesh both = mesh.with(target);
    double[] sums = new double[Math.multiplyExact(target.cells(), width)];
    double[] areas = new double[target.cells()];
    for (int i = 0; i < both.intervals(); i++) {
      double height = both.node(i + 1) - both.node(i);
      for (int j = 0; j <= i; j++) {
        double length = both.node(j + 1) - both.node(j);
        double area = (j == i ? 0.5 : 1) * height * length;
        double t = both.node(i) + 0.75 * height;
        double s = both.node(j) + 0.25 * length;
        int from = mesh.cell(t, s) * width;
        int to = target.cell(t, s);
        areas[to] += area;
        for (int c = 0; c < width; c++) {
          sums[to * width + c] += area * values[from + c];
        }
      }
    }
    for (int n = 0; n < sums.length; n++) {
      sums[n] /= areas[n / width];
    }
    return new TriangleSteps(target, width, sums);
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
   * The values on the cells.
   *
   * @return a new array
   */
  public double[] values() {
    return values.clone();
  }

  /** Derivatives are those inside a cell: 0. */
  @Override
  public void evaluate(double t, double s, double[] value, double[] byT, double[] byS) {
    System.arraycopy(values, mesh.cell(t, s) * width, value, 0, width);
    Arrays.fill(byT, 0, width, 0);
    Arrays.fill(byS, 0, width, 0);
  }

  /**
   * The norm in L².
   *
   * @return exact up to rounding; there is none in H¹, where jumps are infinite
   */
  public double l2() {
    return FieldNorm.of(this, null, mesh, (t, s) -> 1).l2();
  }

  /**
   * The distance in L² to a function that is smooth on the cells of a mesh.
   *
   * @param other a function with as many components
   * @param cells a mesh on whose cells it is a polynomial of degree 2 in t and in s
   * @return exact up to rounding
   * @throws IllegalArgumentException if the widths or horizons differ
   */
  public double distanceTo(TriangleFunction other, TensorMesh cells) {
    return FieldNorm.of(this, other, mesh.with(cells), (t, s) -> 1).l2();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TriangleSteps steps
        && width == steps.width
        && mesh.equals(steps.mesh)
        && Arrays.equals(values, steps.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(width, mesh, Arrays.hashCode(values));
  }

  @Override
  public String toString() {
    return "steps of " + width + " on a " + mesh;
  }
}
