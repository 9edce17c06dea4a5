package org.volterra.sum;

import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.sum.TriangleCoefficients.PairFunction;

/**
 * Coefficients of the pairs whose layers lie in the same block of B layers: that of (l, k) at row l
 * and column k mod B.
 */
final class NearTriangle implements PairCoefficients {
  private final int block;
  private final Matrix slopes;
  private final Views rows;
  private final Views slopeRows;

  /**
   * Binds coefficients.
   *
   * @param values (L + 1) × B
   * @param slopes where their gradients are added, or null
   */
  NearTriangle(Matrix values, Matrix slopes) {
    this.block = values.columns();
    this.slopes = slopes;
    rows = new Views(values);
    slopeRows = slopes == null ? null : new Views(slopes);
  }

  /** Takes a pair of layers, and where its coefficient lies in the matrix, row after row. */
  @FunctionalInterface
  interface PairVisitor {
    /** Takes a pair. */
    void pair(int index, int l, int k);
  }

  /** Visits all pairs. */
  static void forEach(int layers, int block, PairVisitor visitor) {
    for (int l = 1; l <= layers; l++) {
      for (int k = l - l % block; k < l; k++) {
        visitor.pair(l * block + k % block, l, k);
      }
    }
  }

  /** Coefficients that the host computes once. */
  static NearTriangle of(int layers, int block, PairFunction a, SumMemory memory) {
    StagedMatrix values = memory.staged("near", layers + 1, block);
    forEach(layers, block, (index, l, k) -> values.set(index, a.at(l, k)));
    values.upload();
    return new NearTriangle(values.device(), null);
  }

  /** The gradients as one matrix, in which those of no pair are 0. */
  Matrix slopes() {
    return slopes;
  }

  @Override
  public Matrix row(int l, int k, int count) {
    return rows.block(l, k % block, 1, count);
  }

  @Override
  public Matrix block(int l, int height, int k, int columns) {
    return rows.block(l, k % block, height, columns);
  }

  @Override
  public boolean hasGradient() {
    return slopes != null;
  }

  @Override
  public Matrix rowGradient(int l, int k, int count) {
    return slopeRows.block(l, k % block, 1, count);
  }
}
