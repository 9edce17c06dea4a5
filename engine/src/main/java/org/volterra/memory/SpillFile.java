package org.volterra.memory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Opens the file behind a {@link MappedMemory}.
 *
 * <p>The file loses its name as soon as it is open, so that nothing is left when the process ends,
 * however it ends. Where a file in use cannot lose its name it keeps one with the number of the
 * process, and is removed on close, or by the next process that comes to the folder. All of its
 * bytes are written before it is used: a disk that is full says so here, and not as a fault of the
 * memory in the middle of a training step.
 */
final class SpillFile {
  private static final String PREFIX = "volterra-";
  private static final String SUFFIX = ".history";
  private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d{1,18})-.*\\" + SUFFIX);
  private static final int CHUNK = 1 << 22;

  /** An open file, and its path if it still has one. */
  record Opened(FileChannel channel, Path path) {}

  private SpillFile() {}

  /** Makes a file of that many zeros. */
  static Opened create(Path folder, long bytes) {
    if (!Files.isDirectory(folder)) {
      throw failure(
          folder, bytes, Files.exists(folder) ? "it is not a folder" : "no such folder", null);
    }
    removeStale(folder);
    requireSpace(folder, bytes);
    Path path = null;
    FileChannel channel = null;
    try {
      path = Files.createTempFile(folder, PREFIX + ProcessHandle.current().pid() + "-", SUFFIX);
      channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      Path named = unlink(path);
      fill(channel, bytes);
      return new Opened(channel, named);
    } catch (IOException e) {
      discard(channel, path);
      throw failure(folder, bytes, reason(e), e);
    }
  }

  /** Takes the file's name away, if that is possible; returns what is left of its path. */
  private static Path unlink(Path path) {
    try {
      Files.delete(path);
      return null;
    } catch (IOException e) {
      return path;
    }
  }

  private static void fill(FileChannel channel, long bytes) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(CHUNK, bytes));
    long left = bytes;
    while (left > 0) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), left));
      left -= channel.write(zeros);
    }
  }

  private static void requireSpace(Path folder, long bytes) {
    long free;
    try {
      free = Files.getFileStore(folder).getUsableSpace();
    } catch (IOException e) {
      return; // some file systems do not tell; writing the zeros will show
    }
    if (free < bytes) {
      throw failure(
          folder, bytes, String.format(Locale.ROOT, "its disk has %,d bytes free", free), null);
    }
  }

  /** Removes files of processes that are gone. */
  private static void removeStale(Path folder) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, PREFIX + "*" + SUFFIX)) {
      for (Path file : files) {
        Matcher name = NAME.matcher(file.getFileName().toString());
        if (name.matches()
            && ProcessHandle.of(Long.parseLong(name.group(1)))
                .filter(ProcessHandle::isAlive)
                .isEmpty()) {
          unlink(file);
        }
      }
    } catch (IOException | java.nio.file.DirectoryIteratorException e) {
      return; // a folder that cannot be listed may still be written to
    }
  }

  /** Closes and removes a file that is of no use. */
  static void discard(FileChannel channel, Path path) {
    try {
      if (channel != null) {
        channel.close();
      }
      if (path != null) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove the history file " + path, e);
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "permission denied";
      case FileSystemException other when other.getReason() != null -> other.getReason();
      default -> e.getMessage() == null ? e.toString() : e.getMessage();
    };
  }

  /** Says why there is no file. */
  static UncheckedIOException failure(Path folder, long bytes, String reason, IOException cause) {
    String message =
        String.format(
            Locale.ROOT, "cannot keep %,d bytes of history in %s: %s", bytes, folder, reason);
    return new UncheckedIOException(message, new IOException(message, cause));
  }
}
