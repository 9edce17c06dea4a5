package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.SINGLE;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.volterra.spi.Erf;

/**
 * Exponentials and series of blocks of numbers, from additions, products and fused products alone,
 * so that the interpreter and compiled code give the same bits. NaN propagates.
 *
 * <p>Functions are cut into loops of a few vector operations that hand their results on in arrays
 * within the first-level cache: a whole function in one loop exceeds the compiler's budget for
 * inlining. See {@link FloatPasses}. Lengths are multiples of the vector length.
 */
@SuppressWarnings("cast")
final class FloatMath {
  /** Coefficients of 2 artanh(s) / s in s². */
  static final float[] ARTANH = artanh(SINGLE ? 8 : 17);

  private static final float LOG2_E = (float) 1.4426950408889634;
  private static final float LN2_HIGH = (float) 0.6931471805599453;
  private static final float LN2_LOW =
      SINGLE ? (float) (0.6931471805599453 - LN2_HIGH) : (float) 2.3190468138462996e-17;

  /** Added to a small number, leaves its nearest integer in the low bits. */
  private static final float SHIFT = SINGLE ? (float) 0x1.8p23 : (float) 0x1.8p52;

  /** What a number's exponent is stored with, and the bits below it. */
  private static final int BIAS = Float.MAX_EXPONENT;

  private static final int BITS = Float.PRECISION - 1;

  /** Arguments beyond give 0 and infinity anyway. */
  private static final float EXP_LEAST = SINGLE ? (float) -105 : (float) -750;

  private static final float EXP_MOST = SINGLE ? (float) 90 : (float) 712;

  /** Coefficients of (e^r − 1 − r) / r². */
  static final float[] EXP = exponential(SINGLE ? 6 : 12);

  private static final float[] ERFC = chebyshev(SINGLE ? 14 : Erf.terms());

  /** No small part of an argument. */
  static final float[] ZERO = new float[FloatBlocks.SIZE];

  /** a = e^(d + …) from what {@link #reduce} left in d and e. */
  static final FloatPasses EXP_OF_REDUCED =
      FloatPasses.of((w, n) -> series(EXP, w.d, w.a, n), (w, n) -> exp(w.d, w.e, w.a, n));

  /** a = e^a, without overflow in between; d and e are overwritten. */
  static final FloatPasses EXP_OF_A =
      FloatPasses.of((w, n) -> reduce(w.a, ZERO, w.d, w.e, n)).then(EXP_OF_REDUCED);

  private FloatMath() {}

  private static float[] exponential(int terms) {
    float[] c = new float[terms];
    double factorial = 1;
    for (int j = 0; j < terms; j++) {
      factorial *= j + 2;
      c[j] = (float) (1 / factorial);
    }
    return c;
  }

  private static float[] artanh(int terms) {
    float[] c = new float[terms];
    for (int j = 0; j < terms; j++) {
      c[j] = (float) (2.0 / (2 * j + 1));
    }
    return c;
  }

  private static float[] chebyshev(int terms) {
    float[] c = new float[terms];
    for (int j = 0; j < terms; j++) {
      c[j] = (float) Erf.coefficient(j);
    }
    return c;
  }

