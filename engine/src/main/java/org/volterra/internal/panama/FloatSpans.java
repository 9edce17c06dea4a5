package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Drives elementwise kernels over matrices of any stride. A kernel sees whole vectors only; what is
 * left of a row is copied to a padded vector in scratch memory, goes through the same kernel, and
 * is copied back.
 */
final class FloatSpans extends BlockJob {
  private final Operand[] x = new Operand[4];
  private Span span;
  private int count;
  private int read;
  private int written;

  /**
   * An elementwise kernel on up to four operands; those that it does not need are the last one
   * again.
   */
  @FunctionalInterface
  interface Span {
    /** Works on {@code bytes} bytes of each operand, a multiple of {@link FloatSpecies#WIDTH}. */
    void run(
        MemorySegment a,
        long i,
        MemorySegment b,
        long j,
        MemorySegment c,
        long k,
        MemorySegment d,
        long l,
        int bytes);

    /** Has the kernel compiled, if that was not done before. */
    default void warmUp() {}
  }

  /**
   * Binds a kernel to one to four operands.
   *
   * @param toRead bit set of the operands that the kernel reads
   * @param toWrite bit set of the operands that it writes
   * @param operands how many of the operands are given; the others are ignored
   */
  FloatSpans with(
      Span kernel,
      int toRead,
      int toWrite,
      int operands,
      Operand a,
      Operand b,
      Operand c,
      Operand d) {
    span = kernel;
    read = toRead;
    written = toWrite;
    count = operands;
    x[0] = a;
    x[1] = count > 1 ? b : a;
    x[2] = count > 2 ? c : x[1];
    x[3] = count > 3 ? d : x[2];
    boolean flat = a.contiguous && x[1].contiguous && x[2].contiguous && x[3].contiguous;
    shape(a.rows, a.columns, flat, count);
    return this;
  }

  @Override
  void warmUp() {
    span.warmUp();
  }

  @Override
  void block(long firstRow, long endRow, long firstColumn, int width, Scratch scratch) {
    for (long r = firstRow; r < endRow; r++) {
      row(span, x, r, firstColumn * BYTES, width, count, read, written, scratch.segment);
    }
  }

  private static void row(
      Span span,
      Operand[] x,
      long r,
      long column,
      int width,
      int count,
      int read,
      int written,
      MemorySegment scratch) {
    long a = x[0].start + r * x[0].stride + column;
    long b = x[1].start + r * x[1].stride + column;
    long c = x[2].start + r * x[2].stride + column;
    long d = x[3].start + r * x[3].stride + column;
    int rest = width % LENGTH;
    int whole = (width - rest) * BYTES;
    if (whole > 0) {
      span.run(x[0].segment, a, x[1].segment, b, x[2].segment, c, x[3].segment, d, whole);
    }
    if (rest > 0) {
      copyIn(x, 0, a + whole, rest, read, scratch);
      copyIn(x, 1, b + whole, rest, count > 1 ? read : 0, scratch);
      copyIn(x, 2, c + whole, rest, count > 2 ? read : 0, scratch);
      copyIn(x, 3, d + whole, rest, count > 3 ? read : 0, scratch);
      int last = count - 1;
      span.run(
          scratch,
          0,
          scratch,
          Math.min(1, last) * WIDTH,
          scratch,
          Math.min(2, last) * WIDTH,
          scratch,
          Math.min(3, last) * WIDTH,
          WIDTH);
      copyOut(x, 0, a + whole, rest, written, scratch);
      copyOut(x, 1, b + whole, rest, count > 1 ? written : 0, scratch);
      copyOut(x, 2, c + whole, rest, count > 2 ? written : 0, scratch);
      copyOut(x, 3, d + whole, rest, count > 3 ? written : 0, scratch);
    }
  }

  private static void copyIn(
      Operand[] x, int i, long from, int n, int mask, MemorySegment scratch) {
    if ((mask >> i & 1) != 0) {
      if (from + WIDTH <= x[i].segment.byteSize()) {
        // what lies beyond is not used
        FloatVector.fromMemorySegment(SPECIES, x[i].segment, from, ORDER)
            .intoMemorySegment(scratch, (long) i * WIDTH, ORDER);
      } else {
        copy(x[i].segment, from, scratch, (long) i * WIDTH, n);
      }
    }
  }

  private static void copyOut(Operand[] x, int i, long to, int n, int mask, MemorySegment scratch) {
    if ((mask >> i & 1) != 0) {
      copy(scratch, (long) i * WIDTH, x[i].segment, to, n);
    }
  }

  /** Copies a few elements. */
  static void copy(MemorySegment source, long from, MemorySegment target, long to, int n) {
    for (int i = 0; i < n; i++) {
      target.set(LAYOUT, to + (long) i * BYTES, source.get(LAYOUT, from + (long) i * BYTES));
    }
  }
}
