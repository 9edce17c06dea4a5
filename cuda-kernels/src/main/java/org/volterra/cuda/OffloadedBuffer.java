package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.volterra.cuda.DriverCalls.HostPointer;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;

/**
 * A buffer whose contents lie in pinned memory of the host, and which primitives see through a
 * {@link BlockRing}. Access from the host waits for all work. Thread-safe as {@link Buffer} says.
 */
final class OffloadedBuffer implements Buffer {
  private final CudaContext context;
  private final BlockRing ring;
  private final ElementType type;
  private final long length;
  private final long blockElements;
  private final PinnedMemory memory;
  private volatile boolean closed;

  /** A buffer that owns the memory, which is zeroed; between the context's enter and leave. */
  OffloadedBuffer(
      CudaContext context,
      BlockRing ring,
      ElementType type,
      long length,
      long blockElements,
      PinnedMemory memory) {
    this.context = context;
    this.ring = ring;
    this.type = type;
    this.length = length;
    this.blockElements = blockElements;
    this.memory = memory;
    context.hold();
  }

  /** The elements of a block that is shown as a whole, or 0. */
  long blockElements() {
    return blockElements;
  }

  BlockRing ring() {
    return ring;
  }

  void refuseIfClosed() {
    if (closed) {
      throw new IllegalStateException("the buffer is closed");
    }
  }

  /** The address of an element. */
  HostPointer pointer(long element) {
    return new HostPointer(memory.pointer().address() + element * type.bytes());
  }

  /** Something to do with the contents. */
  private interface Transfer {
    void run(MemorySegment contents);
  }

  private void within(boolean writes, Transfer transfer) {
    context.enter();
    try {
      refuseIfClosed();
      context.refuseWhileCapturing("reads or writes a buffer from the host");
      ring.settle(this, writes);
      transfer.run(memory.segment());
    } finally {
      context.leave();
    }
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
    Objects.checkIndex(index, length);
    double[] value = new double[1];
    within(
        false,
        s ->
            value[0] =
                switch (type) {
                  case FLOAT32 -> s.getAtIndex(JAVA_FLOAT, index);
                  case FLOAT64 -> s.getAtIndex(JAVA_DOUBLE, index);
                  case INT32 -> s.getAtIndex(JAVA_INT, index);
                  case BFLOAT16 -> Bfloat16.widen(s.getAtIndex(JAVA_SHORT, index));
                });
    return value[0];
  }

  @Override
  public void set(long index, double value) {
    Objects.checkIndex(index, length);
    within(
        true,
        s -> {
          switch (type) {
            case FLOAT32 -> s.setAtIndex(JAVA_FLOAT, index, (float) value);
            case FLOAT64 -> s.setAtIndex(JAVA_DOUBLE, index, value);
            case INT32 -> s.setAtIndex(JAVA_INT, index, (int) value);
            case BFLOAT16 -> s.setAtIndex(JAVA_SHORT, index, Bfloat16.narrow(value));
          }
        });
  }

  @Override
  public void upload(MemorySegment source, long sourceByteOffset, long offset, long count) {
    Objects.checkFromIndexSize(offset, count, length);
    within(true, s -> type.copy(source, sourceByteOffset, s, offset * type.bytes(), count));
  }

  @Override
  public void download(long offset, MemorySegment target, long targetByteOffset, long count) {
    Objects.checkFromIndexSize(offset, count, length);
    within(false, s -> type.copy(s, offset * type.bytes(), target, targetByteOffset, count));
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    context.enter();
    try {
      if (closed) {
        return;
      }
      context.refuseWhileCapturing("closes a buffer");
      closed = true;
      try {
        ring.forget(this);
      } finally {
        try {
          memory.free();
        } finally {
          context.release();
        }
      }
    } finally {
      context.leave();
    }
  }

  @Override
  public String toString() {
    return type + "[" + length + "] in memory of the host" + (closed ? ", closed" : "");
  }
}
