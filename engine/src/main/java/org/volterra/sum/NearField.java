package org.volterra.sum;

import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The part of a sum within one block of layers: pairs whose layers lie in the same sub-block of
 * {@link #INNER} layers one by one, pairs in different sub-blocks by one GEMM for each sub-block.
 */
final class NearField {
  /** Layers of a sub-block, one register tile of a GEMM. */
  static final int INNER = 8;

  private final SumOperands data;
  private final Primitives p;
  private final PairCoefficients coefficients;
  private final int block;
  private final Views pulled;

  NearField(SumOperands data, PairCoefficients coefficients, SumMemory memory, int block) {
    this.data = data;
    this.p = data.primitives();
    this.coefficients = coefficients;
    this.block = block;
    pulled = new Views(memory.matrix("pulled", INNER, data.columns()));
  }

  private static int start(int l, int first) {
    return l - (l - first) % INNER;
  }

  private int count(int l, int first) {
    return Math.min(INNER, Math.min(data.layers() + 1, first + block) - l);
  }

  /** Adds h Σ a_{l,k} z_k over the layers k of the block that begins at layer {@code first}. */
  void forward(int l, int first, Matrix u) {
    int start = start(l, first);
    if (start > first) {
      if (l == start) {
        int count = count(l, first);
        Matrix a = coefficients.block(l, count, first, l - first);
        data.addSums(a, first, 0, pulled.rows(0, count));
      }
      p.axpby(1, pulled.rows(l - start, 1), 1, u);
    }
    if (l > start) {
      data.addSums(coefficients.row(l, start, l - start), start, 1, u);
    }
  }

  /**
   * Adds layer l's share to the gradients of z in its block.
   *
   * @param deltas one row for each layer
   * @param row that with δ_l; δ of the later layers of the block follow
   */
  void adjoint(int l, int first, Views deltas, int row) {
    int start = start(l, first);
    if (l > start) {
      int count = l - start;
      p.ger(
          data.scale(),
          coefficients.row(l, start, count),
          deltas.rows(row, 1),
          data.gradient(start, count));
    } else if (l > first) {
      int count = count(l, first);
      Matrix a = coefficients.block(l, count, first, l - first);
      p.gemm(
          data.scale(),
          a,
          true,
          deltas.rows(row, count),
          false,
          1,
          data.gradient(first, l - first));
    }
  }
}
