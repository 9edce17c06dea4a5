package org.volterra.memory;

import java.lang.foreign.MemorySegment;

/** Memory of the host that a {@link HostBuffer} may lie in. */
sealed interface MemoryBlock extends AutoCloseable permits NativeMemory, MappedMemory {
  /** The memory; {@link IllegalStateException} once it is closed. */
  MemorySegment segment();

  /** Whether {@link #close} has been called. */
  boolean isClosed();

  /** Returns the memory. Closing twice is harmless. */
  @Override
  void close();
}
