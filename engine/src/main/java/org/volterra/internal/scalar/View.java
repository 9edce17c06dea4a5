package org.volterra.internal.scalar;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Element access to a matrix in host memory, whatever its floating-point type. */
final class View {
  final int rows;
  final int columns;
  private final MemorySegment segment;
  private final ElementType type;
  private final long offset;
  private final long stride;

  View(Matrix m) {
    if (!(m.buffer() instanceof HostBuffer buffer)) {
      throw new IllegalArgumentException("the buffer " + m.buffer() + " is not in host memory");
    }
    segment = buffer.segment();
    type = buffer.type();
    rows = m.rows();
    columns = m.columns();
    offset = m.offset();
    stride = m.stride();
  }

  double get(int i, int j) {
    long index = offset + i * stride + j;
    return switch (type) {
      case FLOAT32 -> segment.getAtIndex(JAVA_FLOAT, index);
      case BFLOAT16 -> Bfloat16.widen(segment.getAtIndex(JAVA_SHORT, index));
      default -> segment.getAtIndex(JAVA_DOUBLE, index);
    };
  }

  void set(int i, int j, double value) {
    long index = offset + i * stride + j;
    switch (type) {
      case FLOAT32 -> segment.setAtIndex(JAVA_FLOAT, index, (float) value);
      case BFLOAT16 -> segment.setAtIndex(JAVA_SHORT, index, Bfloat16.narrow(value));
      default -> segment.setAtIndex(JAVA_DOUBLE, index, value);
    }
  }

  /** Sets the element to {@code value + beta * old}, not reading the old value if beta is 0. */
  void update(int i, int j, double value, double beta) {
    set(i, j, beta == 0 ? value : value + beta * get(i, j));
  }

  /** The element of an integer vector. */
  int index(int j) {
    return segment.getAtIndex(JAVA_INT, offset + j);
  }
}
