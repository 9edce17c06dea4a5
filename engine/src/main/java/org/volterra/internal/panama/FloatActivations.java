package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.SINGLE;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.volterra.spi.Activation;

/**
 * Activations and their derivatives on a block: from array x of {@link FloatBlocks} to array y.
 * Relative errors are below 1e-6 (float32) and 1e-14 (float64) where the result is a normal number
 * and no zero of the function, except that Φ in float64 inherits the 1e-13 of {@link
 * org.volterra.spi.Erf}. NaN propagates.
 */
@SuppressWarnings("cast")
final class FloatActivations {
  /** Beyond this |x|, Φ(−|x|) is 0. */
  private static final float PHI_MOST = SINGLE ? (float) 15 : (float) 40;

  private static final float MINUS_HALF = (float) -0.5;
  private static final float HALF = (float) 0.5;
  private static final float SQRT_HALF = (float) 0.7071067811865476;
  private static final float INVERSE_SQRT_TWO_PI = (float) 0.3989422804014327;

  private FloatActivations() {}

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(SPECIES, x, i);
  }

  /** y = f(x). */
  static void value(Activation f, FloatBlocks w, int n) {
    switch (f) {
      case IDENTITY -> System.arraycopy(w.x, 0, w.y, 0, n);
      case TANH -> tanh(w, n);
      case RELU -> relu(w.x, w.y, n);
      case GELU -> {
        normalDistribution(w, n);
        multiply(w.x, w.y, n);
      }
      case SILU -> {
        sigmoid(w, n);
        multiply(w.x, w.y, n);
      }
      case SIGMOID -> sigmoid(w, n);
      case SOFTPLUS -> softplus(w, n);
    }
  }

  /** y = f'(x). */
  static void derivative(Activation f, FloatBlocks w, int n) {
    switch (f) {
      case IDENTITY -> Arrays.fill(w.y, 0, n, 1);
      case TANH -> {
        exponential(w, -2, n);
        bell(w.a, 4, w.y, n);
      }
      case RELU -> step(w.x, w.y, n);
      case GELU -> {
        normalDistribution(w, n);
        FloatMath.exp(w.b, w.c, w.a, w.d, w.e, n);
        addProduct(w.x, w.a, INVERSE_SQRT_TWO_PI, w.y, n);
      }
      case SILU -> {
        sigmoid(w, n);
        bell(w.a, 1, w.a, n);
        addProduct(w.x, w.a, 1, w.y, n);
      }
      case SIGMOID -> {
        exponential(w, -1, n);
        bell(w.a, 1, w.y, n);
      }
      case SOFTPLUS -> sigmoid(w, n);
    }
  }

  private static void multiply(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i += LENGTH) {
      at(x, i).mul(at(y, i)).intoArray(y, i);
    }
  }

  /** y += factor x a. */
  private static void addProduct(float[] x, float[] a, float factor, float[] y, int n) {
    for (int i = 0; i < n; i += LENGTH) {
      at(x, i).fma(at(a, i).mul(factor), at(y, i)).intoArray(y, i);
    }
  }

  /** a = e^(factor |x|). */
  private static void exponential(FloatBlocks w, float factor, int n) {
    for (int i = 0; i < n; i += LENGTH) {
      at(w.x, i).abs().mul(factor).intoArray(w.a, i);
    }
    FloatMath.exp(w.a, w.a, w.d, w.e, n);
  }

  /** y = factor a / (1 + a)²: the derivative of the sigmoid, accurate where s (1 − s) cancels. */
  private static void bell(float[] a, float factor, float[] y, int n) {
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector e = at(a, i);
      FloatVector d = e.add(1);
      e.mul(factor).div(d.mul(d)).intoArray(y, i);
    }
  }

  /** tanh |x| = −q / (2 + q) with q = e^(−2|x|) − 1, then the sign. */
  private static void tanh(FloatBlocks w, int n) {
    for (int i = 0; i < n; i += LENGTH) {
      at(w.x, i).abs().min(30).mul(-2).intoArray(w.a, i);
    }
    FloatMath.expMinusOne(w.a, w.b, w.d, w.e, n);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector q = at(w.b, i);
      FloatVector y = q.div(q.add(2));
      y.blend(y.neg(), at(w.x, i).compare(VectorOperators.GE, 0)).intoArray(w.y, i);
    }
  }

  /** 1 / (1 + e^(−x)), from a = e^(−|x|), which is left in place. */
  private static void sigmoid(FloatBlocks w, int n) {
    exponential(w, -1, n);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector e = at(w.a, i);
      VectorMask<Float> positive = at(w.x, i).compare(VectorOperators.GE, 0);
      e.blend(1, positive).div(e.add(1)).intoArray(w.y, i);
    }
  }

  /** max(x, 0) + log(1 + e), e = e^(−|x|), log(1 + e) = 2 artanh(e / (2 + e)). */
  private static void softplus(FloatBlocks w, int n) {
    exponential(w, -1, n);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector e = at(w.a, i);
      FloatVector s = e.div(e.add(2));
      s.intoArray(w.a, i);
      s.mul(s).intoArray(w.b, i);
    }
    FloatMath.series(FloatMath.ARTANH, w.b, w.c, n);
    for (int i = 0; i < n; i += LENGTH) {
      at(w.a, i).fma(at(w.c, i), at(w.x, i).max(0)).intoArray(w.y, i);
    }
  }

  /** max(x, 0). */
  private static void relu(float[] x, float[] y, int n) {
    for (int i = 0; i < n; i += LENGTH) {
      at(x, i).max(0).intoArray(y, i);
    }
  }

  /** 1 where x > 0, else 0. */
  private static void step(float[] x, float[] y, int n) {
    FloatVector zero = FloatVector.zero(SPECIES);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector u = at(x, i);
      FloatVector d = zero.blend(1, u.compare(VectorOperators.GT, 0));
      d.blend(u, u.test(VectorOperators.IS_NAN)).intoArray(y, i);
    }
  }

  /**
   * y = Φ(x) from erfc(z) = t exp(−z² + P(2t − 1)), t = 2 / (2 + z), z = |x| / √2. The exponent
   * −x²/2 is taken exactly, as a product, left in b, and its rounding error, left in c.
   */
  private static void normalDistribution(FloatBlocks w, int n) {
    FloatVector two = FloatVector.broadcast(SPECIES, 2);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector z = at(w.x, i).abs().min(PHI_MOST);
      FloatVector square = z.mul(z);
      square.mul(MINUS_HALF).intoArray(w.b, i);
      z.fma(z, square.neg()).mul(MINUS_HALF).intoArray(w.c, i);
      FloatVector t = two.div(z.mul(SQRT_HALF).add(two));
      t.mul(HALF).intoArray(w.y, i);
      t.add(t).sub(1).intoArray(w.d, i);
    }
    FloatMath.erfcSeries(w.d, w.a, n);
    for (int i = 0; i < n; i += LENGTH) {
      at(w.a, i).add(at(w.c, i)).intoArray(w.a, i);
    }
    scaledTail(w, n);
  }

  /** y = Φ(x) from the half of t in y, the exponent in b and its small part in a. */
  private static void scaledTail(FloatBlocks w, int n) {
    FloatMath.exp(w.b, w.a, w.a, w.d, w.e, n);
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector tail = at(w.a, i).mul(at(w.y, i));
      VectorMask<Float> positive = at(w.x, i).compare(VectorOperators.GE, 0);
      tail.blend(one.sub(tail), positive).intoArray(w.y, i);
    }
  }
}
