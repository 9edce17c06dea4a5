package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;

import org.volterra.spi.Activation;

/**
 * Drives elementary functions over matrices of any stride: a block of whole rows, or of a piece of
 * a row, is gathered into an array, goes through the function, and is scattered.
 */
final class FloatPointwise extends BlockJob {
  /** What an element of a function counts for, in elements read or written. */
  private static final int WEIGHT = 4;

  private FloatPasses passes;
  private Operand x;
  private Operand dy;
  private Operand y;
  private float beta;

  /** Binds {@code y = f(x)}. */
  FloatPointwise value(Activation function, Operand from, Operand to) {
    passes = FloatActivations.value(function);
    x = from;
    dy = null;
    y = to;
    shape(to.rows, to.columns, from.contiguous && to.contiguous, WEIGHT);
    return this;
  }

  /** Binds {@code dx = f'(x) dy + beta dx}. */
  FloatPointwise derivative(Activation function, Operand at, Operand from, float keep, Operand dx) {
    passes = FloatActivations.derivative(function);
    x = at;
    dy = from;
    y = dx;
    beta = keep;
    shape(dx.rows, dx.columns, at.contiguous && from.contiguous && dx.contiguous, WEIGHT);
    return this;
  }

  @Override
  void warmUp() {
    passes.warmUp();
  }

  @Override
  void block(long firstRow, long endRow, long firstColumn, int columns, Scratch scratch) {
    int rowsPerBlock = Math.max(1, FloatBlocks.SIZE / columns);
    long endColumn = firstColumn + columns;
    for (long r = firstRow; r < endRow; r += rowsPerBlock) {
      int rows = (int) Math.min(rowsPerBlock, endRow - r);
      for (long c = firstColumn; c < endColumn; c += FloatBlocks.SIZE) {
        int width = (int) Math.min(FloatBlocks.SIZE, endColumn - c);
        block(scratch.floatBlocks, r, rows, c * BYTES, width);
      }
    }
  }

  /** Some rows, or a piece of one row, that fit a block. */
  private void block(FloatBlocks w, long row, int rows, long byteColumn, int width) {
    w.rows = rows;
    w.width = width;
    w.source.set(x, row, byteColumn);
    w.target.set(y, row, byteColumn);
    if (dy != null) {
      w.factor.set(dy, row, byteColumn);
      w.beta = beta;
    }
    passes.run(w, w.padded());
  }
}
