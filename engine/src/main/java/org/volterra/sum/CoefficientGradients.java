package org.volterra.sum;

import org.volterra.memory.Views;
import org.volterra.spi.Matrix;

/** Adds h δ zᵀ to the gradients of the coefficients of blocks of layers. */
final class CoefficientGradients {
  private final SumOperands data;
  private final PairCoefficients coefficients;
  private final BlockScratch scratch;

  /** Takes memory only if there are gradients. */
  CoefficientGradients(SumOperands data, PairCoefficients coefficients, SumMemory memory) {
    this.data = data;
    this.coefficients = coefficients;
    scratch =
        coefficients.hasGradient()
            ? new BlockScratch(memory, "block.gradient", data.layers())
            : null;
  }

  /**
   * Adds the gradients of some layers.
   *
   * @param l first of the layers that sum
   * @param finished their δ
   * @param from first of the layers that are summed; the last is the one before the last that sums
   */
  void add(int l, Matrix finished, int from) {
    int end = l + finished.rows() - 1;
    for (int k = from; k < end; k += BlockScratch.COLUMNS) {
      int width = Math.min(BlockScratch.COLUMNS, end - k);
      Views slopes = scratch.get(finished.rows(), width);
      data.addInnerProducts(finished, k, 0, slopes.all());
      coefficients.addGradient(l, k, slopes);
    }
  }
}
