package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.CUstream;
import org.volterra.cuda.DriverCalls.DevicePointer;
import org.volterra.spi.Shapes;

/**
 * What the checks of indices of a recording find: each has a slot on the device with the position
 * and the value of the first index that was outside, which stays until the host has seen it.
 * Between the context's enter and leave.
 */
final class IndexChecks {
  /** A position, −1 where all are right, and an index. */
  static final long SLOT_BYTES = 2 * Integer.BYTES;

  private static final byte NOTHING = -1;

  private record Check(String name, int bound) {}

  private final CudaContext context;
  private final List<Check> checks = new ArrayList<>();
  private final DevicePointer slots;
  private final PinnedMemory found;
  private final int most;

  /** Room for so many checks, at least 1. */
  IndexChecks(CudaContext context, int most) {
    this.context = context;
    this.most = most;
    this.slots = context.memory().allocate(most * SLOT_BYTES, "checks of indices");
    try {
      this.found = PinnedMemory.allocate(most * SLOT_BYTES);
    } catch (RuntimeException e) {
      context.memory().free(slots, most * SLOT_BYTES);
      throw e;
    }
    reset(context.stream());
  }

  private void reset(CUstream stream) {
    DriverCalls.fill(slots, NOTHING, most * SLOT_BYTES, stream);
  }

  /** The address of the slot of one more check. */
  long next(String name, int bound) {
    if (checks.size() == most) {
      context.refuseWhileCapturing("checks more indices than it did before");
    }
    checks.add(new Check(name, bound));
    return slots.address() + (checks.size() - 1) * SLOT_BYTES;
  }

  boolean isEmpty() {
    return checks.isEmpty();
  }

  void queueDownload(CUstream stream) {
    DriverCalls.copyToHost(found.pointer(), slots, most * SLOT_BYTES, stream);
  }

  /**
   * Looks at what came.
   *
   * @throws IndexOutOfBoundsException if an index was outside
   */
  void examine(CUstream stream) {
    MemorySegment all = found.segment();
    for (int i = 0; i < checks.size(); i++) {
      int position = all.getAtIndex(JAVA_INT, 2L * i);
      if (position >= 0) {
        reset(stream);
        Check check = checks.get(i);
        Shapes.index(check.name(), position, all.getAtIndex(JAVA_INT, 2L * i + 1), check.bound());
      }
    }
  }

  void free() {
    context.forget(this);
    try {
      found.free();
    } finally {
      context.memory().free(slots, most * SLOT_BYTES);
    }
  }
}
