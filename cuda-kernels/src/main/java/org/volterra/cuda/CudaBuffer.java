package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;

/** A buffer in the memory of a CUDA device. Thread-safe as {@link Buffer} says. */
final class CudaBuffer implements Buffer {
  private final CudaContext context;
  private final ElementType type;
  private final long length;
  private final DevicePointer pointer;
  private volatile boolean closed;

  private CudaBuffer(CudaContext context, ElementType type, long length, DevicePointer pointer) {
    this.context = context;
    this.type = type;
    this.length = length;
    this.pointer = pointer;
  }

  /** A buffer filled with zeros. */
  static CudaBuffer allocate(CudaContext context, ElementType type, long length) {
    if (length < 1) {
      throw new IllegalArgumentException("length " + length + ": a buffer has at least 1 element");
    }
    long bytes = type.bytesFor(length);
    context.enter();
    try {
      context.refuseWhileCapturing("allocates a buffer");
      DevicePointer pointer =
          context.memory().allocate(bytes, "a buffer of " + length + " " + type);
      try {
        context.zero(pointer, bytes);
      } catch (RuntimeException e) {
        context.memory().free(pointer, bytes);
        throw e;
      }
      context.hold();
      return new CudaBuffer(context, type, length, pointer);
    } finally {
      context.leave();
    }
  }

  /** Memory of the device that somebody else owns; it is never closed. */
  static CudaBuffer window(
      CudaContext context, ElementType type, long length, DevicePointer pointer) {
    return new CudaBuffer(context, type, length, pointer);
  }

  CudaContext context() {
    return context;
  }

  DevicePointer pointer() {
    refuseIfClosed();
    return pointer;
  }

  /** The address on the device; between the context's enter and leave. */
  long address() {
    refuseIfClosed();
    return pointer.address();
  }

  void refuseIfClosed() {
    if (closed) {
      throw new IllegalStateException("the buffer is closed");
    }
  }

  /** Something to do with the context. */
  private interface Transfer {
    void run();
  }

  private void within(Transfer transfer) {
    refuseIfClosed();
    context.enter();
    try {
      refuseIfClosed();
      transfer.run();
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
    double[] value = new double[1];
    within(() -> {
      Objects.checkIndex(index, length);
      MemorySegment s = context.staging();
      context.download(pointer, index * type.bytes(), s, type.bytes());
      value[0] =
          switch (type) {
            case FLOAT32 -> s.get(JAVA_FLOAT, 0);
            case FLOAT64 -> s.get(JAVA_DOUBLE, 0);
            case INT32 -> s.get(JAVA_INT, 0);
            case BFLOAT16 -> Bfloat16.widen(s.get(JAVA_SHORT, 0));
          };
    });
    return value[0];
  }

  @Override
  public void set(long index, double value) {
    within(() -> {
      Objects.checkIndex(index, length);
      MemorySegment s = context.staging();
      switch (type) {
        case FLOAT32 -> s.set(JAVA_FLOAT, 0, (float) value);
        case FLOAT64 -> s.set(JAVA_DOUBLE, 0, value);
        case INT32 -> s.set(JAVA_INT, 0, (int) value);
        case BFLOAT16 -> s.set(JAVA_SHORT, 0, Bfloat16.narrow(value));
      }
      context.upload(s, pointer, index * type.bytes(), type.bytes());
    });
  }

  @Override
  public void upload(MemorySegment source, long sourceByteOffset, long offset, long count) {
    within(() -> {
      MemorySegment from = checked(source, sourceByteOffset, offset, count);
      for (long done = 0; done < from.byteSize(); ) {
        long bytes = from.byteSize() - done;
        MemorySegment piece = from;
        if (!from.isNative()) {
          bytes = Math.min(bytes, context.staging().byteSize());
          type.copy(from, done, context.staging(), 0, bytes / type.bytes());
          piece = context.staging();
        }
        context.upload(piece, pointer, offset * type.bytes() + done, bytes);
        done += bytes;
      }
    });
  }

  @Override
  public void download(long offset, MemorySegment target, long targetByteOffset, long count) {
    within(() -> {
      MemorySegment to = checked(target, targetByteOffset, offset, count);
      if (to.isReadOnly()) {
        throw new IllegalArgumentException("the target is read-only");
      }
      for (long done = 0; done < to.byteSize(); ) {
        long bytes = to.byteSize() - done;
        if (to.isNative()) {
          context.download(pointer, offset * type.bytes(), to, bytes);
        } else {
          bytes = Math.min(bytes, context.staging().byteSize());
          context.download(pointer, offset * type.bytes() + done, context.staging(), bytes);
          type.copy(context.staging(), 0, to, done, bytes / type.bytes());
        }
        done += bytes;
      }
    });
  }

  /** The part of the host's memory, which is there and may be touched by this thread. */
  private MemorySegment checked(MemorySegment host, long byteOffset, long offset, long count) {
    Objects.checkFromIndexSize(offset, count, length);
    MemorySegment part = host.asSlice(byteOffset, count * type.bytes());
    if (count > 0) {
      byte _ = part.get(JAVA_BYTE, 0); // fails where the arena is closed or another thread's
    }
    return part;
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
        context.memory().free(pointer, bytes());
      } finally {
        context.release();
      }
    } finally {
      context.leave();
    }
  }

  @Override
  public String toString() {
    return type + "[" + length + "] on CUDA" + (closed ? " closed" : "");
  }
}
