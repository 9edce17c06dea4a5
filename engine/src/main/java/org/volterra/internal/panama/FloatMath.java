package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.SINGLE;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.volterra.internal.panama.FloatBlocks.Name;
import org.volterra.spi.Erf;

/**
 * Exponentials and series of blocks of numbers, from additions, products and fused products alone,
 * so that the interpreter and compiled code give the same bits. NaN propagates.
 *
 * <p>Functions are cut into loops of a few vector operations that hand their results on in arrays
 * within the first-level cache: a whole function in one loop exceeds the compiler's budget for
 * inlining. See {@link FloatPass}. Lengths are multiples of the vector length.
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

  /**
   * b = 2^n e^r − 1 for −60 ≤ n log 2 + r ≤ 0, relatively accurate at 0, from what {@link Reduce}
   * left in d and e, and the series of r in b.
   */
  static final FloatPass EXP_MINUS_ONE =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
          var base = FloatVector.broadcast(SPECIES, SHIFT - BIAS).viewAsIntegralLanes();
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector t = FloatVector.fromArray(SPECIES, w.d, i);
            FloatVector p = FloatVector.fromArray(SPECIES, w.b, i).fma(t.mul(t), t);
            var exponent = FloatVector.fromArray(SPECIES, w.e, i).viewAsIntegralLanes().sub(base);
            FloatVector scale = exponent.lanewise(VectorOperators.LSHL, BITS).reinterpretAsFloats();
            scale.fma(p, scale.sub(one)).intoArray(w.b, i);
          }
        }
      };

  /** a = the Chebyshev series of log(erfc(z) e^(z²) / t) at d = 2t − 1, t = 2 / (2 + z). */
  static final FloatPass ERFC_SERIES =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          int top = ERFC.length - 1;
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector u = FloatVector.fromArray(SPECIES, w.d, i);
            FloatVector twice = u.add(u);
            FloatVector b2 = FloatVector.zero(SPECIES);
            FloatVector b1 = FloatVector.broadcast(SPECIES, ERFC[top]);
            for (int j = top - 1; j > 0; j--) {
              FloatVector b = twice.fma(b1, FloatVector.broadcast(SPECIES, ERFC[j]).sub(b2));
              b2 = b1;
              b1 = b;
            }
            u.fma(b1, FloatVector.broadcast(SPECIES, ERFC[0]).sub(b2)).intoArray(w.a, i);
          }
        }
      };

  /**
   * a = 2^n e^r from what {@link Reduce} left in d and e, and the series of r in a. In two steps,
   * so that overflow goes to infinity and underflow is gradual.
   */
  private static final FloatPass EXP_OF_SERIES =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
          var base = FloatVector.broadcast(SPECIES, SHIFT).viewAsIntegralLanes();
          var bias = FloatVector.broadcast(SPECIES, SHIFT + BIAS).viewAsIntegralLanes().sub(base);
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector t = FloatVector.fromArray(SPECIES, w.d, i);
            FloatVector p = FloatVector.fromArray(SPECIES, w.a, i).fma(t.mul(t), t).add(one);
            var whole = FloatVector.fromArray(SPECIES, w.e, i).viewAsIntegralLanes().sub(base);
            var half = whole.lanewise(VectorOperators.ASHR, 1);
            p = p.mul(half.add(bias).lanewise(VectorOperators.LSHL, BITS).reinterpretAsFloats());
            var rest = whole.sub(half).add(bias).lanewise(VectorOperators.LSHL, BITS);
            p.mul(rest.reinterpretAsFloats()).intoArray(w.a, i);
          }
        }
      };

  /** a = e^(d + …) from what {@link Reduce} left in d and e. */
  static final FloatPasses EXP_OF_REDUCED =
      FloatPasses.of(new Series(EXP, Name.D, Name.A), EXP_OF_SERIES);

  /** Of a alone. */
  static final FloatPass REDUCE_A = new Reduce(Name.A, Name.ZERO);

  /** a = e^a, without overflow in between; d and e are overwritten. */
  static final FloatPasses EXP_OF_A = FloatPasses.of(REDUCE_A).then(EXP_OF_REDUCED);

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

  /** x + low = n log 2 + d with |d| ≤ log 2 / 2; e = n + SHIFT holds n in its low bits. */
  static final class Reduce extends FloatPass {
    private final Name from;
    private final Name rest;

    Reduce(Name x, Name low) {
      from = x;
      rest = low;
    }

    @Override
    void run(FloatBlocks w, int n) {
      if (n == 0) {
        return;
      }
      float[] x = w.get(from);
      float[] low = w.get(rest);
      FloatVector shift = FloatVector.broadcast(SPECIES, SHIFT);
      FloatVector scale = FloatVector.broadcast(SPECIES, LOG2_E);
      FloatVector high = FloatVector.broadcast(SPECIES, -LN2_HIGH);
      FloatVector remainder = FloatVector.broadcast(SPECIES, -LN2_LOW);
      FloatVector least = FloatVector.broadcast(SPECIES, EXP_LEAST);
      FloatVector most = FloatVector.broadcast(SPECIES, EXP_MOST);
      for (int i = 0; i < n; i += LENGTH) {
        FloatVector u = FloatVector.fromArray(SPECIES, x, i).max(least).min(most);
        FloatVector v = FloatVector.fromArray(SPECIES, low, i);
        FloatVector t = u.add(v).fma(scale, shift);
        t.intoArray(w.e, i);
        FloatVector k = t.sub(shift);
        k.fma(remainder, k.fma(high, u)).add(v).intoArray(w.d, i);
      }
    }
  }

  /** y = Σ c[j] x^j. */
  static final class Series extends FloatPass {
    private final float[] c;
    private final Name from;
    private final Name to;

    Series(float[] coefficients, Name x, Name y) {
      c = coefficients;
      from = x;
      to = y;
    }

    @Override
    void run(FloatBlocks w, int n) {
      if (n == 0) {
        return;
      }
      float[] x = w.get(from);
      float[] y = w.get(to);
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
  }
}
