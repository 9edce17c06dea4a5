package org.volterra.train;

import java.util.ArrayList;
import java.util.List;
import org.volterra.ParameterLayout;
import org.volterra.depth.DepthOperator;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** A⁻¹ of a {@link DepthOperator} as a matrix on the device, applied to a group of parameters. */
final class GroupInverse {
  /** Blocks of the group at equal distances. */
  private record Run(long offset, int first, int count, long stride) {}

  private final Matrix inverse;
  private final int width;
  private final List<Run> runs;

  /**
   * Binds a matrix.
   *
   * @param group the parameters
   * @param inverse A⁻¹, a row for each block of the group
   */
  GroupInverse(ParameterLayout.Group group, Matrix inverse) {
    this.inverse = inverse;
    this.width = group.blockSize();
    this.runs = runs(group);
  }

  /**
   * The numbers of A⁻¹, row after row.
   *
   * @param nodes the blocks
   * @param operator A on blocks of {@code nodes} numbers
   */
  static double[] values(int nodes, DepthOperator operator) {
    double[] identity = new double[nodes * nodes];
    for (int i = 0; i < nodes; i++) {
      identity[i * nodes + i] = 1;
    }
    double[] inverse = new double[identity.length];
    operator.solve(identity, inverse);
    return inverse;
  }

  private static List<Run> runs(ParameterLayout.Group group) {
    int width = group.blockSize();
    List<Run> runs = new ArrayList<>();
    Run last = null;
    for (ParameterLayout.Entry entry : group.entries()) {
      int count = Math.toIntExact(entry.size() / width);
      Run next = new Run(entry.offset(), last == null ? 0 : last.first + last.count, count, width);
      Run both = last == null ? null : together(last, next);
      if (both != null) {
        runs.removeLast();
      }
      last = both == null ? next : both;
      runs.add(last);
    }
    return runs;
  }

  /** Two runs as one, or null. */
  private static Run together(Run a, Run b) {
    long distance = b.offset - a.offset;
    long stride = a.count == 1 ? distance : a.stride;
    boolean follows = distance == a.count * stride && (b.count == 1 || b.stride == stride);
    return follows ? new Run(a.offset, a.first, a.count + b.count, stride) : null;
  }

  /** Elements of scratch memory for a group. */
  static long scratch(ParameterLayout.Group group) {
    return 2L * DepthGroups.size(group);
  }

  /** Replaces the group's part of a vector in the parameters' layout by A⁻¹ of it. */
  void lift(Primitives p, Buffer vector, Buffer scratch) {
    int nodes = inverse.rows();
    Matrix lifted = Matrix.of(scratch, 0, nodes, width);
    Matrix blocks = Matrix.of(scratch, lifted.size(), nodes, width);
    if (runs.size() == 1) {
      blocks = in(vector, runs.getFirst());
    } else {
      for (Run run : runs) {
        p.axpby(1, in(vector, run), 0, blocks.rows(run.first, run.count));
      }
    }
    p.gemm(1, inverse, false, blocks, false, 0, lifted);
    for (Run run : runs) {
      p.axpby(1, lifted.rows(run.first, run.count), 0, in(vector, run));
    }
  }

  private Matrix in(Buffer vector, Run run) {
    return new Matrix(vector, run.offset, run.count, width, run.stride);
  }
}
