package org.volterra.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One block of memory that lies in a file of its own: zeroed, page-aligned, counted, and gone with
 * its file on {@link #close}, or when the process ends in any other way.
 *
 * <p>The operating system keeps in memory what fits, writes back what does not, and reads ahead
 * where pages are touched in order. Blocks may be used and closed from any thread.
 */
public final class MappedMemory implements MemoryBlock {
  private static final AtomicLong LIVE_BYTES = new AtomicLong();

  private final Arena arena;
  private final MemorySegment segment;
  private final Path path;
  private volatile boolean closed;

  private MappedMemory(Arena arena, MemorySegment mapped, Path path) {
    this.arena = arena;
    this.segment = plain(mapped, arena);
    this.path = path;
  }

  /**
   * The same memory as a segment of the class that all other native memory has, so that the
   * kernels' call sites see one class only.
   */
  @SuppressWarnings("restricted")
  private static MemorySegment plain(MemorySegment mapped, Arena arena) {
    return MemorySegment.ofAddress(mapped.address()).reinterpret(mapped.byteSize(), arena, null);
  }

  /**
   * Makes a file in a folder and maps it. All of its bytes are written before this returns, so that
   * a full disk is found here.
   *
   * @param folder an existing folder
   * @param bytes the size of the block, at least 1
   * @return the block, owned by the caller
   * @throws IllegalArgumentException if {@code bytes} is not positive
   * @throws UncheckedIOException if there is no such folder, it cannot be written to, or its disk
   *     has not enough room; the message says which, and gives the numbers
   */
  public static MappedMemory create(Path folder, long bytes) {
    Objects.requireNonNull(folder, "folder");
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes " + bytes + ": a mapped file has at least 1 byte");
    }
    SpillFile.Opened file = SpillFile.create(folder, bytes);
    @SuppressWarnings("MustBeClosedChecker") // the block that is returned closes it
    Arena arena = Arena.ofShared();
    try (FileChannel channel = file.channel()) {
      MemorySegment mapped = channel.map(MapMode.READ_WRITE, 0, bytes, arena);
      MappedMemory memory = new MappedMemory(arena, mapped, file.path());
      LIVE_BYTES.addAndGet(bytes);
      return memory;
    } catch (IOException e) {
      arena.close();
      SpillFile.discard(null, file.path());
      throw SpillFile.failure(folder, bytes, "it cannot be mapped (" + e.getMessage() + ")", e);
    }
  }

  /**
   * The bytes of all open mapped files of this process; {@link NativeMemory#liveBytes} does not
   * count them.
   *
   * @return a count in bytes
   */
  public static long liveBytes() {
    return LIVE_BYTES.get();
  }

  /**
   * The size of the block.
   *
   * @return a count in bytes
   */
  public long bytes() {
    return segment.byteSize();
  }

  /**
   * The memory.
   *
   * @return all bytes of the block
   * @throws IllegalStateException if the block is closed
   */
  @Override
  public MemorySegment segment() {
    if (closed) {
      throw new IllegalStateException(
          "this mapped file of " + segment.byteSize() + " bytes is closed");
    }
    return segment;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arena.close();
      LIVE_BYTES.addAndGet(-segment.byteSize());
      SpillFile.discard(null, path);
    }
  }
}
