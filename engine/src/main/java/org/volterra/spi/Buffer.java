package org.volterra.spi;

import java.lang.foreign.MemorySegment;

/**
 * A typed, fixed-length block of memory on a device, owned by whoever allocated it.
 *
 * <p>Reading and writing single elements from the host is for set-up, results and tests: on a
 * device other than the CPU each such access is a transfer. Buffers may be read from several
 * threads; concurrent writes need the caller's ordering. Every method but {@link #close}, {@link
 * #isClosed}, {@link #type} and {@link #length} throws {@link IllegalStateException} once the
 * buffer is closed.
 */
public interface Buffer extends AutoCloseable {
  /**
   * The element type.
   *
   * @return the element type
   */
  ElementType type();

  /**
   * The number of elements.
   *
   * @return the length in elements, at least 1
   */
  long length();

  /**
   * The size of the buffer's contents.
   *
   * @return {@code length() * type().bytes()}
   */
  default long bytes() {
    return length() * type().bytes();
  }

  /**
   * Reads one element, widened to {@code double}.
   *
   * @param index element index in [0, length)
   * @return its value
   * @throws IndexOutOfBoundsException if {@code index} lies outside the buffer
   */
  double get(long index);

  /**
   * Writes one element, rounded to the element type.
   *
   * @param index element index in [0, length)
   * @param value the value
   * @throws IndexOutOfBoundsException if {@code index} lies outside the buffer
   */
  void set(long index, double value);

  /**
   * Copies elements from the host into this buffer.
   *
   * @param source host memory holding elements of this buffer's type in native order
   * @param sourceByteOffset where they begin in {@code source}
   * @param offset first element of this buffer to write
   * @param count number of elements
   * @throws IndexOutOfBoundsException if either range is outside its memory
   */
  void upload(MemorySegment source, long sourceByteOffset, long offset, long count);

  /**
   * Copies elements of this buffer to the host.
   *
   * @param offset first element of this buffer to read
   * @param target host memory that receives elements of this buffer's type in native order
   * @param targetByteOffset where to write in {@code target}
   * @param count number of elements
   * @throws IndexOutOfBoundsException if either range is outside its memory
   */
  void download(long offset, MemorySegment target, long targetByteOffset, long count);

  /**
   * Whether {@link #close} has been called.
   *
   * @return true after close
   */
  boolean isClosed();

  /** Returns the memory. Closing twice is harmless. */
  @Override
  void close();
}
