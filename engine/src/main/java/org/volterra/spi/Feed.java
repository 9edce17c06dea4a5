package org.volterra.spi;

import java.lang.foreign.MemorySegment;

/**
 * Fills a buffer of a device again and again without waiting for the device: what the host writes
 * next and what the device still reads lie in different memory. Not thread-safe.
 */
public interface Feed extends AutoCloseable {
  /**
   * The host's memory for the next contents, once the device has read what it held before.
   *
   * @return memory for all elements of the buffer, in native order; valid until {@link #send}
   */
  MemorySegment begin();

  /**
   * Queues the copy of what was written. Primitives that are called later see it, those that were
   * called before do not.
   *
   * @param count elements, from the beginning of the buffer
   * @throws IndexOutOfBoundsException if the buffer has fewer
   */
  void send(long count);

  /** Returns the memory when the device has read it. Closing twice is harmless. */
  @Override
  void close();
}
