package org.volterra.train;

import org.volterra.ParameterLayout;
import org.volterra.depth.DepthField;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.LineField;
import org.volterra.depth.TriangleField;
import org.volterra.depth.TriangleMesh;
import org.volterra.spi.Buffer;

/**
 * Groups of parameters as packed vectors, and as functions of depth: those of each layer, and of
 * each pair of layers, are extended to continuous piecewise-linear functions, constant beyond the
 * first and the last layer; those that do not depend on depth are constant functions.
 */
final class DepthGroups {
  private DepthGroups() {}

  /** The number of parameters of a group. */
  static int size(ParameterLayout.Group group) {
    return Math.toIntExact(group.entries().stream().mapToLong(ParameterLayout.Entry::size).sum());
  }

  /** The values of a group, without gaps. */
  static double[] read(Buffer buffer, ParameterLayout.Group group) {
    double[] values = new double[size(group)];
    read(buffer, group, values, 0);
    return values;
  }

  /** Copies the values of a group to a place in an array; returns the place behind them. */
  static int read(Buffer buffer, ParameterLayout.Group group, double[] target, int begin) {
    int next = begin;
    for (ParameterLayout.Entry entry : group.entries()) {
      double[] block = entry.in(buffer).toArray();
      System.arraycopy(block, 0, target, next, block.length);
      next += block.length;
    }
    return next;
  }

  static void write(Buffer buffer, ParameterLayout.Group group, double[] values) {
    write(buffer, group, values, 0);
  }

  /** Copies a group's values from a place in an array; returns the place behind them. */
  static int write(Buffer buffer, ParameterLayout.Group group, double[] source, int begin) {
    int next = begin;
    for (ParameterLayout.Entry entry : group.entries()) {
      double[] block = new double[(int) entry.size()];
      System.arraycopy(source, next, block, 0, block.length);
      entry.in(buffer).fill(block);
      next += block.length;
    }
    return next;
  }

  /**
   * The function of depth that has these values.
   *
   * @throws IllegalArgumentException if they belong to pairs of layers of a graded grid
   */
  static DepthField extension(double[] values, ParameterLayout.Group group, DepthGrid grid) {
    int width = group.blockSize();
    return switch (group.arrangement()) {
      case CONSTANT -> line(values, width, 0, new DepthGrid(1, grid.horizon()));
      case LINE ->
          hasNodes(group, grid)
              ? line(values, width, 0, new DepthGrid(blocks(group) - 1, grid.horizon()))
              : line(values, width, group.firstLayer(), grid);
      case TRIANGLE -> {
        group.equalSpacing(); // refuses pairs of layers of a graded grid
        yield hasNodes(group, grid)
            ? new TriangleField(
                new TriangleMesh(group.entries().size() - 1, grid.horizon()), width, values)
            : TriangleField.ofPairs(grid.layers(), grid.horizon(), width, values);
      }
    };
  }

  /** The values that a group reads off a function of depth. */
  static double[] restriction(DepthField field, ParameterLayout.Group group, DepthGrid grid) {
    return switch (field) {
      case TriangleField triangle ->
          hasNodes(group, grid)
              ? triangle.onto(new TriangleMesh(group.entries().size() - 1, grid.horizon())).values()
              : triangle.pairs(grid.layers());
      case LineField line -> {
        int width = group.blockSize();
        boolean nodes = hasNodes(group, grid);
        double[] moved = new double[size(group)];
        double[] value = new double[width];
        double[] derivative = new double[width];
        for (int i = 0; i < moved.length / width; i++) {
          double t = nodes ? i * group.spacing() : grid.time(group.firstLayer() + i);
          line.evaluate(t, value, derivative);
          System.arraycopy(value, 0, moved, i * width, width);
        }
        yield moved;
      }
    };
  }

  /** Whether the values belong to the nodes of a mesh and not to layers. */
  private static boolean hasNodes(ParameterLayout.Group group, DepthGrid grid) {
    return switch (group.arrangement()) {
      case CONSTANT -> false;
      case LINE -> blocks(group) - 1 == Math.rint(grid.horizon() / group.spacing());
      case TRIANGLE -> group.firstLayer() == 0;
    };
  }

  private static int blocks(ParameterLayout.Group group) {
    return size(group) / group.blockSize();
  }

  /** Values at the layers first, first + 1, …, continued to 0 and T as constants. */
  private static LineField line(double[] values, int width, int first, DepthGrid grid) {
    double[] nodes = new double[grid.layers() + 1];
    double[] all = new double[nodes.length * width];
    int last = values.length / width - 1;
    for (int l = 0; l < nodes.length; l++) {
      nodes[l] = grid.time(l);
      System.arraycopy(values, Math.clamp(l - first, 0, last) * width, all, l * width, width);
    }
    return new LineField(nodes, width, all);
  }
}
