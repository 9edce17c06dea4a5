package org.volterra.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.Objects;

/**
 * Replaces files as a whole or not at all.
 *
 * <p>The content goes to a temporary file in the target's folder, is forced to the device, and
 * takes the target's name by an atomic rename; then the folder is forced too (not on Windows, which
 * has no such operation). Whoever opens the target, at any moment and after any crash, sees the
 * complete old file or the complete new one. If writing fails, the temporary file is removed and
 * the old file stays. A killed process can leave a file named {@code .NAME.HEX.tmp}, which nothing
 * reads.
 *
 * <p>A new file has the default permissions. A target that is a symbolic link keeps being one: the
 * file it leads to is replaced. Two writers of one target do not disturb each other; the last
 * rename wins.
 */
public final class AtomicFiles {
  /** Keeps the temporary name below every file system's limit. */
  private static final int MAX_NAME_PART = 40;

  private static final boolean FOLDERS_CAN_BE_FORCED =
      !System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows");
  private static final SecureRandom RANDOM = new SecureRandom();

  private AtomicFiles() {}

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface Body {
    /**
     * Writes everything to a fresh, empty file; the caller forces and closes it.
     *
     * @param channel the file, open for writing at position 0
     * @throws IOException if writing fails; the target is then left as it was
     */
    void writeTo(FileChannel channel) throws IOException;
  }

  /**
   * Creates or replaces a file with what the body writes.
   *
   * @param target the file; its folder must exist
   * @param body writes the content; called once, on this thread
   * @throws NoSuchFileException if the target's folder does not exist
   * @throws IOException if the target is a folder, or writing, forcing or renaming fails; only if
   *     the very last step, forcing the folder, fails is the new file in place already
   */
  public static void write(Path target, Body body) throws IOException {
    Objects.requireNonNull(body, "body");
    Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
    Path folder = real.getParent();
    if (folder == null || Files.isDirectory(real)) {
      throw new FileSystemException(target.toString(), null, "is a folder; a file is needed");
    }
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException(target.toString(), null, folder + " is not an existing folder");
    }
    Path temporary = folder.resolve(temporaryName(real));
    try (FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      body.writeTo(channel);
      channel.force(true);
    } catch (Throwable failure) {
      removeAfter(failure, temporary);
      throw failure;
    }
    try {
      Files.move(
          temporary, real, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (Throwable failure) {
      removeAfter(failure, temporary);
      throw failure;
    }
    forceFolder(folder);
  }

  /**
   * Creates or replaces a file with the given bytes.
   *
   * @param target the file; its folder must exist
   * @param content the new content
   * @throws IOException as {@link #write} does
   */
  public static void writeBytes(Path target, byte[] content) throws IOException {
    write(target, channel -> writeFully(channel, ByteBuffer.wrap(content)));
  }

  /**
   * Creates or replaces a file with the given text in UTF-8.
   *
   * @param target the file; its folder must exist
   * @param content the new content
   * @throws IOException as {@link #write} does
   */
  public static void writeString(Path target, String content) throws IOException {
    writeBytes(target, content.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes all remaining bytes of a buffer, for bodies of {@link #write}.
   *
   * @param channel where to
   * @param bytes the buffer; consumed
   * @throws IOException if writing fails
   */
  public static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Writes all bytes of a segment, for bodies of {@link #write}. The segment may be larger than 2
   * GiB; no copy of it is made.
   *
   * @param channel where to
   * @param bytes a segment of any size and kind
   * @throws IOException if writing fails
   */
  public static void writeFully(FileChannel channel, MemorySegment bytes) throws IOException {
    SegmentChunks.forEach(bytes, chunk -> writeFully(channel, chunk));
  }

  private static String temporaryName(Path target) {
    String name = target.getFileName().toString();
    String part = name.substring(0, Math.min(name.length(), MAX_NAME_PART));
    return "." + part + "." + Long.toHexString(RANDOM.nextLong()) + ".tmp";
  }

  private static void removeAfter(Throwable failure, Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException alsoFailed) {
      failure.addSuppressed(alsoFailed);
    }
  }

  private static void forceFolder(Path folder) throws IOException {
    if (FOLDERS_CAN_BE_FORCED) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }
}
