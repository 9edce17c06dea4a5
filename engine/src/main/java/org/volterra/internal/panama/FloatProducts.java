package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/** Products of a matrix and a vector, bound by memory: every element of the matrix is read once. */
@SuppressWarnings("cast")
final class FloatProducts extends Workshop.Bound {
  /** Columns of one task of the block axpy; its sums stay in the first-level cache. */
  private static final int BLOCK = 1024;

  /** Rows that are added together. */
  static final int ROWS = 4;

  /** Where scratch memory has four sums, and copies of rows, behind the sums of a block. */
  private static final long CHAINS = BLOCK * (long) BYTES;

  private static final long COPIES = CHAINS + 4 * WIDTH;

  private enum Kind {
    ROWS,
    BLOCK_AXPY,
    RANK_ONE
  }

  private final Grid grid = new Grid();
  private Kind kind;
  private float alpha;
  private float beta;
  private Operand a;
  private Operand x;
  private Operand y;
  private int rowsPerTask;

  private FloatProducts bind(
      Kind what, double factor, Operand matrix, Operand first, double keep, Operand second) {
    kind = what;
    alpha = (float) factor;
    beta = (float) keep;
    a = matrix;
    x = first;
    y = second;
    return this;
  }

  @Override
  void run(Workshop shop) {
    long size = (long) a.rows * a.columns;
    boolean isLarge = size >= FloatWarmUp.LEAST_ELEMENTS && a.columns >= LENGTH;
    switch (kind) {
      case ROWS -> shop.run((a.rows + rowsPerTask - 1) / rowsPerTask, size, this);
      case BLOCK_AXPY -> {
        if (isLarge) {
          FloatLoops.axpys(a.rows);
        }
        shop.run((a.columns + BLOCK - 1) / BLOCK, size, this);
      }
      case RANK_ONE -> {
        if (isLarge) {
          FloatLoops.AXPY_1.ensure();
        }
        shop.run(grid.tasks(), size, this);
      }
    }
  }

  @Override
  public void run(int task, Scratch scratch) {
    switch (kind) {
      case ROWS -> someRows(task);
      case BLOCK_AXPY -> block(task, scratch.segment);
      case RANK_ONE -> piece(task);
    }
  }

  /** Binds {@code y = alpha a x + beta y}: one inner product for each row. */
  FloatProducts rows(double factor, Operand m, Operand from, double keep, Operand to) {
    rowsPerTask = Math.max(1, Grid.GRAIN / m.columns);
    return bind(Kind.ROWS, factor, m, from, keep, to);
  }

  private void someRows(int task) {
    int end = Math.min(a.rows, (task + 1) * rowsPerTask);
    int i = task * rowsPerTask;
    if (a.columns < LENGTH) {
      for (; i + ROWS <= end; i += ROWS) {
        shortRows(i);
      }
    }
    for (; i < end; i++) {
      float sum = inner(a.segment, a.start + i * a.stride, x.segment, x.start, a.columns);
      merge(sum * alpha, beta, y.segment, y.start + (long) i * BYTES);
    }
  }

