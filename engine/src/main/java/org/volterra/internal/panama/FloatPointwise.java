package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.merge;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
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
    FloatLoops.READ.ensure();
    passes.warmUp();
    (dy == null ? FloatLoops.WRITE : FloatLoops.ADD_PRODUCT).ensure();
  }

  @Override
  void block(long firstRow, long endRow, long firstColumn, int columns, Scratch scratch) {
    int rowsPerBlock = Math.max(1, FloatBlocks.SIZE / columns);
    long endColumn = firstColumn + columns;
    for (long r = firstRow; r < endRow; r += rowsPerBlock) {
      int rows = (int) Math.min(rowsPerBlock, endRow - r);
      for (long c = firstColumn; c < endColumn; c += FloatBlocks.SIZE) {
        int width = (int) Math.min(FloatBlocks.SIZE, endColumn - c);
        if (dy == null) {
          value(scratch.floatBlocks, r, rows, c * BYTES, width);
        } else {
          derivative(scratch.floatBlocks, r, rows, c * BYTES, width);
        }
      }
    }
  }

  /** Some rows, or a piece of one row, that fit a block. */
  private void value(FloatBlocks w, long row, int rows, long byteColumn, int width) {
    gather(x, row, rows, byteColumn, width, w.x);
    passes.run(w, padded(rows * width));
    scatter(w.y, y, row, rows, byteColumn, width);
  }

  private void derivative(FloatBlocks w, long row, int rows, long byteColumn, int width) {
    gather(x, row, rows, byteColumn, width, w.x);
    passes.run(w, padded(rows * width));
    gather(dy, row, rows, byteColumn, width, w.x);
    for (int r = 0; r < rows; r++) {
      long to = y.start + (row + r) * y.stride + byteColumn;
      addProduct(w.x, w.y, r * width, width, beta, y.segment, to);
    }
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
    if (n == 0) {
      return;
    }
    int whole = n - n % LENGTH;
    for (int i = 0; i < whole; i += LENGTH) {
      FloatVector.fromMemorySegment(SPECIES, s, from + (long) i * BYTES, ORDER)
          .intoArray(target, to + i);
    }
    for (int i = whole; i < n; i++) {
      target[to + i] = s.get(LAYOUT, from + (long) i * BYTES);
    }
  }

  /** Copies elements from an array to memory. */
  static void write(float[] source, int from, MemorySegment s, long to, int n) {
    if (n == 0) {
      return;
    }
    int whole = n - n % LENGTH;
    for (int i = 0; i < whole; i += LENGTH) {
      FloatVector.fromArray(SPECIES, source, from + i)
          .intoMemorySegment(s, to + (long) i * BYTES, ORDER);
    }
    for (int i = whole; i < n; i++) {
      s.set(LAYOUT, to + (long) i * BYTES, source[from + i]);
    }
  }

  static void addProduct(
      float[] x, float[] y, int from, int n, float beta, MemorySegment s, long to) {
    if (n == 0) {
      return;
    }
    int whole = n - n % LENGTH;
    if (beta == 0) {
      for (int i = 0; i < whole; i += LENGTH) {
        FloatVector u = FloatVector.fromArray(SPECIES, x, from + i);
        FloatVector v = FloatVector.fromArray(SPECIES, y, from + i);
        u.mul(v).intoMemorySegment(s, to + (long) i * BYTES, ORDER);
      }
    } else {
      FloatVector b = FloatVector.broadcast(SPECIES, beta);
      for (int i = 0; i < whole; i += LENGTH) {
        FloatVector u = FloatVector.fromArray(SPECIES, x, from + i);
        FloatVector v = FloatVector.fromArray(SPECIES, y, from + i);
        FloatVector w = FloatVector.fromMemorySegment(SPECIES, s, to + (long) i * BYTES, ORDER);
        w.fma(b, u.mul(v)).intoMemorySegment(s, to + (long) i * BYTES, ORDER);
      }
    }
    for (int i = whole; i < n; i++) {
      merge(x[from + i] * y[from + i], beta, s, to + (long) i * BYTES);
    }
  }
}
