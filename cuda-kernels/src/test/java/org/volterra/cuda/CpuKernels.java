package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** Kernels compiled for the CPU, launched with the arguments of {@code cuLaunchKernel}. */
final class CpuKernels {
  private static final FunctionDescriptor RUN =
      FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS);

  private final Arena arena;
  private final SymbolLookup library;

  @SuppressWarnings("restricted")
  CpuKernels(Path library, Arena arena) {
    this.arena = arena;
    this.library = SymbolLookup.libraryLookup(library, arena);
  }

  /**
   * Runs a kernel.
   *
   * @param arguments Integer, Long, Float, Double, or MemorySegment for a pointer
   * @return what went wrong, or an empty text
   */
  @SuppressWarnings("restricted")
  String run(
      String kernel, int[] grid, int[] block, long sharedBytes, long seed, Object... arguments) {
    MemorySegment values = arena.allocate(8L * arguments.length, 8);
    MemorySegment addresses = arena.allocate(8L * arguments.length, 8);
    for (int i = 0; i < arguments.length; i++) {
      long offset = 8L * i;
      switch (arguments[i]) {
        case Integer value -> values.set(ValueLayout.JAVA_INT, offset, value);
        case Long value -> values.set(ValueLayout.JAVA_LONG, offset, value);
        case Float value -> values.set(ValueLayout.JAVA_FLOAT, offset, value);
        case Double value -> values.set(ValueLayout.JAVA_DOUBLE, offset, value);
        case MemorySegment segment -> values.set(ADDRESS, offset, segment);
        default -> throw new IllegalArgumentException("no kernel argument: " + arguments[i]);
      }
      addresses.set(ADDRESS, offset, values.asSlice(offset));
    }
    try {
      MemorySegment failure =
          (MemorySegment)
              Linker.nativeLinker()
                  .downcallHandle(library.findOrThrow("run_" + kernel), RUN)
                  .invokeExact(
                      arena.allocateFrom(JAVA_INT, grid),
                      arena.allocateFrom(JAVA_INT, block),
                      sharedBytes,
                      seed,
                      addresses);
      return failure.address() == 0 ? "" : failure.reinterpret(Long.MAX_VALUE).getString(0);
    } catch (Throwable t) {
      throw new AssertionError("cannot launch " + kernel, t);
    }
  }
}
