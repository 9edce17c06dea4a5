package org.volterra.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One block of native memory: zeroed, aligned, counted, returned on {@link #close}.
 *
 * <p>Blocks may be used and closed from any thread. Closing a shared arena makes all threads of the
 * JVM meet once, so blocks are meant to be few and long-lived.
 */
public final class NativeMemory implements MemoryBlock {
  /** Alignment of every block in bytes: a cache line and the widest vector. */
  public static final long ALIGNMENT = 64;

  private static final AtomicLong LIVE_BYTES = new AtomicLong();

  private final Arena arena;
  private final MemorySegment segment;
  private final AtomicBoolean closed = new AtomicBoolean();

  private NativeMemory(Arena arena, MemorySegment segment) {
    this.arena = arena;
    this.segment = segment;
  }

  /**
   * Allocates a block filled with zeros.
   *
   * @param bytes its size, at least 1
   * @return the block, owned by the caller
   * @throws IllegalArgumentException if {@code bytes} is not positive
   * @throws IllegalStateException if the operating system or the JVM refuses; the message gives the
   *     numbers
   */
  public static NativeMemory allocate(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException(
          "bytes " + bytes + ": a block of native memory has at least 1 byte");
    }
    @SuppressWarnings("MustBeClosedChecker") // the block that is returned closes it
    Arena arena = Arena.ofShared();
    try {
      MemorySegment segment = arena.allocate(bytes, ALIGNMENT);
      LIVE_BYTES.addAndGet(bytes);
      return new NativeMemory(arena, segment);
    } catch (OutOfMemoryError | IllegalArgumentException e) {
      arena.close();
      throw new IllegalStateException(
          "no native memory for a block of "
              + bytes
              + " bytes; this process holds "
              + liveBytes()
              + " bytes in other blocks (-XX:MaxDirectMemorySize and the machine's memory limit"
              + " it)",
          e);
    }
  }

  /**
   * The bytes of all open blocks of this process.
   *
   * @return a count in bytes
   */
  public static long liveBytes() {
    return LIVE_BYTES.get();
  }

  /**
   * The memory.
   *
   * @return the whole block
   * @throws IllegalStateException if the block is closed
   */
  @Override
  public MemorySegment segment() {
    if (closed.get()) {
      throw new IllegalStateException(
          "this block of " + segment.byteSize() + " bytes of native memory is closed");
    }
    return segment;
  }

  /**
   * Whether {@link #close} has been called.
   *
   * @return true after close
   */
  @Override
  public boolean isClosed() {
    return closed.get();
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      arena.close();
      LIVE_BYTES.addAndGet(-segment.byteSize());
    }
  }
}
