package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * Copies and transposes of blocks of a matrix.
 *
 * <p>A square of as many rows as a vector has lanes is transposed by interleaving: with the bits of
 * the row index before those of the column index, interleaving rows i and i + n/2 into rows 2i and
 * 2i + 1 rotates the bits by one, and log2 n rotations exchange the two indices.
 */
final class FloatPack {
  /** Lanes 0, 0, 1, 1, … of the lower and of the upper half, and every second lane. */
  private static final VectorShuffle<Float> LOWER = VectorShuffle.fromOp(SPECIES, i -> i / 2);

  private static final VectorShuffle<Float> UPPER =
      VectorShuffle.fromOp(SPECIES, i -> LENGTH / 2 + i / 2);

  private static final VectorMask<Float> ODD = VectorMask.fromLong(SPECIES, 0xaaaaaaaaL);

  /** Bytes of a square. */
  private static final long SQUARE = LENGTH * (long) WIDTH;

  /** Scratch memory for the intermediate squares of a transpose: the end of a block of scratch. */
  private static final long SQUARES = Scratch.BYTES - 2 * SQUARE;

  private FloatPack() {}

  /**
   * Row p of the target is row p of the block, and what follows it up to a whole vector: elements
   * that are there to be ignored, where the segment has them.
   */
  static void copy(
      MemorySegment s,
      long from,
      long stride,
      int rows,
      int width,
      MemorySegment target,
      long to,
      long rowBytes) {
    if (rows == 0) {
      return;
    }
    int padded = (width + LENGTH - 1) / LENGTH * WIDTH;
    int p = 0;
    for (; p < rows && from + padded <= s.byteSize(); p++) {
      for (int o = 0; o < padded; o += WIDTH) {
        FloatVector.fromMemorySegment(SPECIES, s, from + o, ORDER)
            .intoMemorySegment(target, to + o, ORDER);
      }
      from += stride;
      to += rowBytes;
    }
    for (; p < rows; p++) {
      FloatSpans.copy(s, from, target, to, width);
      from += stride;
      to += rowBytes;
    }
  }

  /** The same for rows of 4 vectors, that lie side by side in the target. */
  static void copyWide(
      MemorySegment s, long from, long stride, int rows, MemorySegment target, long to) {
    if (rows == 0) {
      return;
    }
    for (int p = 0; p < rows; p++) {
      FloatVector v0 = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
      FloatVector v1 = FloatVector.fromMemorySegment(SPECIES, s, from + WIDTH, ORDER);
      FloatVector v2 = FloatVector.fromMemorySegment(SPECIES, s, from + 2 * WIDTH, ORDER);
      FloatVector v3 = FloatVector.fromMemorySegment(SPECIES, s, from + 3 * WIDTH, ORDER);
      v0.intoMemorySegment(target, to, ORDER);
      v1.intoMemorySegment(target, to + WIDTH, ORDER);
      v2.intoMemorySegment(target, to + 2 * WIDTH, ORDER);
      v3.intoMemorySegment(target, to + 3 * WIDTH, ORDER);
      from += stride;
      to += 4 * WIDTH;
    }
  }

  /**
   * Row p of the target is column p of the block, which has {@code height} rows and {@code width}
   * columns.
   *
   * @param t scratch memory, of which the last two squares are used
   */
  static void transpose(
      MemorySegment s,
      long from,
      long stride,
      int height,
      int width,
      MemorySegment target,
      long to,
      long rowBytes,
      MemorySegment t) {
    int wholeRows = height / LENGTH * LENGTH;
    int wholeColumns = width / LENGTH * LENGTH;
    for (int j = 0; j < wholeRows; j += LENGTH) {
      for (int p = 0; p < wholeColumns; p += LENGTH) {
        long at = from + j * stride + (long) p * BYTES;
        square(s, at, stride, target, to + p * rowBytes + (long) j * BYTES, rowBytes, t);
      }
    }
    for (int j = 0; j < height; j++) {
      for (int p = j < wholeRows ? wholeColumns : 0; p < width; p++) {
        float value = s.get(LAYOUT, from + j * stride + (long) p * BYTES);
        target.set(LAYOUT, to + p * rowBytes + (long) j * BYTES, value);
      }
    }
  }

  private static void square(
      MemorySegment s,
      long from,
      long stride,
      MemorySegment target,
      long to,
      long rowBytes,
      MemorySegment t) {
    if (LENGTH == 2) {
      interleave(s, from, stride, target, to, rowBytes);
      return;
    }
    interleave(s, from, stride, t, SQUARES, WIDTH);
    long at = SQUARES;
    for (int n = 4; n < LENGTH; n *= 2) {
      long other = 2 * SQUARES + SQUARE - at;
      interleave(t, at, WIDTH, t, other, WIDTH);
      at = other;
    }
    interleave(t, at, WIDTH, target, to, rowBytes);
  }

  /**
   * Rows 2i and 2i + 1 of the target are rows i and i + n/2 of the source, interleaved. A
   * rearrangement of two vectors at once would leave garbage in JDK 25.
   */
  private static void interleave(
      MemorySegment s, long from, long stride, MemorySegment target, long to, long next) {
    interleave(LENGTH / 2, s, from, stride, target, to, next);
  }

  /** The same for so many pairs of rows. */
  static void interleave(
      int n, MemorySegment s, long from, long stride, MemorySegment target, long to, long next) {
    if (n == 0) {
      return;
    }
    long half = LENGTH / 2 * stride;
    for (int i = 0; i < n; i++) {
      FloatVector x = FloatVector.fromMemorySegment(SPECIES, s, from, ORDER);
      FloatVector y = FloatVector.fromMemorySegment(SPECIES, s, from + half, ORDER);
      x.rearrange(LOWER).blend(y.rearrange(LOWER), ODD).intoMemorySegment(target, to, ORDER);
      x.rearrange(UPPER).blend(y.rearrange(UPPER), ODD).intoMemorySegment(target, to + next, ORDER);
      from += stride;
      to += 2 * next;
    }
  }

  /** The transpose of a matrix. */
  static final class Transpose extends Workshop.Bound {
    private Operand x;
    private Operand y;
    private int rowsPerTask;

    /** Binds {@code y = xᵀ}. */
    Transpose with(Operand source, Operand target) {
      x = source;
      y = target;
      rowsPerTask = (Math.max(1, Grid.GRAIN / x.columns) + LENGTH - 1) / LENGTH * LENGTH;
      return this;
    }

    @Override
    void run(Workshop shop) {
      long size = (long) x.rows * x.columns;
      if (size >= FloatWarmUp.LEAST_ELEMENTS) {
        FloatLoops.TRANSPOSE.ensure();
      }
      shop.run((x.rows + rowsPerTask - 1) / rowsPerTask, 2 * size, this);
    }

    @Override
    public void run(int task, Scratch scratch) {
      int row = task * rowsPerTask;
      int height = Math.min(rowsPerTask, x.rows - row);
      long from = x.start + row * x.stride;
      long to = y.start + (long) row * BYTES;
      MemorySegment t = scratch.segment;
      transpose(x.segment, from, x.stride, height, x.columns, y.segment, to, y.stride, t);
    }
  }
}
