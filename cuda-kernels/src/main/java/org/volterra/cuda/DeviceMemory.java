package org.volterra.cuda;

import java.util.Locale;
import org.volterra.cuda.DriverCalls.DevicePointer;

/**
 * The memory of a device: counted, within a budget, every block returned. Not thread-safe; the
 * context's lock protects it.
 */
final class DeviceMemory {
  private final long budget;
  private long live;
  private int blocks;

  DeviceMemory(long budget) {
    this.budget = budget;
  }

  /**
   * Takes a block; its contents are anything.
   *
   * @throws IllegalStateException if it exceeds the budget or the device has no room, with the
   *     numbers
   */
  DevicePointer allocate(long bytes, String what) {
    if (bytes > budget - live) {
      throw new IllegalStateException(
          numbers(what, bytes) + "; the budget (-D" + CudaComputeProvider.BUDGET + ") forbids it");
    }
    DevicePointer pointer = new DevicePointer();
    int status = DriverCalls.allocate(pointer, bytes);
    if (status == CudaException.OUT_OF_MEMORY) {
      long[] memory = DriverCalls.memory();
      throw new CudaException(
          numbers(what, bytes)
              + String.format(
                  Locale.ROOT,
                  "; the device has %,d of %,d bytes free, in pieces that may be smaller",
                  memory[0],
                  memory[1]),
          status);
    }
    DriverCalls.check("cuMemAlloc", status, bytes + " bytes");
    live += bytes;
    blocks++;
    return pointer;
  }

  private String numbers(String what, long bytes) {
    return String.format(
        Locale.ROOT,
        "not enough device memory for %s of %,d bytes: %,d of %,d bytes are in use, in %,d blocks",
        what,
        bytes,
        live,
        budget,
        blocks);
  }

  /** Gives a block back; waits for work that may use it. */
  void free(DevicePointer pointer, long bytes) {
    live -= bytes;
    blocks--;
    DriverCalls.free(pointer, bytes);
  }

  long liveBytes() {
    return live;
  }

  long budget() {
    return budget;
  }
}
