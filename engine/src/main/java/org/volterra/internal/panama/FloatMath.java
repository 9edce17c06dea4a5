package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.SINGLE;
import static org.volterra.internal.panama.FloatSpecies.splat;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.volterra.spi.Erf;

/**
 * Elementary functions in vectors, from additions, products and fused products alone, so that the
 * interpreter and compiled code give the same bits. Relative errors are below 1e-6 (float32) and
 * 1e-14 (float64) where the result is a normal number, except that the tail of Φ in float64
 * inherits the 1e-13 of {@link Erf}. NaN propagates.
 */
@SuppressWarnings("cast")
final class FloatMath {
  private static final float LOG2_E = (float) 1.4426950408889634;
  private static final float LN2_HIGH = (float) 0.6931471805599453;
  private static final float LN2_LOW =
      SINGLE ? (float) (0.6931471805599453 - LN2_HIGH) : (float) 2.3190468138462996e-17;

  /** Arguments outside give 0 and infinity anyway. */
  private static final float EXP_LEAST = SINGLE ? (float) -105 : (float) -750;

  private static final float EXP_MOST = SINGLE ? (float) 90 : (float) 712;

  /** Beyond this |x|, Φ(−|x|) is 0. */
  private static final float PHI_MOST = SINGLE ? (float) 15 : (float) 40;

  private static final float SQRT_HALF = (float) 0.7071067811865476;
  private static final float INVERSE_SQRT_TWO_PI = (float) 0.3989422804014327;

  /** Coefficients of (e^r − 1 − r) / r². */
  private static final float[] EXP = exponential(SINGLE ? 6 : 12);

  /** Coefficients of 2 artanh(s) / s in s². */
  private static final float[] ARTANH = artanh(SINGLE ? 8 : 17);

  private static final float[] ERFC = chebyshev(SINGLE ? 14 : Erf.terms());

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

  /** Polynomial with coefficients from degree 0. */
  private static FloatVector horner(float[] c, FloatVector x) {
    FloatVector sum = splat(c[c.length - 1]);
    for (int j = c.length - 2; j >= 0; j--) {
      sum = sum.fma(x, splat(c[j]));
    }
    return sum;
  }

  /** e^x. */
  static FloatVector exp(FloatVector x) {
    return exp(x, splat(0));
  }

  /** e^(high + low) without first rounding the sum. */
  static FloatVector exp(FloatVector high, FloatVector low) {
    FloatVector x = high.max(EXP_LEAST).min(EXP_MOST);
    FloatVector shifted = x.add(low).fma(splat(LOG2_E), splat(VectorBits.FLOAT_SHIFT));
    FloatVector n = shifted.sub(VectorBits.FLOAT_SHIFT);
    FloatVector r = n.fma(splat(-LN2_HIGH), x);
    r = n.fma(splat(-LN2_LOW), r).add(low);
    FloatVector p = horner(EXP, r).fma(r.mul(r), r).add(1);
    return VectorBits.scale(p, shifted);
  }

  /** e^x − 1 for −60 ≤ x ≤ 0, relatively accurate at 0. */
  private static FloatVector exponentialMinusOne(FloatVector x) {
    FloatVector shifted = x.fma(splat(LOG2_E), splat(VectorBits.FLOAT_SHIFT));
    FloatVector n = shifted.sub(VectorBits.FLOAT_SHIFT);
    FloatVector r = n.fma(splat(-LN2_HIGH), x);
    r = n.fma(splat(-LN2_LOW), r);
    FloatVector p = horner(EXP, r).fma(r.mul(r), r);
    FloatVector scale = VectorBits.power(shifted);
    return scale.fma(p, scale.sub(1));
  }

  /** tanh |x| = −q / (2 + q) with q = e^(−2|x|) − 1, then the sign. */
  static FloatVector tanh(FloatVector x) {
    FloatVector q = exponentialMinusOne(x.abs().min(30).mul(-2));
    FloatVector y = q.neg().div(q.add(2));
    return y.blend(y.neg(), x.lt(0));
  }

