package org.volterra.sum;

import org.volterra.spi.Matrix;
import org.volterra.sum.TriangleCoefficients.PairFunction;

/** The blocks of a given kernel by {@link CrossApproximation}, made once. */
final class CrossBlocks implements LowRankBlocks {
  private final Matrix[] left;
  private final Matrix[] right;
  private final NearTriangle near;
  private double error;
  private int rank;

  CrossBlocks(int layers, PairFunction a, double tolerance, SumMemory memory) {
    int count = layers / HierarchicalSum.BLOCK;
    left = new Matrix[count + 1];
    right = new Matrix[count + 1];
    near = NearTriangle.of(layers, HierarchicalSum.BLOCK, a, memory);
    for (int i = 1; i <= count; i++) {
      int l = i * HierarchicalSum.BLOCK;
      int size = HierarchicalSum.size(i);
      int rows = Math.min(size, layers + 1 - l);
      CrossApproximation cross = CrossApproximation.of(a, l, rows, l - size, size, tolerance);
      error = Math.max(error, cross.error());
      rank = Math.max(rank, cross.rank());
      if (cross.rank() > 0) {
        left[i] = fill(memory.matrix("left." + i, rows, cross.rank()), cross.u());
        right[i] = fill(memory.matrix("right." + i, size, cross.rank()), cross.v());
      }
    }
  }

  private static Matrix fill(Matrix m, double[][] columns) {
    for (int c = 0; c < columns.length; c++) {
      for (int i = 0; i < columns[c].length; i++) {
        m.set(i, c, columns[c][i]);
      }
    }
    return m;
  }

  @Override
  public Matrix left(int i) {
    return left[i];
  }

  @Override
  public Matrix right(int i) {
    return right[i];
  }

  @Override
  public NearTriangle near() {
    return near;
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public double error() {
    return error;
  }
}
