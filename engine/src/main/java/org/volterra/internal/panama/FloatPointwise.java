package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.volterra.spi.Activation;

/**
 * Drives elementary functions over matrices of any stride: a block of whole rows, or of a piece of
 * a row, is gathered into an array, goes through the function, and is scattered.
 */
final class FloatPointwise {
  /** What an element of a function counts for, in elements read or written. */
  private static final long WEIGHT = 4;

  private FloatPointwise() {}

  /** {@code y = f(x)}. */
  static void forward(Workshop shop, Activation f, Operand x, Operand y) {
    run(
        shop,
        x,
        x.contiguous && y.contiguous,
        (w, row, rows, byteColumn, width) -> {
          gather(x, row, rows, byteColumn, width, w.x);
          FloatActivations.value(f, w, padded(rows * width));
          scatter(w.y, y, row, rows, byteColumn, width);
        });
  }

  /** {@code dx = f'(x) dy + beta dx}. */
  static void backward(
      Workshop shop, Activation f, Operand x, Operand dy, float beta, Operand dx) {
    run(
        shop,
        x,
        x.contiguous && dy.contiguous && dx.contiguous,
        (w, row, rows, byteColumn, width) -> {
          gather(x, row, rows, byteColumn, width, w.x);
          FloatActivations.derivative(f, w, padded(rows * width));
          gather(dy, row, rows, byteColumn, width, w.x);
          for (int r = 0; r < rows; r++) {
            long to = dx.start + (row + r) * dx.stride + byteColumn;
            addProduct(w.x, w.y, r * width, width, beta, dx.segment, to);
          }
        });
  }

  /** Some rows, or a piece of one row, that fit a block. */
  @FunctionalInterface
  private interface Block {
    void run(FloatBlocks w, long row, int rows, long byteColumn, int width);
  }

  private static void run(Workshop shop, Operand x, boolean flat, Block block) {
    long size = (long) x.rows * x.columns;
    Grid grid = flat ? new Grid(1, size) : new Grid(x.rows, x.columns);
    int rowsPerBlock = (int) Math.max(1, FloatBlocks.SIZE / grid.columns);
    shop.run(
        grid.tasks(),
        WEIGHT * size,
        (task, scratch) -> {
          long column = grid.firstColumn(task);
          long endColumn = column + grid.width(task);
          long endRow = grid.endRow(task);
          for (long r = grid.firstRow(task); r < endRow; r += rowsPerBlock) {
            int rows = (int) Math.min(rowsPerBlock, endRow - r);
            for (long c = column; c < endColumn; c += FloatBlocks.SIZE) {
              int width = (int) Math.min(FloatBlocks.SIZE, endColumn - c);
              block.run(scratch.floatBlocks, r, rows, c * BYTES, width);
            }
          }
        });
  }

  private static int padded(int n) {
    return (n + LENGTH - 1) / LENGTH * LENGTH;
  }

  private static void gather(
      Operand x, long row, int rows, long byteColumn, int width, float[] target) {
    for (int r = 0; r < rows; r++) {
      read(x.segment, x.start + (row + r) * x.stride + byteColumn, target, r * width, width);
    }
  }

  private static void scatter(
      float[] source, Operand y, long row, int rows, long byteColumn, int width) {
    for (int r = 0; r < rows; r++) {
      write(source, r * width, y.segment, y.start + (row + r) * y.stride + byteColumn, width);
    }
  }

  /** Copies elements from memory to an array. */
  static void read(MemorySegment s, long from, float[] target, int to, int n) {
    int whole = n - n % LENGTH;
    for (int i = 0; i < whole; i += LENGTH) {
      load(s, from + (long) i * BYTES).intoArray(target, to + i);
    }
    for (int i = whole; i < n; i++) {
      target[to + i] = s.get(LAYOUT, from + (long) i * BYTES);
    }
  }

  /** Copies elements from an array to memory. */
  static void write(float[] source, int from, MemorySegment s, long to, int n) {
    int whole = n - n % LENGTH;
    for (int i = 0; i < whole; i += LENGTH) {
      store(FloatVector.fromArray(SPECIES, source, from + i), s, to + (long) i * BYTES);
    }
    for (int i = whole; i < n; i++) {
      s.set(LAYOUT, to + (long) i * BYTES, source[from + i]);
    }
  }

  private static void addProduct(
      float[] x, float[] y, int from, int n, float beta, MemorySegment s, long to) {
    int whole = n - n % LENGTH;
    for (int i = 0; i < whole; i += LENGTH) {
      FloatVector u = FloatVector.fromArray(SPECIES, x, from + i);
      FloatVector v = FloatVector.fromArray(SPECIES, y, from + i);
      merge(u.mul(v), beta, s, to + (long) i * BYTES);
    }
    for (int i = whole; i < n; i++) {
      merge(x[from + i] * y[from + i], beta, s, to + (long) i * BYTES);
    }
  }
}
