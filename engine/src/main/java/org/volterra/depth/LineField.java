package org.volterra.depth;

import java.util.Arrays;
import java.util.Objects;
import java.util.stream.DoubleStream;

/**
 * A continuous function on [0, T], linear between given nodes, which need not be equidistant: a
 * parameter of one depth, or a trajectory x(t) with dense output. Immutable and thread-safe.
 */
public final class LineField implements DepthField, LineFunction {
  private final double[] nodes;
  private final int width;
  private final double[] values;

  /**
   * A field with given values.
   *
   * @param nodes at least two increasing depths, from 0 to T; copied
   * @param width numbers at a node
   * @param values node after node; copied
   * @throws IllegalArgumentException if nodes do not increase from 0, or the number of values is
   *     wrong
   */
  public LineField(double[] nodes, int width, double[] values) {
    this.nodes = increasing(nodes);
    this.width = width;
    this.values = values.clone();
    if (width < 1 || values.length != (long) nodes.length * width) {
      throw new IllegalArgumentException(
          values.length + " values: " + nodes.length + " nodes take " + width + " each");
    }
  }

  /** A copy of nodes that increase from 0. */
  static double[] increasing(double[] nodes) {
    if (nodes.length < 2 || nodes[0] != 0) {
      throw new IllegalArgumentException(
          "nodes " + Arrays.toString(nodes) + ": must be at least two and begin at 0");
    }
    for (int i = 1; i < nodes.length; i++) {
      if (!(nodes[i] > nodes[i - 1] && nodes[i] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "node " + i + " at " + nodes[i] + ": must be finite and behind " + nodes[i - 1]);
      }
    }
    return nodes.clone();
  }

  /** The nodes of two meshes, each once. */
  static double[] merged(double[] one, double[] other) {
    return DoubleStream.concat(Arrays.stream(one), Arrays.stream(other))
        .sorted()
        .distinct()
        .toArray();
  }

  /** The interval that holds t. */
  static int cell(double[] nodes, double t) {
    int found = Arrays.binarySearch(nodes, t);
    return Math.clamp(found >= 0 ? found : -found - 2, 0, nodes.length - 2);
  }

  /** Where t lies in interval i, in [0, 1]. */
  static double local(double[] nodes, int i, double t) {
    return Math.clamp((t - nodes[i]) / (nodes[i + 1] - nodes[i]), 0.0, 1.0);
  }

  /**
   * A field on a uniform mesh.
   *
   * @param mesh the mesh
   * @param width numbers at a node
   * @param values node after node; copied
   * @return the field
   * @throws IllegalArgumentException if the number of values is wrong
   */
  public static LineField of(LineMesh mesh, int width, double[] values) {
    DepthGrid grid = new DepthGrid(mesh.intervals(), mesh.horizon());
    double[] nodes = new double[mesh.nodes()];
    for (int i = 0; i < nodes.length; i++) {
      nodes[i] = grid.time(i);
    }
    return new LineField(nodes, width, values);
  }

  /**
   * The nodes.
   *
   * @return a new array, increasing
   */
  public double[] nodes() {
    return nodes.clone();
  }

  /**
   * The end of the interval.
   *
   * @return T
   */
  public double horizon() {
    return nodes[nodes.length - 1];
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
  public void evaluate(double t, double[] value, double[] derivative) {
    int i = cell(nodes, t);
    double length = nodes[i + 1] - nodes[i];
    double right = local(nodes, i, t);
    for (int c = 0; c < width; c++) {
      double low = values[i * width + c];
      double high = values[(i + 1) * width + c];
      value[c] = (1 - right) * low + right * high;
      derivative[c] = (high - low) / length;
    }
  }

  /**
   * Finds the nodes and weights that give the field's value at a point.
   *
   * @param t in [0, T]
   * @return at most two nodes
   */
  public Stencil locate(double t) {
    int i = cell(nodes, t);
    double right = local(nodes, i, t);
    return Stencil.of(new int[] {i, i + 1}, 1 - right, right);
  }

  /**
   * One component's value.
   *
   * @param t in [0, T]
   * @param component index
   * @return the value
   */
  public double value(double t, int component) {
    double[] value = new double[width];
    evaluate(t, value, new double[width]);
    return value[component];
  }

  /**
   * The field through its values at other nodes: prolongation if they refine this field's, which
   * changes no value anywhere, and restriction if they are fewer.
   *
   * @param target increasing depths from 0 to T
   * @return the field
   * @throws IllegalArgumentException if the nodes do not increase from 0 to T
   */
  public LineField onto(double... target) {
    if (target.length == 0 || target[target.length - 1] != horizon()) {
      throw new IllegalArgumentException(
          "nodes " + Arrays.toString(target) + ": must end at T = " + horizon());
    }
    double[] moved = new double[Math.multiplyExact(target.length, width)];
    double[] value = new double[width];
    double[] derivative = new double[width];
    for (int i = 0; i < target.length; i++) {
      evaluate(target[i], value, derivative);
      System.arraycopy(value, 0, moved, i * width, width);
    }
    return new LineField(target, width, moved);
  }

  /**
   * The field on a uniform mesh, as {@link #onto(double...)}.
   *
   * @param mesh a mesh with the same horizon
   * @return the field
   * @throws IllegalArgumentException if the horizon differs
   */
  public LineField onto(LineMesh mesh) {
    return onto(of(mesh, 1, new double[mesh.nodes()]).nodes);
  }

  @Override
  public FieldNorm norm() {
    return FieldNorm.of(this, null, nodes, t -> 1);
  }

  /** Exact for any two meshes: integrates between the nodes of both. */
  @Override
  public FieldNorm distanceTo(DepthField other) {
    if (!(other instanceof LineField line) || line.horizon() != horizon()) {
      throw new IllegalArgumentException(
          "other: must be a field on [0, " + horizon() + "], as this one is");
    }
    return FieldNorm.of(this, line, merged(nodes, line.nodes), t -> 1);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LineField field
        && width == field.width
        && Arrays.equals(nodes, field.nodes)
        && Arrays.equals(values, field.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(width, Arrays.hashCode(nodes), Arrays.hashCode(values));
  }

  @Override
  public String toString() {
    return "field of " + width + " on [0, " + horizon() + "], " + nodes.length + " nodes";
  }
}
