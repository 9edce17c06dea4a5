package org.volterra.memory;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;

/** A {@link Buffer} in native memory of the host: what the CPU providers compute on. */
public final class HostBuffer implements Buffer {
  private final ElementType type;
  private final long length;
  private final MemoryBlock memory;

  private HostBuffer(ElementType type, long length, MemoryBlock memory) {
    this.type = type;
    this.length = length;
    this.memory = memory;
  }

  /**
   * Allocates a buffer filled with zeros, aligned to {@link NativeMemory#ALIGNMENT}.
   *
   * @param type element type
   * @param length number of elements, at least 1
   * @return a new open buffer owned by the caller
   * @throws IllegalArgumentException if {@code length} is not positive or its bytes overflow
   * @throws IllegalStateException if there is not enough memory
   */
  public static HostBuffer allocate(ElementType type, long length) {
    if (length < 1) {
      throw new IllegalArgumentException("length " + length + ": a buffer has at least 1 element");
    }
    return new HostBuffer(type, length, NativeMemory.allocate(type.bytesFor(length)));
  }

  /**
   * Makes a buffer of memory that lies in a file, filled with zeros.
   *
   * @param type element type
   * @param memory the mapped file, owned by the buffer from now on
   * @return a new open buffer owned by the caller, of as many elements as the memory holds
   */
  public static HostBuffer over(ElementType type, MappedMemory memory) {
    return new HostBuffer(type, memory.bytes() / type.bytes(), memory);
  }

  /**
   * The memory, in native byte order.
   *
   * @return {@link #bytes} bytes
   * @throws IllegalStateException if the buffer is closed
   */
  public MemorySegment segment() {
    return memory.segment();
  }

  @Override
  public ElementType type() {
    return type;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public double get(long index) {
    MemorySegment s = segment();
    Objects.checkIndex(index, length);
    return switch (type) {
      case FLOAT32 -> s.getAtIndex(JAVA_FLOAT, index);
      case FLOAT64 -> s.getAtIndex(JAVA_DOUBLE, index);
      case INT32 -> s.getAtIndex(JAVA_INT, index);
      case BFLOAT16 -> Bfloat16.widen(s.getAtIndex(JAVA_SHORT, index));
    };
  }

  @Override
  public void set(long index, double value) {
    MemorySegment s = segment();
    Objects.checkIndex(index, length);
    switch (type) {
      case FLOAT32 -> s.setAtIndex(JAVA_FLOAT, index, (float) value);
      case FLOAT64 -> s.setAtIndex(JAVA_DOUBLE, index, value);
      case INT32 -> s.setAtIndex(JAVA_INT, index, (int) value);
      case BFLOAT16 -> s.setAtIndex(JAVA_SHORT, index, Bfloat16.narrow(value));
    }
  }

  @Override
  public void upload(MemorySegment source, long sourceByteOffset, long offset, long count) {
    Objects.checkFromIndexSize(offset, count, length);
    type.copy(source, sourceByteOffset, segment(), offset * type.bytes(), count);
  }

  @Override
  public void download(long offset, MemorySegment target, long targetByteOffset, long count) {
    Objects.checkFromIndexSize(offset, count, length);
    type.copy(segment(), offset * type.bytes(), target, targetByteOffset, count);
  }

  @Override
  public boolean isClosed() {
    return memory.isClosed();
  }

  @Override
  public void close() {
    memory.close();
  }

  @Override
  public String toString() {
    return type + "[" + length + "]" + (isClosed() ? " closed" : "");
  }
}
