package org.volterra.spi;

import java.lang.foreign.MemorySegment;

/**
 * Moves elements between buffers and arrays of double, many with each transfer: on a device a
 * transfer of one element takes as long as one of thousands.
 */
final class Elements {
  /** What is converted at a time: 64 KiB of float32. */
  private static final int PIECE = 1 << 14;

  private Elements() {}

  /** Reads elements {@code offset} … of a buffer to elements {@code at} … of an array. */
  static void read(Buffer buffer, long offset, double[] values, int at, int count) {
    if (buffer.type() == ElementType.FLOAT64) {
      buffer.download(offset, MemorySegment.ofArray(values), (long) at * Double.BYTES, count);
      return;
    }
    for (int done = 0; done < count; done += PIECE) {
      readPiece(buffer, offset + done, values, at + done, Math.min(PIECE, count - done));
    }
  }

  private static void readPiece(Buffer buffer, long offset, double[] values, int at, int count) {
    switch (buffer.type()) {
      case FLOAT32 -> {
        float[] piece = new float[count];
        buffer.download(offset, MemorySegment.ofArray(piece), 0, count);
        for (int i = 0; i < count; i++) {
          values[at + i] = piece[i];
        }
      }
      case INT32 -> {
        int[] piece = new int[count];
        buffer.download(offset, MemorySegment.ofArray(piece), 0, count);
        for (int i = 0; i < count; i++) {
          values[at + i] = piece[i];
        }
      }
      case BFLOAT16 -> {
        short[] piece = new short[count];
        buffer.download(offset, MemorySegment.ofArray(piece), 0, count);
        for (int i = 0; i < count; i++) {
          values[at + i] = Bfloat16.widen(piece[i]);
        }
      }
      case FLOAT64 -> throw new AssertionError("read without a conversion");
    }
  }

  /** Writes elements {@code at} … of an array to elements {@code offset} … of a buffer. */
  static void write(double[] values, int at, Buffer buffer, long offset, int count) {
    if (buffer.type() == ElementType.FLOAT64) {
      buffer.upload(MemorySegment.ofArray(values), (long) at * Double.BYTES, offset, count);
      return;
    }
    for (int done = 0; done < count; done += PIECE) {
      int piece = Math.min(PIECE, count - done);
      buffer.upload(converted(buffer.type(), values, at + done, piece), 0, offset + done, piece);
    }
  }

  private static MemorySegment converted(ElementType type, double[] values, int at, int count) {
    return switch (type) {
      case FLOAT32 -> {
        float[] piece = new float[count];
        for (int i = 0; i < count; i++) {
          piece[i] = (float) values[at + i];
        }
        yield MemorySegment.ofArray(piece);
      }
      case INT32 -> {
        int[] piece = new int[count];
        for (int i = 0; i < count; i++) {
          piece[i] = (int) values[at + i];
        }
        yield MemorySegment.ofArray(piece);
      }
      case BFLOAT16 -> {
        short[] piece = new short[count];
        for (int i = 0; i < count; i++) {
          piece[i] = Bfloat16.narrow(values[at + i]);
        }
        yield MemorySegment.ofArray(piece);
      }
      case FLOAT64 -> throw new AssertionError("written without a conversion");
    };
  }
}
