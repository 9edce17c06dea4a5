package org.volterra.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A safetensors file, mapped read-only: tensors are views of the file and cost no heap.
 *
 * <p>The whole header is checked when the file is opened: its length (at most 100 MB), strict JSON
 * and UTF-8, known types, and offsets that tile the data without hole or overlap. What is open can
 * be read without further checks. While it is open, nobody may shorten the file (replacing it by
 * renaming, as {@link AtomicFiles} does, is safe): the platform then fails the access with an
 * {@link InternalError}.
 *
 * <p>Safe from any thread. {@link #close} unmaps the file; afterwards tensors and this object throw
 * {@link IllegalStateException}. Closing twice is harmless.
 */
public final class SafetensorsFile implements AutoCloseable {
  private final Path file;
  private final Arena arena;
  private final MemorySegment bytes;
  private final SafetensorsHeader header;
  private final List<String> names;
  private final AtomicBoolean closed = new AtomicBoolean();

  private SafetensorsFile(Path file, Arena arena, MemorySegment bytes, SafetensorsHeader header) {
    this.file = file;
    this.arena = arena;
    this.bytes = bytes;
    this.header = header;
    this.names = List.copyOf(header.entries().keySet());
  }

  /**
   * Maps a file and checks its header.
   *
   * @param file the file
   * @return the open file, to be closed by the caller
   * @throws MalformedFileException if the content is not a well-formed safetensors file
   * @throws IOException if the file cannot be opened or mapped
   */
  public static SafetensorsFile open(Path file) throws IOException {
    @SuppressWarnings("MustBeClosedChecker") // owned and closed by the object that is returned
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new SafetensorsFile(file, arena, bytes, SafetensorsHeader.parse(file, bytes));
    } catch (Throwable failure) {
      arena.close();
      throw failure;
    }
  }

  /**
   * The names of the tensors.
   *
   * @return an immutable list in header order
   */
  public List<String> names() {
    return names;
  }

  /**
   * The file's {@code __metadata__}.
   *
   * @return an immutable map in header order, empty if the file has none
   */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * A tensor as a view of the mapped file.
   *
   * @param name one of {@link #names}
   * @return the tensor, valid until this file is closed
   * @throws IllegalArgumentException if the file has no such tensor
   * @throws IllegalStateException if the file is closed
   */
  public Tensor tensor(String name) {
    if (closed.get()) {
      throw new IllegalStateException(file + " is closed; read its tensors before closing it");
    }
    SafetensorsHeader.Entry entry = header.entries().get(name);
    if (entry == null) {
      throw new IllegalArgumentException(
          "name is \"" + name + "\"; the tensors of " + file + " are " + names);
    }
    long begin = header.dataStart() + entry.begin();
    return new Tensor(
        entry.dtype(), entry.shape(), bytes.asSlice(begin, entry.end() - entry.begin()));
  }

  /** Unmaps the file. Calling it again does nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      arena.close();
    }
  }
}
