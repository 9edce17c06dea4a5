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
  /** Loads of 16 bytes: what is aligned to them in the buffer is so in a slot, and else not. */
  static final int PACK_BYTES = 16;

  /** What a matrix shows. */
  static Region of(Matrix m) {
    OffloadedBuffer buffer = (OffloadedBuffer) m.buffer();
    return m.isContiguous()
        ? new Region(buffer, m.offset(), 1, m.size(), m.size())
        : new Region(buffer, m.offset(), m.rows(), m.columns(), m.stride());
  }

  /** Whether this lies in one block of the buffer. */
  boolean isInBlock() {
    long size = buffer.blockElements();
    return size > 0 && rows == 1 && offset / size == (end() - 1) / size;
  }

  /** The block that this lies in, or this itself where it lies in none. */
  Region block() {
    if (!isInBlock()) {
      return this;
    }
    long size = buffer.blockElements();
    long begin = offset / size * size;
    long count = Math.min(size, buffer.length() - begin);
    return new Region(buffer, begin, 1, count, count);
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

  private int pack() {
    return PACK_BYTES / buffer.type().bytes();
  }

  /** Elements that are left free at the beginning of a slot. */
  long lead() {
    return offset % pack();
  }

  /** Elements from one row to the next in a slot. */
  long pitch() {
    return rows == 1 ? columns : columns + (stride - columns) % pack();
  }

  /** The bytes that this takes of a slot. */
  long slotBytes() {
    return buffer.type().bytes() * (lead() + (rows - 1) * pitch() + columns);
  }
}
