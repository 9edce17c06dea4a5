package org.volterra.sum;

import java.util.IdentityHashMap;
import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * What the sums with scalar kernels read of a history of bfloat16: pieces of at most {@value
 * #SLICES} slices and {@value #COLUMNS} columns, widened to float32 in one block of scratch memory
 * that stays in the second-level cache. Not thread-safe.
 */
public final class HistoryWindow {
  /** Most slices of a piece. */
  static final int SLICES = 128;

  /** Most columns of a piece. */
  static final int COLUMNS = 1024;

  private final Primitives p;
  private final History history;
  private final BlockScratch scratch;
  private final IdentityHashMap<Matrix, Views> parts = new IdentityHashMap<>();

  /**
   * A window on a history.
   *
   * @param primitives the device, for float32
   * @param history z of bfloat16, slice-major
   * @param memory for one piece
   */
  public HistoryWindow(Primitives primitives, History history, SumMemory memory) {
    this.p = primitives;
    this.history = history;
    int columns = history.first(1).columns();
    scratch =
        new BlockScratch(
            memory.matrix(
                "window", Math.min(SLICES, history.slices()), Math.min(COLUMNS, columns)));
  }

  /** target = scale · a Z + beta · target with Z the slices from, from + 1, …, one a row. */
  void addSums(double scale, Matrix a, int from, double beta, Matrix target) {
    int columns = target.columns();
    for (int k = 0; k < a.columns(); k += SLICES) {
      int count = Math.min(SLICES, a.columns() - k);
      Matrix factors = columns(a, k, count);
      for (int c = 0; c < columns; c += COLUMNS) {
        int width = Math.min(COLUMNS, columns - c);
        SumOperands.addSums(
            p,
            scale,
            factors,
            piece(from + k, count, c, width),
            k == 0 ? beta : 1,
            columns(target, c, width));
      }
    }
  }

  /** slopes = scale · deltas Zᵀ + beta · slopes. */
  void addInnerProducts(double scale, Matrix deltas, int from, double beta, Matrix slopes) {
    int columns = deltas.columns();
    for (int k = 0; k < slopes.columns(); k += SLICES) {
      int count = Math.min(SLICES, slopes.columns() - k);
      Matrix part = columns(slopes, k, count);
      for (int c = 0; c < columns; c += COLUMNS) {
        int width = Math.min(COLUMNS, columns - c);
        SumOperands.addInnerProducts(
            p,
            scale,
            columns(deltas, c, width),
            piece(from + k, count, c, width),
            c == 0 ? beta : 1,
            part);
      }
    }
  }

  /** The operands of a sum are the same objects in every pass. */
  private Matrix columns(Matrix m, int first, int count) {
    return count == m.columns() ? m : parts.computeIfAbsent(m, Views::new).columns(first, count);
  }

  /** Part of the history in float32, until the next call. */
  private Matrix piece(int from, int count, int column, int width) {
    Matrix piece = scratch.get(count, width).all();
    p.widen(columns(history.slices(from, count), column, width), piece);
    return piece;
  }
}
