package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.volterra.spi.Matrix;

/**
 * Tensor maps: what tells the tensor memory accelerator how a matrix lies, so that it brings boxes
 * of it into shared memory. The driver writes them; JCuda lacks the function. Only used after the
 * probe found a driver. Not thread-safe; the context's lock protects it.
 */
final class TensorMaps {
  /** Of a map. */
  static final long BYTES = 128;

  static final long ALIGNMENT = 64;

  /** What the addresses and strides that maps take are multiples of. */
  private static final int MULTIPLE = 16;

  /** A row of a box, in elements: what the exchange of 16-byte chunks spans. */
  static final int BOX_COLUMNS = 32;

  // Of cuda.h.
  private static final int FLOAT32 = 7; // CU_TENSOR_MAP_DATA_TYPE_FLOAT32
  private static final int TFLOAT32 = 11; // CU_TENSOR_MAP_DATA_TYPE_TFLOAT32
  private static final int NO_INTERLEAVE = 0; // CU_TENSOR_MAP_INTERLEAVE_NONE
  private static final int SWIZZLE = 3; // CU_TENSOR_MAP_SWIZZLE_128B
  private static final int PROMOTION = 3; // CU_TENSOR_MAP_L2_PROMOTION_L2_256B
  private static final int ZEROS_OUTSIDE = 0; // CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE
  private static final int DIMENSIONS = 2;

  private static final String FUNCTION = "cuTensorMapEncodeTiled";
  private static final FunctionDescriptor PARAMETERS =
      FunctionDescriptor.of(
          JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS,
          JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);

  private final MethodHandle encode;
  private final MemorySegment extents;
  private final MemorySegment pitch;
  private final MemorySegment box;
  private final MemorySegment steps;

  /**
   * Finds the function in the driver.
   *
   * @param arena holds what it is called with, and has to live as long as this is used
   */
  @SuppressWarnings("restricted")
  TensorMaps(Arena arena) {
    MemorySegment function =
        SymbolLookup.libraryLookup(CudaDriver.LIBRARY, Arena.global()).findOrThrow(FUNCTION);
    this.encode = Linker.nativeLinker().downcallHandle(function, PARAMETERS);
    this.extents = arena.allocate(JAVA_LONG, DIMENSIONS);
    this.pitch = arena.allocate(JAVA_LONG);
    this.box = arena.allocate(JAVA_INT, DIMENSIONS);
    this.steps = arena.allocateFrom(JAVA_INT, 1, 1);
  }

  /** Whether a matrix of float32 at an address lies so that a map can describe it. */
  static boolean canDescribe(Matrix m, long address) {
    return address % MULTIPLE == 0
        && (m.rows() == 1
            || (m.stride() >= m.columns() && m.stride() * Float.BYTES % MULTIPLE == 0));
  }

  /**
   * Describes a matrix of float32 for boxes of {@link #BOX_COLUMNS} columns; what of a box is
   * outside of it is zero.
   *
   * @param map what is written
   * @param m a matrix that {@link #canDescribe} accepts
   * @param address of its first element
   * @param boxRows rows of a box, 1 to 256
   * @param rounds whether elements are rounded to TF32 on their way, to nearest, ties to even
   */
  void describe(MemorySegment map, Matrix m, long address, int boxRows, boolean rounds) {
    long bytes = (m.rows() == 1 ? m.columns() : m.stride()) * Float.BYTES;
    extents.setAtIndex(JAVA_LONG, 0, m.columns());
    extents.setAtIndex(JAVA_LONG, 1, m.rows());
    pitch.set(JAVA_LONG, 0, Grid.ceil(bytes, MULTIPLE) * MULTIPLE);
    box.setAtIndex(JAVA_INT, 0, BOX_COLUMNS);
    box.setAtIndex(JAVA_INT, 1, boxRows);
    int status;
    try {
      status =
          (int)
              encode.invokeExact(
                  map,
                  rounds ? TFLOAT32 : FLOAT32,
                  DIMENSIONS,
                  address,
                  extents,
                  pitch,
                  box,
                  steps,
                  NO_INTERLEAVE,
                  SWIZZLE,
                  PROMOTION,
                  ZEROS_OUTSIDE);
    } catch (Throwable t) {
      throw new AssertionError("a native call threw", t);
    }
    if (status != 0) {
      String what = m.rows() + " x " + m.columns() + " (stride " + m.stride() + ")";
      DriverCalls.check(FUNCTION, status, what + " in boxes of " + boxRows + " rows");
    }
  }
}
