package org.volterra.sum;

import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.TriangleCoefficients.PairFunction;

/**
 * The sum with a smooth scalar kernel, on any grid, online, with blocks off the diagonal of low
 * rank (HODLR; S. Ambikasaran, E. Darve, J. Sci. Comput. 57, 2013): whenever layer l = i·B begins,
 * the last s = B·(largest power of 2 that divides i) layers are added to the next s sums by the two
 * small GEMMs of U Vᵀ. Pairs within a block of B layers are summed directly. The adjoint takes the
 * same products transposed, downwards.
 *
 * <p>{@link #errorBound} is the largest difference |a_{l,k} − ã_{l,k}| that was seen when the
 * blocks were approximated. Costs O(n R L log L) flops, n = rows · channels, R the rank, and L + 1
 * slices of memory: the sums that are not finished, in the adjoint the δ of all layers.
 */
public final class HierarchicalSum implements CumulativeSum {
  /** Layers of a block that is summed directly. */
  public static final int BLOCK = 64;

  /** The low-rank blocks and the coefficients near the diagonal, made once for all batches. */
  static final class Blocks {
    private final Matrix[] left;
    private final Matrix[] right;
    private final NearTriangle near;
    private double error;
    private int rank;

    Blocks(int layers, PairFunction a, double tolerance, SumMemory memory) {
      int count = layers / BLOCK;
      left = new Matrix[count + 1];
      right = new Matrix[count + 1];
      near = new NearTriangle(layers, BLOCK, a, memory);
      for (int i = 1; i <= count; i++) {
        int l = i * BLOCK;
        int size = BLOCK * Integer.lowestOneBit(i);
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
  }

  private final SumOperands data;
  private final Primitives p;
  private final Blocks blocks;
  private final NearField near;
  private final Views rows;
  private final Views middle;

  /**
   * Approximates the kernel and binds the sum.
   *
   * @param operands the history
   * @param function the coefficients a_{l,k}
   * @param tolerance how far an approximated coefficient may be off
   * @param memory for blocks and sums
   * @throws IllegalArgumentException if the tolerance is not positive
   */
  public HierarchicalSum(
      SumOperands operands, PairFunction function, double tolerance, SumMemory memory) {
    this(operands, new Blocks(operands.layers(), function, checked(tolerance), memory), memory);
  }

  HierarchicalSum(SumOperands operands, Blocks blocks, SumMemory memory) {
    this.data = operands.complete();
    this.p = operands.primitives();
    this.blocks = blocks;
    near = new NearField(operands, blocks.near, memory, BLOCK);
    rows = new Views(memory.matrix("rows", operands.layers() + 1, operands.columns()));
    middle = new Views(memory.matrix("middle", Math.max(1, blocks.rank), operands.columns()));
  }

  private static double checked(double tolerance) {
    if (!(tolerance > 0)) {
      throw new IllegalArgumentException("tolerance " + tolerance + ": must be positive");
    }
    return tolerance;
  }

  /**
   * The elements of memory that this sum takes beside the coefficients.
   *
   * @param layers L
   * @param columns n
   * @param rank an estimate of R
   * @return a count
   */
  public static long elements(int layers, long columns, int rank) {
    return (layers + 1L + NearField.INNER + rank) * columns;
  }

  /**
   * How far the coefficients of the blocks are off.
   *
   * @return the largest |a_{l,k} − ã_{l,k}| that was seen
   */
  public double errorBound() {
    return blocks.error;
  }

  /**
   * The largest rank of a block.
   *
   * @return R
   */
  public int rank() {
    return blocks.rank;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state.flat();
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l % BLOCK == 0) {
      int i = l / BLOCK;
      int size = BLOCK * Integer.lowestOneBit(i);
      Matrix sums = rows.rows(l, Math.min(size, data.layers() + 1 - l));
      double beta = l == size ? 0 : 1;
      Matrix left = blocks.left[i];
      if (left != null) {
        Matrix t = middle.rows(0, left.columns());
        p.gemm(1, blocks.right[i], true, data.z(l - size, size), false, 0, t);
        p.gemm(data.scale(), left, false, t, false, beta, sums);
      } else if (beta == 0) {
        p.fill(0, sums);
      }
    }
    if (l >= BLOCK) {
      p.axpby(1, rows.rows(l, 1), 1, u);
    }
    near.forward(l, l - l % BLOCK, u);
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    int first = l - l % BLOCK;
    p.axpby(1, delta, 0, rows.rows(l, 1));
    near.adjoint(l, first, rows, l);
    int i = l / BLOCK;
    if (l == first && blocks.left[i] != null) {
      int size = BLOCK * Integer.lowestOneBit(i);
      Matrix left = blocks.left[i];
      Matrix finished = rows.rows(l, left.rows());
      Matrix t = middle.rows(0, left.columns());
      p.gemm(1, left, true, finished, false, 0, t);
      p.gemm(data.scale(), blocks.right[i], false, t, false, 1, data.gradient(l - size, size));
    }
  }
}
