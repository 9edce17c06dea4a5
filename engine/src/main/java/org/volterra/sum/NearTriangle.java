package org.volterra.sum;

import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.sum.TriangleCoefficients.PairFunction;

/** Given coefficients of the pairs whose layers lie in the same block of B layers. */
final class NearTriangle implements PairCoefficients {
  private final int block;
  private final Views rows;

  NearTriangle(int layers, int block, PairFunction a, SumMemory memory) {
    this.block = block;
    rows = new Views(memory.matrix("near", layers + 1, block));
    for (int l = 1; l <= layers; l++) {
      for (int k = l - l % block; k < l; k++) {
        rows.all().set(l, k % block, a.at(l, k));
      }
    }
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
    return false;
  }

  @Override
  public Matrix rowGradient(int l, int k, int count) {
    throw new UnsupportedOperationException("coefficients of a given kernel have no gradient");
  }
}
