package org.volterra.spi;

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
   * Whether arithmetic primitives accept this type.
   *
   * @return true for {@link #FLOAT32} and {@link #FLOAT64}
   */
  public boolean isFloating() {
    return this == FLOAT32 || this == FLOAT64;
  }
}
