package org.volterra.cuda;

import java.lang.foreign.MemorySegment;
import org.volterra.cuda.DriverCalls.HostPointer;
import org.volterra.memory.NativeMemory;

/**
 * Memory of the host that the device reads and writes by itself, page-locked. Between the context's
 * enter and leave.
 */
final class PinnedMemory {
  private static final long PAGE_BYTES = 4096;

  private final HostPointer pointer;
  private final long bytes;

  /** What was page-locked, or null where the driver allocated. */
  private final NativeMemory owner;

  private PinnedMemory(HostPointer pointer, long bytes, NativeMemory owner) {
    this.pointer = pointer;
    this.bytes = bytes;
    this.owner = owner;
  }

  static PinnedMemory allocate(long bytes) {
    return new PinnedMemory(DriverCalls.allocateHost(bytes), bytes, null);
  }

  /**
   * Memory of any size, zeroed and counted as other native memory is, on pages of its own: JCuda
   * cannot allocate 2 GiB and more.
   */
  static PinnedMemory register(long bytes) {
    long whole = Grid.ceil(bytes, PAGE_BYTES) * PAGE_BYTES;
    NativeMemory owner = NativeMemory.allocate(Math.addExact(whole, PAGE_BYTES));
    try {
      long address = Grid.ceil(owner.segment().address(), PAGE_BYTES) * PAGE_BYTES;
      HostPointer pointer = new HostPointer(address);
      DriverCalls.register(pointer, whole);
      return new PinnedMemory(pointer, whole, owner);
    } catch (RuntimeException | Error e) {
      owner.close();
      throw e;
    }
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
    if (owner == null) {
      DriverCalls.freeHost(pointer, bytes);
      return;
    }
    try {
      DriverCalls.unregister(pointer, bytes);
    } finally {
      owner.close();
    }
  }
}
