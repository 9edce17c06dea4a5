package org.volterra.sum;

import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.sum.TriangleCoefficients.PairFunction;

/** Coefficients of the pairs whose layers lie in the same block of B layers. */
final class NearTriangle implements PairCoefficients {
  private final int layers;
  private final int block;
  private final StagedMatrix values;
  private final StagedMatrix slopes;
  private final Views rows;
  private final Views slopeRows;

  /** Coefficients that are still 0, and their gradients where those are wanted. */
  NearTriangle(int layers, int block, boolean gradient, SumMemory memory) {
    this.layers = layers;
    this.block = block;
    values = memory.staged("near", layers + 1, block);
    rows = new Views(values.device());
    slopes = gradient ? memory.staged("near.gradient", layers + 1, block) : null;
    slopeRows = gradient ? new Views(slopes.device()) : null;
  }

  /** Sets all coefficients. */
  void fill(PairFunction a) {
    for (int l = 1; l <= layers; l++) {
      for (int k = l - l % block; k < l; k++) {
        values.set((long) l * block + k % block, a.at(l, k));
      }
    }
    values.upload();
  }

  /** Takes the gradient of a pair. */
  @FunctionalInterface
  interface PairSlope {
    void take(int l, int k, double slope);
  }

  /** Hands on the gradients of all pairs. */
  void drain(PairSlope target) {
    slopes.download();
    for (int l = 1; l <= layers; l++) {
      for (int k = l - l % block; k < l; k++) {
        target.take(l, k, slopes.get((long) l * block + k % block));
      }
    }
  }

  /** The gradients as one matrix, in which those of no pair are 0. */
  Matrix slopes() {
    return slopes.device();
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
