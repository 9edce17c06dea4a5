package org.volterra.cuda;

import java.lang.foreign.MemorySegment;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import org.volterra.cuda.DriverCalls.DevicePointer;

/**
 * What a check of indices outside of a recording found: the host waits for it alone, while the
 * device goes on. Between the context's enter and leave.
 */
final class IndexCheck {
  private final PinnedMemory found;
  private final CUevent arrived;

  IndexCheck() {
    found = PinnedMemory.allocate(IndexChecks.SLOT_BYTES);
    try {
      arrived = DriverCalls.createEvent();
    } catch (RuntimeException e) {
      found.free();
      throw e;
    }
  }

  void queueDownload(DevicePointer slot, CUstream stream) {
    DriverCalls.copyToHost(found.pointer(), slot, IndexChecks.SLOT_BYTES, stream);
    DriverCalls.record(arrived, stream);
  }

  /** The position and the index, when they are there. */
  MemorySegment await(String after) {
    DriverCalls.synchronize(arrived, after);
    return found.segment();
  }

  void free() {
    try {
      DriverCalls.destroy(arrived);
    } finally {
      found.free();
    }
  }
}
