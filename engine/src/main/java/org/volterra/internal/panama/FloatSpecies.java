package org.volterra.internal.panama;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.volterra.spi.ElementType;

/**
 * The constants of the vectors in use, in a class of their own so that they are loaded after the
 * choice of the width. There is one species only: with vectors of two widths the compiler no longer
 * knows the class of what is loaded, and tiles of products take twice as long.
 */
final class FloatSpecies {
  static final ElementType TYPE = ElementType.FLOAT32;
  static final VectorSpecies<Float> SPECIES = VectorWidth.species(float.class);

  /** Lanes of a vector. */
  static final int LENGTH = SPECIES.length();

  /** Bytes of an element. */
  static final int BYTES = Float.BYTES;

  /** Bytes of a vector. */
  static final int WIDTH = LENGTH * BYTES;

  /** Whether this is the class for float32, not its twin. */
  static final boolean SINGLE = Float.SIZE == 32;

  /** The number of float64 vectors that hold the lanes of one vector. */
  static final int PARTS = SINGLE ? 2 : 1;

  /** To float64, a part of the lanes at a time. */
  static final VectorOperators.Conversion<Float, Double> WIDEN =
      VectorOperators.Conversion.ofCast(float.class, double.class);

  static final ByteOrder ORDER = ByteOrder.nativeOrder();
  static final ValueLayout.OfFloat LAYOUT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private FloatSpecies() {}

  static FloatVector load(MemorySegment s, long byteOffset) {
    return FloatVector.fromMemorySegment(SPECIES, s, byteOffset, ORDER);
  }

  static void store(FloatVector v, MemorySegment s, long byteOffset) {
    v.intoMemorySegment(s, byteOffset, ORDER);
  }

  static FloatVector splat(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /** Stores {@code v + beta * old}, not reading the old value if beta is 0. */
  static void merge(FloatVector v, float beta, MemorySegment s, long byteOffset) {
    if (beta == 0) {
      store(v, s, byteOffset);
    } else {
      store(load(s, byteOffset).fma(splat(beta), v), s, byteOffset);
    }
  }

  /**
   * The scalar twin of {@link #merge(FloatVector, float, MemorySegment, long)}, with the same bits.
   */
  static void merge(float v, float beta, MemorySegment s, long byteOffset) {
    s.set(LAYOUT, byteOffset, beta == 0 ? v : Math.fma(s.get(LAYOUT, byteOffset), beta, v));
  }
}
