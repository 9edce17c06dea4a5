package org.volterra.sum;

import java.util.Arrays;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;

/** Independent coefficients for every pair of layers, row l − 1 holding a_{l,0} … a_{l,l−1}. */
public final class TriangleCoefficients implements PairCoefficients {
  private final Primitives p;
  private final Views[] rows;
  private final Views[] gradients;
  private final BlockScratch scratch;

  /**
   * Binds coefficients.
   *
   * @param primitives the device
   * @param rows the rows a_1 … a_L at indices 0 … L−1, row l−1 of length l
   * @param gradients where their gradients are added, or null
   * @param memory for copies of blocks, or null if only rows are asked for
   */
  public TriangleCoefficients(
      Primitives primitives, Matrix[] rows, Matrix[] gradients, SumMemory memory) {
    this.p = primitives;
    this.rows = views(rows);
    this.gradients = gradients == null ? null : views(gradients);
    scratch = memory == null ? null : new BlockScratch(memory, "block", rows.length);
  }

  private static Views[] views(Matrix[] rows) {
    return Arrays.stream(rows).map(Views::new).toArray(Views[]::new);
  }

  /** A value of each pair of layers. */
  @FunctionalInterface
  public interface PairFunction {
    /**
     * The coefficient of a pair.
     *
     * @param l layer that sums
     * @param k layer that is summed
     * @return a_{l,k}
     */
    double at(int l, int k);
  }

  /**
   * Given coefficients, computed once: L(L+1)/2 elements.
   *
   * @param primitives the device
   * @param layers number of layers L
   * @param function their values
   * @param memory takes them
   * @return the coefficients
   */
  public static TriangleCoefficients of(
      Primitives primitives, int layers, PairFunction function, SumMemory memory) {
    Matrix[] rows = new Matrix[layers];
    Matrix all = memory.matrix("coefficients", 1, Math.toIntExact(layers * (layers + 1L) / 2));
    for (int l = 1; l <= layers; l++) {
      rows[l - 1] = all.block(0, Math.toIntExact(l * (l - 1L) / 2), 1, l);
      for (int k = 0; k < l; k++) {
        rows[l - 1].set(0, k, function.at(l, k));
      }
    }
    return new TriangleCoefficients(primitives, rows, null, memory);
  }

  @Override
  public Matrix row(int l, int k, int count) {
    return part(rows[l - 1], k, count);
  }

  private static Matrix part(Views row, int k, int count) {
    return k == 0 && count == row.all().columns() ? row.all() : row.columns(k, count);
  }

  @Override
  public Matrix block(int l, int height, int k, int columns) {
    return scratch.copy(p, this, l, height, k, columns);
  }

  @Override
  public PassPrimitives.Kernel whole() {
    Matrix all = Matrix.joined(Arrays.stream(rows).map(Views::all).toList());
    return all == null ? null : new PassPrimitives.Triangle(all);
  }

  @Override
  public boolean hasGradient() {
    return gradients != null;
  }

  @Override
  public Matrix rowGradient(int l, int k, int count) {
    return part(gradients[l - 1], k, count);
  }
}
