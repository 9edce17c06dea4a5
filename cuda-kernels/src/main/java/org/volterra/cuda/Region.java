package org.volterra.cuda;

import org.volterra.spi.Matrix;

/**
 * Elements of an {@link OffloadedBuffer}: rows of columns, a stride apart; a single row where they
 * follow one another without gaps.
 *
 * @param buffer the buffer
 * @param offset the first element
 * @param rows number of rows
 * @param columns elements of a row
 * @param stride elements from one row to the next
 */
record Region(OffloadedBuffer buffer, long offset, int rows, long columns, long stride) {
  /** What a matrix shows. */
  static Region of(Matrix m) {
    OffloadedBuffer buffer = (OffloadedBuffer) m.buffer();
    return m.isContiguous()
        ? new Region(buffer, m.offset(), 1, m.size(), m.size())
        : new Region(buffer, m.offset(), m.rows(), m.columns(), m.stride());
  }

  private long end() {
    return offset + (rows - 1) * stride + columns;
  }

  /** Whether two regions may have an element in common; exact where strides are the same. */
  boolean overlaps(Region other) {
    if (buffer != other.buffer || end() <= other.offset || other.end() <= offset) {
      return false;
    }
    if (rows == 1 || other.rows == 1 || stride != other.stride) {
      return true;
    }
    long left = offset % stride;
    long otherLeft = other.offset % stride;
    boolean wraps = left + columns > stride || otherLeft + other.columns > stride;
    return wraps || (left < otherLeft + other.columns && otherLeft < left + columns);
  }
}
