package org.volterra.internal.panama;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicReference;
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
    /** The block that a caller who computes alone takes and puts back without a lock. */
    private final AtomicReference<Scratch> nearest = new AtomicReference<>();

    private final ArrayDeque<Scratch> free = new ArrayDeque<>();
    private volatile boolean closed;

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

    Scratch borrow() {
      Scratch s = nearest.getAndSet(null);
      return s == null ? another() : s;
    }

    private synchronized Scratch another() {
      if (closed) {
        throw new IllegalStateException("this provider is closed");
      }
      Scratch s = free.pollLast();
      return s == null ? new Scratch() : s;
    }

    void giveBack(Scratch s) {
      if (!nearest.compareAndSet(null, s)) {
        putAway(s);
      } else if (closed) {
        closeNearest(); // unless close() has found it
      }
    }

    private synchronized void putAway(Scratch s) {
      if (closed) {
        s.close();
      } else {
        free.addLast(s);
      }
    }

    private void closeNearest() {
      Scratch s = nearest.getAndSet(null);
      if (s != null) {
        s.close();
      }
    }

    @Override
    public synchronized void close() {
      closed = true;
      closeNearest();
      for (Scratch s : free) {
        s.close();
      }
      free.clear();
    }
  }
}
