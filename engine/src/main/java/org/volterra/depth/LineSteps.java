package org.volterra.depth;

import java.util.Arrays;
import java.util.Objects;

/**
 * A function on [0, T] that is constant between given nodes, which need not be equidistant: such as
 * the parameters of a network's layers as they are, before any extension. Immutable and
 * thread-safe.
 */
public final class LineSteps implements LineFunction {
  private final double[] nodes;
  private final int width;
  private final double[] values;

  /**
   * A function with given values.
   *
   * @param nodes at least two increasing depths, from 0 to T; copied
   * @param width numbers of an interval
   * @param values interval after interval; copied
   * @throws IllegalArgumentException if nodes do not increase from 0, or the number of values is
   *     wrong
   */
  public LineSteps(double[] nodes, int width, double[] values) {
    this.nodes = LineField.increasing(nodes);
    this.width = width;
    this.values = values.clone();
    if (width < 1 || values.length != (nodes.length - 1L) * width) {
      throw new IllegalArgumentException(
          values.length + " values: " + (nodes.length - 1) + " intervals take " + width + " each");
    }
  }

  /**
   * The function on other intervals, by means over them: prolongation if they refine this one's,
   * which changes no value anywhere, and restriction in L² if they are fewer.
   *
   * @param target increasing depths from 0 to T
   * @return the L² projection
   * @throws IllegalArgumentException if the nodes do not increase from 0 to T
   */
  public LineSteps onto(double... target) {
    double[] checked = LineField.increasing(target);
    double horizon = nodes[nodes.length - 1];
    if (checked[checked.length - 1] != horizon) {
      throw new IllegalArgumentException(
          "nodes " + Arrays.toString(target) + ": must end at T = " + horizon);
    }
    double[] sums = new double[Math.multiplyExact(target.length - 1, width)];
    double[] both = LineField.merged(nodes, checked);
    for (int i = 1; i < both.length; i++) {
      double length = both[i] - both[i - 1];
      double middle = both[i - 1] + 0.5 * length;
      int from = LineField.cell(nodes, middle) * width;
      int to = LineField.cell(checked, middle);
      double share = length / (checked[to + 1] - checked[to]);
      for (int c = 0; c < width; c++) {
        sums[to * width + c] += share * values[from + c];
      }
    }
    return new LineSteps(checked, width, sums);
  }

  /**
   * The nodes.
   *
   * @return a new array, increasing
   */
  public double[] nodes() {
    return nodes.clone();
  }

  @Override
  public int width() {
    return width;
  }

  /**
   * The values on the intervals.
   *
   * @return a new array
   */
  public double[] values() {
    return values.clone();
  }

  /** The derivative is that inside an interval: 0. */
  @Override
  public void evaluate(double t, double[] value, double[] derivative) {
    System.arraycopy(values, LineField.cell(nodes, t) * width, value, 0, width);
    Arrays.fill(derivative, 0, width, 0);
  }

  /**
   * The norm in L².
   *
   * @return exact up to rounding; there is none in H¹, where jumps are infinite
   */
  public double l2() {
    return FieldNorm.of(this, null, nodes, t -> 1).l2();
  }

  /**
   * The distance in L² to a function that is smooth between nodes.
   *
   * @param other a function with as many components
   * @param cells nodes between which it is a polynomial of degree 2
   * @return exact up to rounding
   * @throws IllegalArgumentException if the widths differ
   */
  public double distanceTo(LineFunction other, double... cells) {
    return FieldNorm.of(this, other, LineField.merged(nodes, cells), t -> 1).l2();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LineSteps steps
        && width == steps.width
        && Arrays.equals(nodes, steps.nodes)
        && Arrays.equals(values, steps.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(width, Arrays.hashCode(nodes), Arrays.hashCode(values));
  }

  @Override
  public String toString() {
    return "steps of " + width + " on [0, " + nodes[nodes.length - 1] + "]";
  }
}
