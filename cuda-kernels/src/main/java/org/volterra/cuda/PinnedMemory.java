package org.volterra.cuda;

import java.lang.foreign.MemorySegment;
import org.volterra.cuda.DriverCalls.HostPointer;

/**
 * Memory of the host that the device reads and writes by itself, page-locked. Between the context's
 * enter and leave.
 */
final class PinnedMemory {
  private final HostPointer pointer;
  private final long bytes;

  private PinnedMemory(HostPointer pointer, long bytes) {
    this.pointer = pointer;
    this.bytes = bytes;
  }

  static PinnedMemory allocate(long bytes) {
    return new PinnedMemory(DriverCalls.allocateHost(bytes), bytes);
  }

  /** The memory; touching it after {@link #free} ends the process. */
  @SuppressWarnings("restricted")
  MemorySegment segment() {
    return MemorySegment.ofAddress(pointer.address()).reinterpret(bytes);
  }

  HostPointer pointer() {
    return pointer;
  }

  void free() {
    DriverCalls.freeHost(pointer, bytes);
  }
}
