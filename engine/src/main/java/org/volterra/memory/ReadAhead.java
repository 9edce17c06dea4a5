package org.volterra.memory;

import java.lang.foreign.MemorySegment;

/**
 * A thread that brings the part of a mapped file that is needed next into memory while the present
 * one is worked on. It starts with the first request.
 *
 * <p>It only saves waiting: results do not depend on it. Thread-safe.
 */
final class ReadAhead implements AutoCloseable {
  /** What is loaded before the thread looks for a newer request. */
  private static final long PIECE = 1 << 20;

  private Thread thread;
  private MemorySegment memory;
  private long from;
  private long end;
  private boolean closed;

  /** Asks for a part of a mapped segment; it replaces what is left of the last request. */
  synchronized void request(MemorySegment mapped, long offset, long bytes) {
    if (closed) {
      return;
    }
    memory = mapped;
    from = offset;
    end = offset + bytes;
    if (thread == null) {
      thread = new Thread(this::work, "volterra-read-ahead");
      thread.setDaemon(true);
      thread.start();
    }
    notifyAll();
  }

  private void work() {
    for (MemorySegment next = piece(); next != null; next = piece()) {
      next.load();
    }
  }

  /** Waits for something to do; null when closed. */
  private synchronized MemorySegment piece() {
    while (from >= end && !closed) {
      try {
        wait();
      } catch (InterruptedException e) {
        return null; // nobody interrupts it but to end it
      }
    }
    if (closed) {
      return null;
    }
    MemorySegment next = memory.asSlice(from, Math.min(PIECE, end - from));
    from += next.byteSize();
    return next;
  }

  /** Ends the thread and waits for it. Closing twice is harmless. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      closed = true;
      running = thread;
      notifyAll();
    }
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
