package org.volterra.spi;

/**
 * Reads a few numbers from a device without waiting for what is queued after them. Not thread-safe.
 */
public interface Readout extends AutoCloseable {
  /**
   * Queues the copy: the numbers are read as the primitives that were called until now leave them.
   */
  void request();

  /**
   * Waits for the last {@link #request} alone.
   *
   * @param target receives the numbers
   * @throws IllegalArgumentException if it has another length
   * @throws IllegalStateException if nothing was requested
   */
  void await(double[] target);

  /** Returns the memory. Closing twice is harmless. */
  @Override
  void close();
}
