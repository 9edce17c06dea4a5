package org.volterra.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/** CRC-32C (Castagnoli) of memory and files: finds torn and rotten bytes, not forged ones. */
public final class Checksums {
  private static final int FILE_BUFFER_BYTES = 1 << 16;

  private Checksums() {}

  /**
   * The checksum of a segment's bytes.
   *
   * @param bytes a segment of any size and kind
   * @return the CRC-32C, from 0 to 2^32 - 1
   */
  public static long crc32c(MemorySegment bytes) {
    CRC32C crc = new CRC32C();
    update(crc, bytes);
    return crc.getValue();
  }

  /**
   * Adds a segment's bytes to a running checksum.
   *
   * @param crc the checksum to go on with
   * @param bytes a segment of any size and kind
   */
  public static void update(CRC32C crc, MemorySegment bytes) {
    try {
      SegmentChunks.forEach(bytes, crc::update);
    } catch (IOException e) {
      throw new UncheckedIOException("updating a checksum does no input or output", e);
    }
  }

  /**
   * The checksum of a whole file.
   *
   * @param file the file
   * @return the CRC-32C, from 0 to 2^32 - 1
   * @throws IOException if the file cannot be read
   */
  public static long crc32c(Path file) throws IOException {
    CRC32C crc = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocateDirect(FILE_BUFFER_BYTES);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      while (channel.read(buffer.clear()) >= 0) {
        crc.update(buffer.flip());
      }
    }
    return crc.getValue();
  }
}