  /** 1 / cosh² x = 4 e / (1 + e)² with e = e^(−2|x|): accurate where 1 − tanh² cancels. */
  static FloatVector tanhDerivative(FloatVector x) {
    FloatVector e = exp(x.abs().mul(-2));
    FloatVector d = e.add(1);
    return e.mul(4).div(d.mul(d));
  }

  /** 1 / (1 + e^(−x)), from e^(−|x|). */
  static FloatVector sigmoid(FloatVector x) {
    FloatVector e = exp(x.abs().neg());
    return e.blend(1, x.lt(0).not()).div(e.add(1));
  }

  /** 0, or NaN where x is NaN. */
  private static FloatVector nanOf(FloatVector x) {
    return splat(0).blend(x, x.test(VectorOperators.IS_NAN));
  }

  /** e / (1 + e)² with e = e^(−|x|). */
  static FloatVector sigmoidDerivative(FloatVector x) {
    FloatVector e = exp(x.abs().neg());
    FloatVector d = e.add(1);
    return e.div(d.mul(d));
  }

  /** x sigmoid(x). */
  static FloatVector silu(FloatVector x) {
    return x.mul(sigmoid(x));
  }

  /** sigmoid(x) + x sigmoid'(x). */
  static FloatVector siluDerivative(FloatVector x) {
    return x.fma(sigmoidDerivative(x), sigmoid(x));
  }

  /** max(x, 0) + log(1 + e), e = e^(−|x|), log(1 + e) = 2 artanh(e / (2 + e)). */
  static FloatVector softplus(FloatVector x) {
    FloatVector e = exp(x.abs().neg());
    FloatVector s = e.div(e.add(2));
    return s.fma(horner(ARTANH, s.mul(s)), x.max(0));
  }

  /** max(x, 0). */
  static FloatVector relu(FloatVector x) {
    return x.max(0);
  }

  /** 1 where x > 0, else 0. */
  static FloatVector reluDerivative(FloatVector x) {
    return nanOf(x).blend(1, x.compare(VectorOperators.GT, 0));
  }

  /** x Φ(x). */
  static FloatVector gelu(FloatVector x) {
    return x.mul(normalDistribution(x));
  }

  /** Φ(x) + x φ(x). */
  static FloatVector geluDerivative(FloatVector x) {
    FloatVector z = x.abs().min(PHI_MOST);
    FloatVector square = z.mul(z);
    FloatVector rest = z.fma(z, square.neg());
    FloatVector density =
        exp(square.mul((float) -0.5), rest.mul((float) -0.5)).mul(INVERSE_SQRT_TWO_PI);
    return x.fma(density, normalDistribution(x));
  }

  /**
   * Φ(x) from erfc(z) = t exp(−z² + P(2t − 1)), t = 2 / (2 + z), z = |x| / √2. The exponent −x²/2
   * is taken exactly, as a product and its rounding error.
   */
  private static FloatVector normalDistribution(FloatVector x) {
    FloatVector z = x.abs().min(PHI_MOST);
    FloatVector t = splat(2).div(z.fma(splat(SQRT_HALF), splat(2)));
    FloatVector square = z.mul(z);
    FloatVector rest = z.fma(z, square.neg()).mul((float) -0.5);
    FloatVector series = clenshaw(t.fma(splat(2), splat(-1)));
    FloatVector tail = exp(square.mul((float) -0.5), series.add(rest)).mul(t).mul((float) 0.5);
    VectorMask<Float> positive = x.compare(VectorOperators.GE, 0);
    return tail.blend(splat(1).sub(tail), positive);
  }

  /** The Chebyshev series at u. */
  private static FloatVector clenshaw(FloatVector u) {
    FloatVector twice = u.add(u);
    FloatVector b1 = splat(0);
    FloatVector b2 = splat(0);
    for (int j = ERFC.length - 1; j > 0; j--) {
      FloatVector b = twice.fma(b1, splat(ERFC[j]).sub(b2));
      b2 = b1;
      b1 = b;
    }
    return u.fma(b1, splat(ERFC[0]).sub(b2));
  }
}