  /**
   * y = 2^n e^r from what {@link #reduce} left in r and s, and the series of r in y. In two steps,
   * so that overflow goes to infinity and underflow is gradual.
   */
  private static void exp(float[] r, float[] s, float[] y, int n) {
    if (n == 0) {
      return;
    }
    FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
    var base = FloatVector.broadcast(SPECIES, SHIFT).viewAsIntegralLanes();
    var bias = FloatVector.broadcast(SPECIES, SHIFT + BIAS).viewAsIntegralLanes().sub(base);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector t = FloatVector.fromArray(SPECIES, r, i);
      FloatVector p = FloatVector.fromArray(SPECIES, y, i).fma(t.mul(t), t).add(one);
      var whole = FloatVector.fromArray(SPECIES, s, i).viewAsIntegralLanes().sub(base);
      var half = whole.lanewise(VectorOperators.ASHR, 1);
      p = p.mul(half.add(bias).lanewise(VectorOperators.LSHL, BITS).reinterpretAsFloats());
      var rest = whole.sub(half).add(bias).lanewise(VectorOperators.LSHL, BITS);
      p.mul(rest.reinterpretAsFloats()).intoArray(y, i);
    }
  }

  /**
   * y = 2^n e^r − 1 for −60 ≤ n log 2 + r ≤ 0, relatively accurate at 0, from r and s and the
   * series of r in y.
   */
  static void expMinusOne(float[] r, float[] s, float[] y, int n) {
    if (n == 0) {
      return;
    }
    FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
    var base = FloatVector.broadcast(SPECIES, SHIFT - BIAS).viewAsIntegralLanes();
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector t = FloatVector.fromArray(SPECIES, r, i);
      FloatVector p = FloatVector.fromArray(SPECIES, y, i).fma(t.mul(t), t);
      var exponent = FloatVector.fromArray(SPECIES, s, i).viewAsIntegralLanes().sub(base);
      FloatVector scale = exponent.lanewise(VectorOperators.LSHL, BITS).reinterpretAsFloats();
      scale.fma(p, scale.sub(one)).intoArray(y, i);
    }
  }

  /** x + low = n log 2 + r with |r| ≤ log 2 / 2; s = n + SHIFT holds n in its low bits. */
  static void reduce(float[] x, float[] low, float[] r, float[] s, int n) {
    if (n == 0) {
      return;
    }
    FloatVector shift = FloatVector.broadcast(SPECIES, SHIFT);
    FloatVector scale = FloatVector.broadcast(SPECIES, LOG2_E);
    FloatVector high = FloatVector.broadcast(SPECIES, -LN2_HIGH);
    FloatVector rest = FloatVector.broadcast(SPECIES, -LN2_LOW);
    FloatVector least = FloatVector.broadcast(SPECIES, EXP_LEAST);
    FloatVector most = FloatVector.broadcast(SPECIES, EXP_MOST);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector u = FloatVector.fromArray(SPECIES, x, i).max(least).min(most);
      FloatVector v = FloatVector.fromArray(SPECIES, low, i);
      FloatVector t = u.add(v).fma(scale, shift);
      t.intoArray(s, i);
      FloatVector k = t.sub(shift);
      k.fma(rest, k.fma(high, u)).add(v).intoArray(r, i);
    }
  }

  /** y = Σ c[j] x^j. */
  static void series(float[] c, float[] x, float[] y, int n) {
    if (n == 0) {
      return;
    }
    int top = c.length - 1;
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector u = FloatVector.fromArray(SPECIES, x, i);
      FloatVector sum = FloatVector.broadcast(SPECIES, c[top]);
      for (int j = top - 1; j >= 0; j--) {
        sum = u.fma(sum, FloatVector.broadcast(SPECIES, c[j]));
      }
      sum.intoArray(y, i);
    }
  }

  /** y = the Chebyshev series of log(erfc(z) e^(z²) / t) at x = 2t − 1, t = 2 / (2 + z). */
  static void erfcSeries(float[] x, float[] y, int n) {
    if (n == 0) {
      return;
    }
    int top = ERFC.length - 1;
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector u = FloatVector.fromArray(SPECIES, x, i);
      FloatVector twice = u.add(u);
      FloatVector b2 = FloatVector.zero(SPECIES);
      FloatVector b1 = FloatVector.broadcast(SPECIES, ERFC[top]);
      for (int j = top - 1; j > 0; j--) {
        FloatVector b = twice.fma(b1, FloatVector.broadcast(SPECIES, ERFC[j]).sub(b2));
        b2 = b1;
        b1 = b;
      }
      u.fma(b1, FloatVector.broadcast(SPECIES, ERFC[0]).sub(b2)).intoArray(y, i);
    }
  }
}
