package org.volterra.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * NumPy's npy files, one array each: versions 1.0, 2.0 and 3.0, floating-point (2, 4, 8 bytes),
 * signed and unsigned integer (1, 2, 4, 8 bytes) and boolean elements, both byte orders, C and
 * Fortran order. Structured, complex, text and object arrays are refused.
 */
public final class NpyFile {
  private NpyFile() {}

  /**
   * Reads an array onto the heap.
   *
   * @param file the file
   * @return the array, little-endian in C order
   * @throws MalformedFileException if the content is not a well-formed npy file of a known type
   * @throws IOException if the file cannot be read, or has more than 8 (2^31 - 9) bytes of data
   */
  public static Tensor read(Path file) throws IOException {
    return read(
        file,
        bytes -> {
          long words = Math.ceilDiv(bytes, Long.BYTES);
          if (words > Integer.MAX_VALUE - 8) {
            throw new IOException(
                file + " has " + bytes + " bytes of data; give an arena to read it off the heap");
          }
          return MemorySegment.ofArray(new long[(int) words]).asSlice(0, bytes);
        });
  }

  /**
   * Reads an array into memory of the given arena, aligned to 64 bytes.
   *
   * @param file the file
   * @param arena owns the elements; the tensor is valid until it is closed
   * @return the array, little-endian in C order
   * @throws MalformedFileException if the content is not a well-formed npy file of a known type
   * @throws IOException if the file cannot be read
   * @throws IllegalStateException if the arena is closed
   */
  public static Tensor read(Path file, Arena arena) throws IOException {
    Objects.requireNonNull(arena, "arena");
    return read(file, bytes -> arena.allocate(bytes, 64));
  }

  /**
   * Writes an array in C order as version 1.0, atomically (see {@link AtomicFiles#write}).
   *
   * @param file the file to create or replace
   * @param tensor the array; any type but {@link DType#BF16}, which NumPy does not know
   * @throws IllegalArgumentException if the type is {@link DType#BF16}
   * @throws IOException if the file cannot be written; a file that was there is then unchanged
   */
  public static void write(Path file, Tensor tensor) throws IOException {
    String descr =
        tensor
            .dtype()
            .numpyDescr()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "tensor's type is " + tensor.dtype() + ", which npy files cannot hold"));
    byte[] header = NpyHeader.encode(descr, tensor.shape());
    AtomicFiles.write(
        file,
        (FileChannel channel) -> {
          AtomicFiles.writeFully(channel, ByteBuffer.wrap(header));
          AtomicFiles.writeFully(channel, tensor.data());
        });
  }

  private interface Allocator {
    MemorySegment allocate(long bytes) throws IOException;
  }

  private static Tensor read(Path file, Allocator allocator) throws IOException {
    try (Arena mapping = Arena.ofConfined();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), mapping);
      NpyHeader header = NpyHeader.parse(file, bytes);
      MemorySegment source = bytes.asSlice(header.dataStart());
      MemorySegment target = allocator.allocate(source.byteSize());
      if (header.fortranOrder() && header.shape().length > 1) {
        transpose(source, target, header);
      } else {
        target.copyFrom(source);
      }
      if (header.bigEndian()) {
        reverseBytes(target, header.dtype().byteSize());
      }
      return new Tensor(header.dtype(), header.shape(), target);
    }
  }

  /**
   * Gathers the elements of a Fortran-order source in C order, walking the index like a counter.
   */
  private static void transpose(MemorySegment source, MemorySegment target, NpyHeader header) {
    int size = header.dtype().byteSize();
    long[] shape = header.shape();
    long[] stride = new long[shape.length];
    long step = size;
    for (int axis = 0; axis < shape.length; axis++) {
      stride[axis] = step;
      step *= shape[axis];
    }
    long[] index = new long[shape.length];
    long from = 0;
    long end = target.byteSize();
    for (long to = 0; to < end; to += size) {
      MemorySegment.copy(source, from, target, to, size);
      int axis = shape.length - 1;
      index[axis]++;
      from += stride[axis];
      while (axis > 0 && index[axis] == shape[axis]) {
        from -= index[axis] * stride[axis];
        index[axis] = 0;
        axis--;
        index[axis]++;
        from += stride[axis];
      }
    }
  }

  /** Turns big-endian elements into little-endian ones, in place. */
  private static void reverseBytes(MemorySegment data, int size) {
    long count = data.byteSize() / size;
    ByteOrder big = ByteOrder.BIG_ENDIAN;
    ByteOrder little = ByteOrder.LITTLE_ENDIAN;
    ValueLayout layout =
        switch (size) {
          case Short.BYTES -> ValueLayout.JAVA_SHORT_UNALIGNED;
          case Integer.BYTES -> ValueLayout.JAVA_INT_UNALIGNED;
          case Long.BYTES -> ValueLayout.JAVA_LONG_UNALIGNED;
          default -> ValueLayout.JAVA_BYTE;
        };
    MemorySegment.copy(data, layout.withOrder(big), 0, data, layout.withOrder(little), 0, count);
  }
}
