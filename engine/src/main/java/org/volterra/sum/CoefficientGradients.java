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
      spread(l, k, slopes);
    }
  }

  /** Adds a block to the gradients of its pairs; of pairs with k ≥ l nothing is taken. */
  private void spread(int l, int k, Views slopes) {
    for (int i = 0; i < slopes.all().rows(); i++) {
      int count = Math.min(slopes.all().columns(), l + i - k);
      if (count > 0) {
        data.primitives()
            .axpby(1, slopes.block(i, 0, 1, count), 1, coefficients.rowGradient(l + i, k, count));
      }
    }
  }
}
