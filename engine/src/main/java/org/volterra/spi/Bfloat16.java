package org.volterra.spi;

/**
 * The numbers of bfloat16: sign, exponent and the first 7 bits of the mantissa of an IEEE 754
 * binary32, which make its upper 16 bits. They have the range of float32 and a relative rounding
 * error of at most 2⁻⁸ (half a unit in the last of 8 significant bits) where they are normal.
 */
public final class Bfloat16 {
  /** The largest relative error of rounding to nearest, for results that are normal numbers. */
  public static final double EPSILON = 0x1p-8;

  private static final int QUIET = 0x40;

  private Bfloat16() {}

  /**
   * Rounds to nearest, ties to even. Numbers beyond the largest become infinite, denormal ones keep
   * their bits, NaN stays NaN.
   *
   * @param value any number
   * @return the bits
   */
  public static short narrow(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | QUIET);
    }
    int tiesToEven = 0x7fff + ((bits >>> 16) & 1);
    return (short) ((bits + tiesToEven) >>> 16);
  }

  /**
   * Rounds to nearest, ties to even, once.
   *
   * @param value any number
   * @return the bits
   */
  public static short narrow(double value) {
    return narrow(roundedToOdd(value));
  }

  /**
   * A float that rounds to bfloat16 as the double does: if it is not exact, it is the neighbour
   * whose last bit is 1, so that it is never mistaken for a tie.
   */
  private static float roundedToOdd(double value) {
    float nearest = (float) value;
    if (nearest == value || Double.isNaN(value)) {
      return nearest;
    }
    int bits = Float.floatToRawIntBits(nearest);
    int towardsZero = Math.abs((double) nearest) > Math.abs(value) ? bits - 1 : bits;
    return Float.intBitsToFloat(towardsZero | 1);
  }

  /**
   * The number that bits stand for.
   *
   * @param bits any
   * @return its value, exactly
   */
  public static float widen(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
