package org.volterra.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/** The type of the elements of a {@link Buffer}. */
public enum ElementType {
  /** IEEE 754 binary32. */
  FLOAT32(4),
  /** IEEE 754 binary64. */
  FLOAT64(8),
  /** Two's complement 32-bit integer: class labels and row indices. */
  INT32(4),
  /** {@link Bfloat16}: the upper half of a binary32. Storage only. */
  BFLOAT16(2);

  private final int bytes;

  /** Bytes from which a copy is one call of the virtual machine. */
  private static final int SMALL = 64;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /**
   * The size of one element.
   *
   * @return bytes per element
   */
  public int bytes() {
    return bytes;
  }

  /**
   * The number of bytes that {@code count} elements take.
   *
   * @param count number of elements, at least 0
   * @return {@code count * bytes()}
   * @throws IllegalArgumentException if {@code count} is negative or the product exceeds {@link
   *     Long#MAX_VALUE}
   */
  public long bytesFor(long count) {
    if (count < 0 || count > Long.MAX_VALUE / bytes) {
      throw new IllegalArgumentException(
          "count "
              + count
              + ": a buffer of "
              + this
              + " holds 0.."
              + Long.MAX_VALUE / bytes
              + " elements");
    }
    return count * bytes;
  }

  /**
   * Copies elements between segments that do not overlap, one of which may be an array.
   *
   * <p>Below {@value #SMALL} bytes {@link MemorySegment#copy(MemorySegment, long, MemorySegment,
   * long, long)} moves several elements at once in a loop of its own, and C2 (seen with JDK 25) may
   * read an array's elements before that has written them. So few elements go one by one.
   *
   * @param source where they are
   * @param sourceByteOffset where the first begins
   * @param target where they go
   * @param targetByteOffset where the first will begin
   * @param count number of elements
   * @throws IndexOutOfBoundsException if they do not lie in both segments
   */
  public void copy(
      MemorySegment source,
      long sourceByteOffset,
      MemorySegment target,
      long targetByteOffset,
      long count) {
    long size = count * bytes;
    if (size >= SMALL || (source.isNative() && target.isNative())) {
      MemorySegment.copy(source, sourceByteOffset, target, targetByteOffset, size);
      return;
    }
    Objects.checkFromIndexSize(sourceByteOffset, size, source.byteSize());
    Objects.checkFromIndexSize(targetByteOffset, size, target.byteSize());
    for (long at = 0; at < size; at += bytes) {
      long from = sourceByteOffset + at;
      long to = targetByteOffset + at;
      switch (this) {
        case FLOAT32 ->
            target.set(
                ValueLayout.JAVA_FLOAT_UNALIGNED,
                to,
                source.get(ValueLayout.JAVA_FLOAT_UNALIGNED, from));
        case FLOAT64 ->
            target.set(
                ValueLayout.JAVA_DOUBLE_UNALIGNED,
                to,
                source.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, from));
        case INT32 ->
            target.set(
                ValueLayout.JAVA_INT_UNALIGNED,
                to,
                source.get(ValueLayout.JAVA_INT_UNALIGNED, from));
        case BFLOAT16 ->
            target.set(
                ValueLayout.JAVA_SHORT_UNALIGNED,
                to,
                source.get(ValueLayout.JAVA_SHORT_UNALIGNED, from));
      }
    }
  }

  /**
   * Whether arithmetic primitives accept this type.
   *
   * @return true for {@link #FLOAT32} and {@link #FLOAT64}
   */
  public boolean isFloating() {
    return this == FLOAT32 || this == FLOAT64;
  }
}