  /** Four rows that do not fill a vector: their sums do not wait for each other. */
  private void shortRows(int first) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    long row = a.start + first * a.stride;
    for (int j = 0; j < a.columns; j++) {
      float factor = x.segment.get(LAYOUT, x.start + (long) j * BYTES);
      long at = row + (long) j * BYTES;
      s0 = Math.fma(a.segment.get(LAYOUT, at), factor, s0);
      s1 = Math.fma(a.segment.get(LAYOUT, at + a.stride), factor, s1);
      s2 = Math.fma(a.segment.get(LAYOUT, at + 2 * a.stride), factor, s2);
      s3 = Math.fma(a.segment.get(LAYOUT, at + 3 * a.stride), factor, s3);
    }
    long to = y.start + (long) first * BYTES;
    merge(s0 * alpha, beta, y.segment, to);
    merge(s1 * alpha, beta, y.segment, to + BYTES);
    merge(s2 * alpha, beta, y.segment, to + 2L * BYTES);
    merge(s3 * alpha, beta, y.segment, to + 3L * BYTES);
  }

  /**
   * Inner product of two contiguous vectors: four chains of vectors, then the lanes, then what is
   * left.
   */
  private static float inner(MemorySegment a, long i, MemorySegment x, long j, int n) {
    float sum = 0;
    long o = 0;
    int left = n;
    if (n >= LENGTH) { // sums of vectors that no loop is entered with would be objects
      FloatVector s0 = splat(0);
      FloatVector s1 = splat(0);
      FloatVector s2 = splat(0);
      FloatVector s3 = splat(0);
      for (; left >= 4 * LENGTH; left -= 4 * LENGTH) {
        s0 = load(a, i + o).fma(load(x, j + o), s0);
        s1 = load(a, i + o + WIDTH).fma(load(x, j + o + WIDTH), s1);
        s2 = load(a, i + o + 2 * WIDTH).fma(load(x, j + o + 2 * WIDTH), s2);
        s3 = load(a, i + o + 3 * WIDTH).fma(load(x, j + o + 3 * WIDTH), s3);
        o += 4 * WIDTH;
      }
      for (; left >= LENGTH; left -= LENGTH) {
        s0 = load(a, i + o).fma(load(x, j + o), s0);
        o += WIDTH;
      }
      sum = FloatReduce.sum(s0.add(s1).add(s2.add(s3)));
    }
    for (; left > 0; left--) {
      sum = Math.fma(a.get(LAYOUT, i + o), x.get(LAYOUT, j + o), sum);
      o += BYTES;
    }
    return sum;
  }

  /**
   * Binds {@code y = alpha aᵀ x + beta y}: the sum of the rows of a weighted by x, in blocks of
   * columns.
   */
  FloatProducts blockAxpy(double factor, Operand m, Operand from, double keep, Operand to) {
    return bind(Kind.BLOCK_AXPY, factor, m, from, keep, to);
  }

  private void block(int task, MemorySegment t) {
    int width = Math.min(BLOCK, a.columns - task * BLOCK);
    long column = (long) task * BLOCK * BYTES;
    int whole = width / LENGTH * WIDTH;
    long first = a.start + column;
    if (whole > 0) {
      FloatElementwise.fill(t, 0, (float) 0, whole);
      wholeVectors(first, t, whole);
    }
    int left = width % LENGTH;
    if (left > 0) {
      lastVector(first + whole, left, t, whole);
    }
    long to = y.start + column;
    FloatElementwise.axpby(alpha, t, 0, beta, y.segment, to, whole);
    for (int o = whole; o < width * BYTES; o += BYTES) {
      merge(t.get(LAYOUT, o) * alpha, beta, y.segment, to + o);
    }
  }

  private void wholeVectors(long first, MemorySegment t, int bytes) {
    int i = 0;
    for (; i + ROWS <= a.rows; i += ROWS) {
      long row = first + i * a.stride;
      axpy4(x.segment, x.start + (long) i * BYTES, a.segment, row, a.stride, t, bytes);
    }
    for (; i < a.rows; i++) {
      float factor = x.segment.get(LAYOUT, x.start + (long) i * BYTES);
      axpy(factor, a.segment, first + i * a.stride, t, 0, bytes);
    }
  }

  /**
   * The columns that do not fill a vector, to t at o. Vectors are loaded whole; what they hold
   * beside these columns comes to nothing. The last rows, beyond which memory may end, are loaded
   * from copies, so that the sums have the same order wherever the matrix lies.
   */
  private void lastVector(long first, int columns, MemorySegment t, int o) {
    long last = a.segment.byteSize() - WIDTH - first;
    long fit = last < 0 ? 0 : Math.min(a.rows, last / Math.max(1, a.stride) + 1);
    int inPlace = (int) fit / 4 * 4;
    int left = a.rows - inPlace;
    FloatElementwise.fill(t, CHAINS, (float) 0, 4 * WIDTH);
    weigh(x.segment, x.start, a.segment, first, a.stride, inPlace, t);
    for (int i = 0; i < left; i++) {
      long row = first + (inPlace + i) * a.stride;
      FloatSpans.copy(a.segment, row, t, COPIES + (long) i * WIDTH, columns);
    }
    weigh(x.segment, x.start + (long) inPlace * BYTES, t, COPIES, WIDTH, left, t);
    FloatVector even = load(t, CHAINS).add(load(t, CHAINS + WIDTH));
    FloatVector odd = load(t, CHAINS + 2 * WIDTH).add(load(t, CHAINS + 3 * WIDTH));
    store(even.add(odd), t, o);
  }

  /** Adds Σ x_i a_i over rows of one vector to the four chains. */
  private static void weigh(
      MemorySegment x, long at, MemorySegment a, long row, long stride, int rows, MemorySegment t) {
    FloatVector s0 = load(t, CHAINS);
    FloatVector s1 = load(t, CHAINS + WIDTH);
    FloatVector s2 = load(t, CHAINS + 2 * WIDTH);
    FloatVector s3 = load(t, CHAINS + 3 * WIDTH);
    int left = rows;
    for (; left >= 4; left -= 4) {
      s0 = load(a, row).fma(splat(x.get(LAYOUT, at)), s0);
      s1 = load(a, row + stride).fma(splat(x.get(LAYOUT, at + BYTES)), s1);
      s2 = load(a, row + 2 * stride).fma(splat(x.get(LAYOUT, at + 2 * BYTES)), s2);
      s3 = load(a, row + 3 * stride).fma(splat(x.get(LAYOUT, at + 3 * BYTES)), s3);
      row += 4 * stride;
      at += 4 * BYTES;
    }
    for (; left > 0; left--) {
      s0 = load(a, row).fma(splat(x.get(LAYOUT, at)), s0);
      row += stride;
      at += BYTES;
    }
    store(s0, t, CHAINS);
    store(s1, t, CHAINS + WIDTH);
    store(s2, t, CHAINS + 2 * WIDTH);
    store(s3, t, CHAINS + 3 * WIDTH);
  }

  /** Adds four rows of whole vectors, weighted by x, to t. */
  static void axpy4(
      MemorySegment x,
      long at,
      MemorySegment a,
      long row,
      long stride,
      MemorySegment t,
      int bytes) {
    if (bytes == 0) {
      return;
    }
    FloatVector x0 = FloatVector.broadcast(SPECIES, x.get(LAYOUT, at));
    FloatVector x1 = FloatVector.broadcast(SPECIES, x.get(LAYOUT, at + BYTES));
    FloatVector x2 = FloatVector.broadcast(SPECIES, x.get(LAYOUT, at + 2 * BYTES));
    FloatVector x3 = FloatVector.broadcast(SPECIES, x.get(LAYOUT, at + 3 * BYTES));
    for (int o = 0; o < bytes; o += WIDTH) {
      FloatVector s = FloatVector.fromMemorySegment(SPECIES, t, o, ORDER);
      s = FloatVector.fromMemorySegment(SPECIES, a, row + o, ORDER).fma(x0, s);
      s = FloatVector.fromMemorySegment(SPECIES, a, row + stride + o, ORDER).fma(x1, s);
      s = FloatVector.fromMemorySegment(SPECIES, a, row + 2 * stride + o, ORDER).fma(x2, s);
      FloatVector last = FloatVector.fromMemorySegment(SPECIES, a, row + 3 * stride + o, ORDER);
      last.fma(x3, s).intoMemorySegment(t, o, ORDER);
    }
  }

  /** {@code y += factor * x} on whole vectors. */
  static void axpy(float factor, MemorySegment x, long i, MemorySegment y, long j, int bytes) {
    if (bytes == 0) {
      return;
    }
    FloatVector f = FloatVector.broadcast(SPECIES, factor);
    for (int o = 0; o < bytes; o += WIDTH) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, x, i + o, ORDER);
      FloatVector sum = v.fma(f, FloatVector.fromMemorySegment(SPECIES, y, j + o, ORDER));
      sum.intoMemorySegment(y, j + o, ORDER);
    }
  }

  /** Binds {@code a += alpha x yᵀ}. */
  FloatProducts rankOne(double factor, Operand from, Operand along, Operand to) {
    grid.cut(to.rows, to.columns);
    return bind(Kind.RANK_ONE, factor, to, from, 1, along);
  }

  private void piece(int task) {
    long column = grid.firstColumn(task) * BYTES;
    int width = grid.width(task);
    int whole = width / LENGTH * WIDTH;
    for (long i = grid.firstRow(task); i < grid.endRow(task); i++) {
      float factor = alpha * x.segment.get(LAYOUT, x.start + i * BYTES);
      long row = a.start + i * a.stride + column;
      axpy(factor, y.segment, y.start + column, a.segment, row, whole);
      for (int o = whole; o < width * BYTES; o += BYTES) {
        float sum =
            Math.fma(
                y.segment.get(LAYOUT, y.start + column + o),
                factor,
                a.segment.get(LAYOUT, row + o));
        a.segment.set(LAYOUT, row + o, sum);
      }
    }
  }
}
