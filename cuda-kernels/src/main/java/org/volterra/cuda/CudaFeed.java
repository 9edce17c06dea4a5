package org.volterra.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.spi.Buffer;
import org.volterra.spi.Feed;

/**
 * Brings contents to a buffer in two steps: from pinned memory to a block of the device on a stream
 * of its own, while earlier work still reads the buffer; then from there to the buffer, on the
 * stream of all work. The host writes to two blocks of pinned memory in turns.
 */
final class CudaFeed implements Feed {
  private static final int BLOCKS = 2;

  private final CudaContext context;
  private final CudaBuffer target;
  private final PinnedMemory[] host = new PinnedMemory[BLOCKS];

  /** When the device has read each block of the host. */
  private final CUevent[] read = new CUevent[BLOCKS];

  private DevicePointer staged;

  /** When the device has moved on what was staged. */
  private CUevent moved;

  private int next;
  private boolean begun;
  private boolean closed;

  private CudaFeed(CudaContext context, CudaBuffer target) {
    this.context = context;
    this.target = target;
  }

  static CudaFeed of(CudaContext context, Buffer target) {
    if (!(target instanceof CudaBuffer buffer) || buffer.context() != context) {
      throw new IllegalArgumentException(
          "the buffer " + target + " is not in the memory of this CUDA device");
    }
    CudaFeed feed = new CudaFeed(context, buffer);
    context.take("allocates a feed", feed::allocate, feed::free);
    return feed;
  }

  private void allocate() {
    staged = context.memory().allocate(target.bytes(), "a feed of " + target);
    moved = DriverCalls.createEvent();
    for (int i = 0; i < BLOCKS; i++) {
      host[i] = PinnedMemory.allocate(target.bytes());
      read[i] = DriverCalls.createEvent();
    }
  }

  private void refuseIfClosed() {
    if (closed) {
      throw new IllegalStateException("the feed is closed");
    }
  }

  @Override
  public MemorySegment begin() {
    context.enter();
    try {
      refuseIfClosed();
      DriverCalls.synchronize(read[next], "a copy to " + target);
      begun = true;
      return host[next].segment();
    } finally {
      context.leave();
    }
  }

  @Override
  public void send(long count) {
    context.enter();
    try {
      refuseIfClosed();
      context.refuseWhileCapturing("writes a buffer from the host");
      if (!begun) {
        throw new IllegalStateException("send without begin: there is nothing to be sent");
      }
      Objects.checkFromIndexSize(0, count, target.length());
      long bytes = count * target.type().bytes();
      CUstream copies = context.copyStream();
      CUstream work = context.stream();
      DriverCalls.await(moved, copies);
      DriverCalls.copyToDevice(staged, host[next].pointer(), bytes, copies);
      DriverCalls.record(read[next], copies);
      DriverCalls.await(read[next], work);
      DriverCalls.copyOnDevice(target.pointer(), staged, bytes, work);
      DriverCalls.record(moved, work);
      next = (next + 1) % BLOCKS;
      begun = false;
    } finally {
      context.leave();
    }
  }

  /** Waits for the copies and returns everything. */
  private void free() {
    try {
      freeBlock(0);
    } finally {
      try {
        freeBlock(1);
      } finally {
        freeStaged();
      }
    }
  }

  private void freeBlock(int i) {
    if (read[i] != null) {
      DriverCalls.synchronize(read[i], "a copy to " + target);
      DriverCalls.destroy(read[i]);
      read[i] = null;
    }
    if (host[i] != null) {
      host[i].free();
      host[i] = null;
    }
  }

  private void freeStaged() {
    if (moved != null) {
      // The block may be used again by copies on the other stream, which do not wait for work.
      DriverCalls.synchronize(moved, "a copy to " + target);
      DriverCalls.destroy(moved);
      moved = null;
    }
    if (staged != null) {
      DevicePointer old = staged;
      staged = null;
      context.memory().free(old, target.bytes());
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    context.letGo(() -> {
      closed = true;
      free();
    });
  }
}
