package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUevent;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Readout;
import org.volterra.spi.Shapes;

/** Numbers that the device writes to pinned memory of the host, and an event that says when. */
final class CudaReadout implements Readout {
  private final CudaContext context;
  private final Matrix source;
  private final PinnedMemory memory;
  private final CUevent arrived;
  private boolean requested;
  private boolean closed;

  private CudaReadout(CudaContext context, Matrix source, PinnedMemory memory, CUevent arrived) {
    this.context = context;
    this.source = source;
    this.memory = memory;
    this.arrived = arrived;
  }

  static CudaReadout of(CudaContext context, Matrix source) {
    Shapes.check("source", source, ElementType.FLOAT64, 1, source.columns());
    context.enter();
    try {
      context.address(source);
      PinnedMemory memory = PinnedMemory.allocate(source.size() * Double.BYTES);
      try {
        CUevent arrived = DriverCalls.createEvent();
        context.hold();
        return new CudaReadout(context, source, memory, arrived);
      } catch (RuntimeException e) {
        memory.free();
        throw e;
      }
    } finally {
      context.leave();
    }
  }

  private void refuseIfClosed() {
    if (closed) {
      throw new IllegalStateException("the readout is closed");
    }
  }

  @Override
  public void request() {
    context.enter();
    try {
      refuseIfClosed();
      context.refuseWhileCapturing("reads a buffer from the host");
      context.address(source); // refuses a buffer that is closed
      DevicePointer from = ((CudaBuffer) source.buffer()).pointer();
      DriverCalls.copyToHost(
          memory.pointer(),
          from.withByteOffset(source.offset() * Double.BYTES),
          source.size() * Double.BYTES,
          context.stream());
      context.queueIndexChecks();
      DriverCalls.record(arrived, context.stream());
      requested = true;
    } finally {
      context.leave();
    }
  }

  @Override
  public void await(double[] target) {
    if (target.length != source.size()) {
      throw new IllegalArgumentException(
          "target has " + target.length + " elements: " + source.size() + " are read");
    }
    context.enter();
    try {
      refuseIfClosed();
      if (!requested) {
        throw new IllegalStateException("nothing was requested");
      }
      DriverCalls.synchronize(arrived, context.afterLast());
      context.examineIndexChecks();
      MemorySegment.copy(memory.segment(), JAVA_DOUBLE, 0, target, 0, target.length);
    } finally {
      context.leave();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    context.letGo(() -> {
      closed = true;
      try {
        if (requested) {
          DriverCalls.synchronize(arrived, context.afterLast());
        }
        DriverCalls.destroy(arrived);
      } finally {
        memory.free();
      }
    });
  }
}
