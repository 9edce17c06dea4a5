package org.volterra.internal.panama;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Scaling by powers of two through the bits of the exponent, for both element types: what word
 * substitution cannot translate.
 *
 * <p>The integer n arrives in the low bits of {@code shifted = n + 1.5 * 2^p}, with p the number of
 * explicit mantissa bits.
 */
final class VectorBits {
  /** The number that added to a small number leaves its nearest integer in the low bits. */
  static final float FLOAT_SHIFT = 0x1.8p23f;

  /** See {@link #FLOAT_SHIFT}. */
  static final double DOUBLE_SHIFT = 0x1.8p52;

  private static final int FLOAT_BASE = Float.floatToRawIntBits(FLOAT_SHIFT);
  private static final long DOUBLE_BASE = Double.doubleToRawLongBits(DOUBLE_SHIFT);

  private static final VectorSpecies<Integer> INTS = VectorWidth.species(int.class);
  private static final VectorSpecies<Long> LONGS = VectorWidth.species(long.class);

  private VectorBits() {}

  private static IntVector splat(int value) {
    return IntVector.broadcast(INTS, value);
  }

  private static LongVector splat(long value) {
    return LongVector.broadcast(LONGS, value);
  }

  /** 2^n for a normal result. */
  static FloatVector power(FloatVector shifted) {
    return power(shifted.reinterpretAsInts().sub(splat(FLOAT_BASE)));
  }

  /** 2^n for a normal result. */
  static DoubleVector power(DoubleVector shifted) {
    return power(shifted.reinterpretAsLongs().sub(splat(DOUBLE_BASE)));
  }

  /** {@code v * 2^n} in two steps, so that overflow goes to infinity and underflow is gradual. */
  static FloatVector scale(FloatVector v, FloatVector shifted) {
    IntVector n = shifted.reinterpretAsInts().sub(splat(FLOAT_BASE));
    IntVector half = n.lanewise(VectorOperators.ASHR, 1);
    return v.mul(power(half)).mul(power(n.sub(half)));
  }

  /** {@code v * 2^n} in two steps, so that overflow goes to infinity and underflow is gradual. */
  static DoubleVector scale(DoubleVector v, DoubleVector shifted) {
    LongVector n = shifted.reinterpretAsLongs().sub(splat(DOUBLE_BASE));
    LongVector half = n.lanewise(VectorOperators.ASHR, 1);
    return v.mul(power(half)).mul(power(n.sub(half)));
  }

  private static FloatVector power(IntVector n) {
    return n.add(splat(Float.MAX_EXPONENT))
        .lanewise(VectorOperators.LSHL, Float.PRECISION - 1)
        .reinterpretAsFloats();
  }

  private static DoubleVector power(LongVector n) {
    return n.add(splat((long) Double.MAX_EXPONENT))
        .lanewise(VectorOperators.LSHL, Double.PRECISION - 1)
        .reinterpretAsDoubles();
  }
}
