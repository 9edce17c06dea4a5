package org.volterra.internal.scalar;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Element access to a matrix in host memory, whatever its floating-point type. */
final class View {
  final int rows;
  final int columns;
  private final MemorySegment segment;
  private final boolean single;
  private final long offset;
  private final long stride;

  View(Matrix m) {
    if (!(m.buffer() instanceof HostBuffer buffer)) {
      throw new IllegalArgumentException("the buffer " + m.buffer() + " is not in host memory");
    }
    segment = buffer.segment();
    single = buffer.type() == ElementType.FLOAT32;
    rows = m.rows();
    columns = m.columns();
    offset = m.offset();
    stride = m.stride();
  }

  double get(int i, int j) {
    long index = offset + i * stride + j;
    return single ? segment.getAtIndex(JAVA_FLOAT, index) : segment.getAtIndex(JAVA_DOUBLE, index);
  }

  void set(int i, int j, double value) {
    long index = offset + i * stride + j;
    if (single) {
      segment.setAtIndex(JAVA_FLOAT, index, (float) value);
    } else {
      segment.setAtIndex(JAVA_DOUBLE, index, value);
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
