package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.volterra.cuda.DriverCalls.HostPointer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * The arguments of one launch, in native memory that is used again for the next: a launch copies
 * them. Not thread-safe; the context's lock protects it.
 */
final class KernelArguments {
  /** The most arguments of a kernel. */
  private static final int MOST = 24;

  /** The most of them that are tensor maps. */
  private static final int MOST_MAPS = 2;

  private static final long MAPS = 2L * MOST * Long.BYTES;

  /** What the native memory takes. */
  static final long BYTES = MAPS + MOST_MAPS * TensorMaps.BYTES;

  private final CudaContext context;
  private final MemorySegment memory;
  private final HostPointer pointer;
  private final List<Matrix> matrices = new ArrayList<>();
  private boolean single;
  private int count;
  private int maps;

  KernelArguments(CudaContext context, MemorySegment memory) {
    this.context = context;
    this.memory = memory;
    this.pointer = new HostPointer(memory.address() + (long) MOST * Long.BYTES);
    pointToValues();
  }

  private void pointToValues() {
    for (long i = 0; i < MOST; i++) {
      memory.setAtIndex(JAVA_LONG, MOST + i, memory.address() + i * Long.BYTES);
    }
  }

  /** Begins the arguments of a kernel for elements of the given type. */
  KernelArguments begin(ElementType type) {
    single = type == ElementType.FLOAT32;
    count = 0;
    if (maps > 0) {
      pointToValues();
      maps = 0;
    }
    matrices.clear();
    return this;
  }

  private long next() {
    return (long) count++ * Long.BYTES;
  }

  /** A number, rounded once to the element type. */
  KernelArguments scalar(double value) {
    if (single) {
      memory.set(JAVA_FLOAT, next(), (float) value);
    } else {
      memory.set(JAVA_DOUBLE, next(), value);
    }
    return this;
  }

  KernelArguments float64(double value) {
    memory.set(JAVA_DOUBLE, next(), value);
    return this;
  }

  KernelArguments int32(int value) {
    memory.set(JAVA_INT, next(), value);
    return this;
  }

  KernelArguments int64(long value) {
    memory.set(JAVA_LONG, next(), value);
    return this;
  }

  /** An address of the device, or 0. */
  KernelArguments address(long value) {
    return int64(value);
  }

  /** The address of a vector. */
  KernelArguments vector(Matrix m) {
    matrices.add(m);
    return int64(context.address(resident(m)));
  }

  /** The address of a vector, or 0 where there is none. */
  KernelArguments optional(Matrix m) {
    return m == null ? address(0) : vector(m);
  }

  /** The address and the stride of a matrix, or 0 where there is none. */
  KernelArguments optionalMatrix(Matrix m) {
    return m == null ? address(0).int64(0) : matrix(m);
  }

  /** The address and the stride of a matrix. */
  KernelArguments matrix(Matrix m) {
    matrices.add(m);
    Matrix seen = resident(m);
    return int64(context.address(seen)).int64(seen.stride());
  }

  /** Whoever knows that an operand is only read, or only written, has staged it before. */
  private Matrix resident(Matrix m) {
    return context.resident(m, BlockRing.Access.UPDATE);
  }

  /** The place of the tensor map of a matrix, to be filled before the launch. */
  MemorySegment tensorMap(Matrix m) {
    matrices.add(m);
    MemorySegment map = memory.asSlice(MAPS + maps++ * TensorMaps.BYTES, TensorMaps.BYTES);
    memory.setAtIndex(JAVA_LONG, MOST + count++, map.address());
    return map;
  }

  HostPointer pointer() {
    return pointer;
  }

  /** The shapes of the matrices, for messages. */
  String describe() {
    StringBuilder text = new StringBuilder("for");
    for (Matrix m : matrices) {
      text.append(' ').append(m.rows()).append(" x ").append(m.columns());
      text.append(" (stride ").append(m.stride()).append(')');
    }
    return matrices.isEmpty() ? "" : text.toString();
  }
}
