package org.volterra.sum;

import java.util.Objects;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * What a sum with scalar coefficients works on: layers 1 … L, a slice-major history z_0 … z_L seen
 * as a matrix of n = rows · channels columns, and its gradient. For a {@link RecurrentSum} both may
 * keep the last slices only, slice k at k modulo their number.
 *
 * @param primitives the device
 * @param scale factor h of the sum
 * @param layers number of layers L
 * @param history z, slice-major
 * @param gradient ∂J/∂z, slice-major, or null if {@link CumulativeSum#adjoint} will not be called
 * @param window through which a history of bfloat16 is read, by {@link ScalarSum} and {@link
 *     BlockedSum} only; null if the history has the type of the primitives
 */
public record SumOperands(
    Primitives primitives,
    double scale,
    int layers,
    History history,
    History gradient,
    HistoryWindow window) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if there is no layer, or the history is not slice-major
   */
  public SumOperands {
    Objects.requireNonNull(primitives, "primitives");
    if (layers < 1) {
      throw new IllegalArgumentException("layers " + layers + ": must be at least 1");
    }
    if (history.layout() != History.Layout.SLICE_MAJOR) {
      throw new IllegalArgumentException("history: sums with scalar kernels need SLICE_MAJOR");
    }
  }

  /**
   * Operands with a history of the type of the primitives.
   *
   * @param primitives the device
   * @param scale factor h of the sum
   * @param layers number of layers L
   * @param history z, slice-major
   * @param gradient ∂J/∂z, slice-major, or null if {@link CumulativeSum#adjoint} will not be called
   * @throws IllegalArgumentException if there is no layer, or the history is not slice-major
   */
  public SumOperands(
      Primitives primitives, double scale, int layers, History history, History gradient) {
    this(primitives, scale, layers, history, gradient, null);
  }

  /**
   * The number of columns.
   *
   * @return n = rows · channels
   */
  public int columns() {
    return history.first(1).columns();
  }

  /**
   * These operands, for a sum that looks back further than one layer.
   *
   * @throws IllegalArgumentException if the history does not keep all slices that are summed
   */
  SumOperands complete() {
    if (history.slices() < layers) {
      throw new IllegalArgumentException(
          "layers " + layers + ": must be in 1.." + history.slices() + ", the slices");
    }
    return this;
  }

  /** Slices of z, count × n, of a history of the type of the primitives. */
  Matrix z(int from, int count) {
    int slice = from % history.slices();
    return slice == 0 ? history.first(count) : history.slices(slice, count);
  }

  /** Slices of ∂J/∂z, count × n. */
  Matrix gradient(int from, int count) {
    return gradient.slices(from % gradient.slices(), count);
  }

  /**
   * Sums over slices from, from + 1, …: target = scale · a z + beta · target.
   *
   * @param a coefficients, m × the number of slices
   * @param target m × n
   */
  void addSums(Matrix a, int from, double beta, Matrix target) {
    if (window == null) {
      addSums(primitives, scale, a, z(from, a.columns()), beta, target);
    } else {
      window.addSums(scale, a, from, beta, target);
    }
  }

  static void addSums(Primitives p, double scale, Matrix a, Matrix z, double beta, Matrix target) {
    if (a.rows() == 1) {
      p.gemv(scale, z, true, a, beta, target);
    } else {
      p.gemm(scale, a, false, z, false, beta, target);
    }
  }

  /**
   * Inner products with slices from, from + 1, …: slopes = scale · deltas zᵀ + beta · slopes.
   *
   * @param deltas m × n
   * @param slopes m × the number of slices
   */
  void addInnerProducts(Matrix deltas, int from, double beta, Matrix slopes) {
    if (window == null) {
      addInnerProducts(primitives, scale, deltas, z(from, slopes.columns()), beta, slopes);
    } else {
      window.addInnerProducts(scale, deltas, from, beta, slopes);
    }
  }

  static void addInnerProducts(
      Primitives p, double scale, Matrix deltas, Matrix z, double beta, Matrix slopes) {
    if (deltas.rows() == 1) {
      p.gemv(scale, z, false, deltas, beta, slopes);
    } else {
      p.gemm(scale, deltas, false, z, true, beta, slopes);
    }
  }
}
