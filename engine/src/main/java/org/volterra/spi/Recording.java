package org.volterra.spi;

/**
 * A sequence of primitives that can be run again and again with the same operands and scalars.
 *
 * <p>A provider that has to launch each primitive learns the sequence once and launches it as a
 * whole; others call the primitives again. The results are the same bits as those of direct calls.
 * Not thread-safe: confined to the thread that recorded it.
 *
 * <p>Checks of what buffers hold, which are exceptions of the calls themselves elsewhere ({@link
 * Primitives#gatherRows}, {@link Primitives#softmaxCrossEntropy}), may come later: out of the next
 * call that waits for the device, after the recording has computed with the bad index.
 */
public interface Recording extends AutoCloseable {
  /**
   * Queues the sequence once more.
   *
   * @throws IllegalStateException if it, its provider or a buffer it uses is closed
   */
  void run();

  /** Forgets the sequence. Closing twice is harmless. */
  @Override
  void close();

  /**
   * A recording that is nothing but its work, called each time.
   *
   * @param work the work
   * @return the recording
   */
  static Recording direct(Runnable work) {
    return new Recording() {
      private boolean closed;

      @Override
      public void run() {
        if (closed) {
          throw new IllegalStateException("the recording is closed");
        }
        work.run();
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }
}
