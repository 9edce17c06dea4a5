package org.volterra.sum;

import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with scalar kernels in blocks of P layers: when a block begins, all finished layers are
 * summed for it by GEMMs over the slice-major history; pairs within a block are left to sub-blocks.
 * In the adjoint a finished block of δ is spread to all earlier layers by GEMMs, and the gradients
 * of its coefficients are the GEMM δ Zᵀ. Exact: the terms of the direct sum in another order.
 *
 * <p>Cost of each operation: L² n flops at the rate of GEMM, n = rows · channels. Memory: P + 8
 * slices, and P more for training.
 */
public final class BlockedSum implements CumulativeSum {
  private static final int BLOCK = 64;
  private static final int LARGE_BLOCK = 128;

  /** From this many layers on, large blocks read the history less often than they cost near it. */
  private static final int DEEP = 2048;

  private final SumOperands data;
  private final Primitives p;
  private final PairCoefficients coefficients;
  private final int block;
  private final NearField near;
  private final CoefficientGradients slopes;
  private final Views pulled;
  private final Views deltas;

  /**
   * Binds the sum.
   *
   * @param operands the history
   * @param coefficients the coefficients
   * @param memory for the sums of a block and its δ
   * @param block layers of a block P, a multiple of 8 of at most 128
   * @throws IllegalArgumentException if {@code block} is out of range
   */
  public BlockedSum(
      SumOperands operands, PairCoefficients coefficients, SumMemory memory, int block) {
    this.data = operands.complete();
    this.p = operands.primitives();
    this.coefficients = coefficients;
    this.block = checked(block);
    near = new NearField(operands, coefficients, memory, block);
    slopes = new CoefficientGradients(operands, coefficients, memory);
    pulled = new Views(memory.matrix("sums", block, operands.columns()));
    deltas =
        operands.gradient() == null
            ? null
            : new Views(memory.matrix("deltas", block, operands.columns()));
  }

  static int checked(int block) {
    if (block < NearField.INNER || block > BlockScratch.ROWS || block % NearField.INNER != 0) {
      throw new IllegalArgumentException(
          "block " + block + ": must be a multiple of 8 in 8.." + BlockScratch.ROWS);
    }
    return block;
  }

  /**
   * The layers of a block that suit a depth.
   *
   * @param layers L
   * @return P
   */
  public static int block(int layers) {
    return layers < DEEP ? BLOCK : LARGE_BLOCK;
  }

  /**
   * The elements of memory that this sum takes beside the coefficients.
   *
   * @param layers L
   * @param columns n
   * @param training whether there is an adjoint
   * @return a count
   */
  public static long elements(int layers, long columns, boolean training) {
    return (block(layers) * (training ? 2L : 1L) + NearField.INNER) * columns
        + 2L * BlockScratch.ROWS * BlockScratch.COLUMNS;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public boolean usesHost() {
    return coefficients.usesHost();
  }

  @Override
  public Matrix operand(Matrix state) {
    return state.flat();
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      coefficients.begin();
    }
    int first = l - l % block;
    if (first > 0) {
      if (l == first) {
        pull(first, Math.min(block, data.layers() + 1 - l));
      }
      p.axpby(1, pulled.rows(l - first, 1), 1, u);
    }
    near.forward(l, first, u);
  }

  /** The sums of a block's layers over all layers before the block. */
  private void pull(int first, int count) {
    for (int k = 0; k < first; k += BlockScratch.COLUMNS) {
      int width = Math.min(BlockScratch.COLUMNS, first - k);
      Matrix a = coefficients.block(first, count, k, width);
      data.addSums(a, k, k == 0 ? 0 : 1, pulled.rows(0, count));
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    if (l == data.layers() && coefficients.hasGradient()) {
      coefficients.beginGradient();
    }
    int first = l - l % block;
    p.axpby(1, delta, 0, deltas.rows(l - first, 1));
    near.adjoint(l, first, deltas, l - first);
    if (l == Math.max(first, 1)) {
      int count = Math.min(block, data.layers() + 1 - first) - (l - first);
      Matrix finished = deltas.rows(l - first, count);
      push(l, first, finished);
      if (coefficients.hasGradient()) {
        slopes.add(l, finished, 0);
        if (l == 1) {
          coefficients.endGradient();
        }
      }
    }
  }

  /** Spreads the δ of a block to all layers before it. */
  private void push(int l, int first, Matrix finished) {
    for (int k = 0; k < first; k += BlockScratch.COLUMNS) {
      int width = Math.min(BlockScratch.COLUMNS, first - k);
      Matrix a = coefficients.block(l, finished.rows(), k, width);
      p.gemm(data.scale(), a, true, finished, false, 1, data.gradient(k, width));
    }
  }
}
