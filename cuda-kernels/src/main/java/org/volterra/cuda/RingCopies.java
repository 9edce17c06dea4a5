package org.volterra.cuda;

import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;

/**
 * Copies between memory of the host and the slots of a {@link BlockRing}, on a stream for each
 * direction. A copy to a slot waits for the last work on it and until what was written back of the
 * slot, or to that part of the host's memory, is there; the stream of all work waits for the copy.
 * A copy back waits for the last work on its slot. Between the context's enter and leave.
 */
final class RingCopies {
  private static final int MOST_SAVES = 64;

  private record Saved(Region region, RingSlot slot) {}

  private final CudaContext context;

  /** What was written back, in order, and the stream to the device has not waited for. */
  private final List<Saved> saves = new ArrayList<>();

  private CUstream toDevice;
  private CUstream toHost;

  RingCopies(CudaContext context) {
    this.context = context;
  }

  /** Takes the streams; {@link #close} returns those that there are if this fails. */
  void open() {
    toDevice = DriverCalls.createStream();
    toHost = DriverCalls.createStream();
  }

  /** Copies a region to a slot. */
  void fill(RingSlot slot, Region region) {
    DriverCalls.await(slot.used, toDevice);
    awaitSaves(slot, region);
    copy(slot, region, true);
    DriverCalls.record(slot.filled, toDevice);
    DriverCalls.await(slot.filled, context.stream());
    slot.saving = false;
  }

  /** The stream to the device waits until a slot and a part of the host's memory are written. */
  private void awaitSaves(RingSlot slot, Region region) {
    int done = saves.size() > MOST_SAVES ? saves.size() : 0;
    for (int i = saves.size() - 1; i >= done; i--) {
      if (saves.get(i).slot == slot || saves.get(i).region.overlaps(region)) {
        done = i + 1;
      }
    }
    if (done > 0) {
      DriverCalls.await(saves.get(done - 1).slot.saved, toDevice);
      saves.subList(0, done).clear();
    }
  }

  /** Writes back what kernels wrote to a slot, if they did. */
  void save(RingSlot slot) {
    if (slot.dirty) {
      DriverCalls.await(slot.used, toHost);
      copy(slot, slot.region, false);
      DriverCalls.record(slot.saved, toHost);
      saves.add(new Saved(slot.region, slot));
      slot.dirty = false;
      slot.saving = true;
    }
  }

  private void copy(RingSlot slot, Region region, boolean in) {
    long size = region.buffer().type().bytes();
    DriverCalls.HostPointer host = region.buffer().pointer(region.offset());
    CUdeviceptr device = slot.memory.withByteOffset(region.lead() * size);
    long width = region.columns() * size;
    context.countCopy(width * region.rows());
    if (region.rows() > 1) {
      long wide = region.stride() * size;
      long dense = region.pitch() * size;
      if (in) {
        DriverCalls.copyToDevice(device, dense, host, wide, width, region.rows(), toDevice);
      } else {
        DriverCalls.copyToHost(host, wide, device, dense, width, region.rows(), toHost);
      }
    } else if (in) {
      DriverCalls.copyToDevice(device, host, width, toDevice);
    } else {
      DriverCalls.copyToHost(host, device, width, toHost);
    }
  }

  /** Waits for all copies. */
  void finish() {
    synchronize();
    saves.clear();
  }

  /** Waits until nothing touches a buffer's memory. */
  void forget(OffloadedBuffer buffer) {
    saves.removeIf(saved -> saved.region.buffer() == buffer);
    synchronize();
  }

  private void synchronize() {
    if (toDevice != null) {
      DriverCalls.synchronize(toDevice, "copies to the device");
      DriverCalls.synchronize(toHost, "copies to the host");
    }
  }

  /** Waits for all copies and returns the streams. */
  void close() {
    CUstream first = toDevice;
    CUstream second = toHost;
    toDevice = null;
    toHost = null;
    try {
      end(first);
    } finally {
      end(second);
    }
  }

  private static void end(CUstream stream) {
    if (stream != null) {
      try {
        DriverCalls.synchronize(stream, "copies of offloaded histories");
      } finally {
        DriverCalls.destroyStream(stream);
      }
    }
  }
}
