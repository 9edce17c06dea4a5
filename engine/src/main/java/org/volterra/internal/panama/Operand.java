package org.volterra.internal.panama;

import java.lang.foreign.MemorySegment;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.Matrix;

/** A matrix in host memory as kernels see it: a segment, and offsets and strides in bytes. */
final class Operand {
  final MemorySegment segment;
  final long start;
  final long stride;
  final int rows;
  final int columns;
  final boolean contiguous;

  /** Whether the loops of a product with this result were brought to the compiler. */
  boolean isWarm;

  private Operand repeated;

  private Operand(
      MemorySegment segment, long start, long stride, int rows, int columns, boolean contiguous) {
    this.segment = segment;
    this.start = start;
    this.stride = stride;
    this.rows = rows;
    this.columns = columns;
    this.contiguous = contiguous;
  }

  /**
   * A view of a matrix, made once and then kept with it.
   *
   * @throws IllegalArgumentException if its buffer is not in host memory
   * @throws IllegalStateException if its buffer is closed
   */
  static Operand of(Matrix m) {
    if (!(m.buffer() instanceof HostBuffer buffer)) {
      throw new IllegalArgumentException("the buffer " + m.buffer() + " is not in host memory");
    }
    MemorySegment segment = buffer.segment();
    if (m.attachment() instanceof Operand known) {
      return known;
    }
    int bytes = buffer.type().bytes();
    Operand operand =
        new Operand(
            segment,
            m.offset() * bytes,
            m.stride() * bytes,
            m.rows(),
            m.columns(),
            m.isContiguous());
    m.attach(operand);
    return operand;
  }

  /** This vector repeated as every row of a matrix. */
  Operand repeated(int times) {
    Operand known = repeated;
    if (known == null || known.rows != times) {
      known = new Operand(segment, start, 0, times, columns, times == 1);
      repeated = known;
    }
    return known;
  }
}
