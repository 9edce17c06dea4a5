package org.volterra.internal.panama;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.volterra.memory.NativeMemory;

/**
 * A block of native memory for the intermediate results of one task; borrowed from a {@link Store}
 * and given back.
 */
final class Scratch {
  /** Size of a block. */
  static final int BYTES = 1 << 20;

  final MemorySegment segment;
  final FloatBlocks floatBlocks = new FloatBlocks();
  final DoubleBlocks doubleBlocks = new DoubleBlocks();
  private final NativeMemory memory;
  private NativeMemory large;

  private Scratch() {
    memory = NativeMemory.allocate(BYTES);
    segment = memory.segment();
  }

  /** A larger block of at least so many bytes, the same one until a larger one is asked for. */
  MemorySegment large(long bytes) {
    if (bytes <= BYTES) {
      return segment;
    }
    if (large == null || large.segment().byteSize() < bytes) {
      closeLarge();
      large = NativeMemory.allocate(bytes);
    }
    return large.segment();
  }

  private void closeLarge() {
    if (large != null) {
      large.close();
      large = null;
    }
  }

  private void close() {
    closeLarge();
    memory.close();
  }

  /**
   * The blocks of a provider: one for each of its threads, and more if several callers compute at
   * once. Thread-safe.
   */
  static final class Store implements AutoCloseable {
    private final ArrayDeque<Scratch> free = new ArrayDeque<>();
    private boolean closed;

    /** Allocates the first blocks, so that a caller who computes alone never waits for one. */
    Store(int count) {
      boolean complete = false;
      try {
        for (int i = 0; i < count; i++) {
          free.addLast(new Scratch());
        }
        complete = true;
      } finally {
        if (!complete) {
          close();
        }
      }
    }

    synchronized Scratch borrow() {
      if (closed) {
        throw new IllegalStateException("this provider is closed");
      }
      Scratch s = free.pollLast();
      return s == null ? new Scratch() : s;
    }

    synchronized void giveBack(Scratch s) {
      if (closed) {
        s.close();
      } else {
        free.addLast(s);
      }
    }

    @Override
    public synchronized void close() {
      closed = true;
      for (Scratch s : free) {
        s.close();
      }
      free.clear();
    }
  }
}
