package org.volterra.sum;

import java.util.Objects;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * What a sum with scalar coefficients works on: layers 1 … L, a slice-major history z_0 … z_L seen
 * as a matrix of n = rows · channels columns, and its gradient.
 *
 * @param primitives the device
 * @param scale factor h of the sum
 * @param layers number of layers L
 * @param history z, slice-major
 * @param gradient ∂J/∂z, slice-major, or null if {@link CumulativeSum#adjoint} will not be called
 */
public record SumOperands(
    Primitives primitives, double scale, int layers, History history, History gradient) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if there is no layer, the history is too short or not
   *     slice-major
   */
  public SumOperands {
    Objects.requireNonNull(primitives, "primitives");
    if (layers < 1 || history.slices() < layers) {
      throw new IllegalArgumentException(
          "layers " + layers + ": must be in 1.." + history.slices() + ", the slices");
    }
    if (history.layout() != History.Layout.SLICE_MAJOR) {
      throw new IllegalArgumentException("history: sums with scalar kernels need SLICE_MAJOR");
    }
  }

  /**
   * The number of columns.
   *
   * @return n = rows · channels
   */
  public int columns() {
    return history.first(1).columns();
  }

  /** Slices of z, count × n. */
  Matrix z(int from, int count) {
    return history.slices(from, count);
  }

  /** Slices of ∂J/∂z, count × n. */
  Matrix gradient(int from, int count) {
    return gradient.slices(from, count);
  }
}
