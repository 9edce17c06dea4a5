package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.SINGLE;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import org.volterra.spi.Activation;

/**
 * Activations and their derivatives as passes over a block, from array x of {@link FloatBlocks} to
 * array y. Relative errors are below 1e-6 (float32) and 1e-14 (float64) where the result is a
 * normal number and no zero of the function, except that Φ in float64 inherits the 1e-13 of {@link
 * org.volterra.spi.Erf}. NaN propagates.
 */
@SuppressWarnings("cast")
final class FloatActivations {
  /** Beyond this |x|, Φ(−|x|) is 0. */
  private static final float PHI_MOST = SINGLE ? (float) 15 : (float) 40;

  private static final float SQRT_HALF = (float) 0.7071067811865476;
  private static final float INVERSE_SQRT_TWO_PI = (float) 0.3989422804014327;

  /** a = e^(−|x|), and with it y = 1 / (1 + e^(−x)). */
  private static final FloatPasses SIGMOID =
      FloatPasses.of((w, n) -> absolute(w, -1, n))
          .then(FloatMath.EXP_OF_A)
          .then(FloatActivations::sigmoid);

  /** y = Φ(x); b and c hold −x²/2 and its rounding error. */
  private static final FloatPasses NORMAL_DISTRIBUTION =
      FloatPasses.of(
              FloatActivations::erfcArgument,
              (w, n) -> FloatMath.erfcSeries(w.d, w.a, n),
              (w, n) -> add(w.c, w.a, n),
              (w, n) -> FloatMath.reduce(w.b, w.a, w.d, w.e, n))
          .then(FloatMath.EXP_OF_REDUCED)
          .then(FloatActivations::normalTail);

  private static final Map<Activation, FloatPasses> VALUES = table(FloatActivations::valueOf);
  private static final Map<Activation, FloatPasses> DERIVATIVES =
      table(FloatActivations::derivativeOf);

  private FloatActivations() {}

  /** The passes of y = f(x). */
  static FloatPasses value(Activation f) {
    return VALUES.get(f);
  }

  /** The passes of y = f'(x). */
  static FloatPasses derivative(Activation f) {
    return DERIVATIVES.get(f);
  }

  private static Map<Activation, FloatPasses> table(Function<Activation, FloatPasses> passes) {
    Map<Activation, FloatPasses> table = new EnumMap<>(Activation.class);
    for (Activation f : Activation.values()) {
      table.put(f, passes.apply(f));
    }
    return table;
  }

  private static FloatPasses valueOf(Activation f) {
    return switch (f) {
      case IDENTITY -> FloatPasses.of((w, n) -> System.arraycopy(w.x, 0, w.y, 0, n));
      case TANH ->
          FloatPasses.of(
              FloatActivations::tanhArgument,
              (w, n) -> FloatMath.reduce(w.a, FloatMath.ZERO, w.d, w.e, n),
              (w, n) -> FloatMath.series(FloatMath.EXP, w.d, w.b, n),
              (w, n) -> FloatMath.expMinusOne(w.d, w.e, w.b, n),
              FloatActivations::tanh);
      case RELU -> FloatPasses.of((w, n) -> relu(w.x, w.y, n));
      case GELU -> NORMAL_DISTRIBUTION.then(FloatActivations::timesArgument);
      case SILU -> SIGMOID.then(FloatActivations::timesArgument);
      case SIGMOID -> SIGMOID;
      case SOFTPLUS ->
          FloatPasses.of((w, n) -> absolute(w, -1, n))
              .then(FloatMath.EXP_OF_A)
              .then(
                  FloatActivations::softplusArgument,
                  (w, n) -> FloatMath.series(FloatMath.ARTANH, w.b, w.c, n),
                  FloatActivations::softplus);
    };
  }

  private static FloatPasses derivativeOf(Activation f) {
    return switch (f) {
      case IDENTITY -> FloatPasses.of((w, n) -> Arrays.fill(w.y, 0, n, 1));
      case TANH ->
          FloatPasses.of((w, n) -> absolute(w, -2, n))
              .then(FloatMath.EXP_OF_A)
              .then((w, n) -> bell(w.a, 4, w.y, n));
      case RELU -> FloatPasses.of((w, n) -> step(w.x, w.y, n));
      case GELU ->
          NORMAL_DISTRIBUTION
              .then((w, n) -> FloatMath.reduce(w.b, w.c, w.d, w.e, n))
              .then(FloatMath.EXP_OF_REDUCED)
              .then((w, n) -> addProduct(w.x, w.a, INVERSE_SQRT_TWO_PI, w.y, n));
      case SILU ->
          SIGMOID.then((w, n) -> bell(w.a, 1, w.a, n), (w, n) -> addProduct(w.x, w.a, 1, w.y, n));
      case SIGMOID ->
          FloatPasses.of((w, n) -> absolute(w, -1, n))
              .then(FloatMath.EXP_OF_A)
              .then((w, n) -> bell(w.a, 1, w.y, n));
      case SOFTPLUS -> SIGMOID;
    };
  }

  /** a = factor |x|. */
  private static void absolute(FloatBlocks w, float factor, int n) {
    if (n == 0) {
      return;
    }
    FloatVector scale = FloatVector.broadcast(SPECIES, factor);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, w.x, i).abs().mul(scale).intoArray(w.a, i);
    }
  }

  /** y *= x. */
  private static void timesArgument(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, w.x, i)
          .mul(FloatVector.fromArray(SPECIES, w.y, i))
          .intoArray(w.y, i);
    }
  }

  /** y += x. */
  private static void add(float[] x, float[] y, int n) {
    if (n == 0) {
      return;
    }
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, x, i)
          .add(FloatVector.fromArray(SPECIES, y, i))
          .intoArray(y, i);
    }
  }

  /** y += factor x a. */
  private static void addProduct(float[] x, float[] a, float factor, float[] y, int n) {
    if (n == 0) {
      return;
    }
    FloatVector scale = FloatVector.broadcast(SPECIES, factor);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, x, i)
          .fma(
              FloatVector.fromArray(SPECIES, a, i).mul(scale), FloatVector.fromArray(SPECIES, y, i))
          .intoArray(y, i);
    }
  }

  /** y = factor a / (1 + a)²: the derivative of the sigmoid, accurate where s (1 − s) cancels. */
  private static void bell(float[] a, float factor, float[] y, int n) {
    if (n == 0) {
      return;
    }
    FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
    FloatVector scale = FloatVector.broadcast(SPECIES, factor);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector e = FloatVector.fromArray(SPECIES, a, i);
      FloatVector d = e.add(one);
      e.mul(scale).div(d.mul(d)).intoArray(y, i);
    }
  }

  /** a = −2 |x|, bounded. */
  private static void tanhArgument(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    FloatVector most = FloatVector.broadcast(SPECIES, (float) 30);
    FloatVector scale = FloatVector.broadcast(SPECIES, (float) -2);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, w.x, i).abs().min(most).mul(scale).intoArray(w.a, i);
    }
  }

  /** tanh |x| = −q / (2 + q) with q = e^(−2|x|) − 1 in b, then the sign. */
  private static void tanh(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
    FloatVector two = FloatVector.broadcast(SPECIES, (float) 2);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector q = FloatVector.fromArray(SPECIES, w.b, i);
      FloatVector y = q.div(q.add(two));
      y.blend(y.neg(), FloatVector.fromArray(SPECIES, w.x, i).compare(VectorOperators.GE, zero))
          .intoArray(w.y, i);
    }
  }

  /** y = 1 / (1 + e^(−x)), from a = e^(−|x|). */
  private static void sigmoid(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
    FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector e = FloatVector.fromArray(SPECIES, w.a, i);
      VectorMask<Float> positive =
          FloatVector.fromArray(SPECIES, w.x, i).compare(VectorOperators.GE, zero);
      e.blend(one, positive).div(e.add(one)).intoArray(w.y, i);
    }
  }

  /** a = s = e / (2 + e) of e = e^(−|x|) in a; b = s². */
  private static void softplusArgument(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    FloatVector two = FloatVector.broadcast(SPECIES, (float) 2);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector e = FloatVector.fromArray(SPECIES, w.a, i);
      FloatVector s = e.div(e.add(two));
      s.intoArray(w.a, i);
      s.mul(s).intoArray(w.b, i);
    }
  }

  /** y = max(x, 0) + log(1 + e), log(1 + e) = 2 artanh s; c holds 2 artanh(s) / s. */
  private static void softplus(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, w.a, i)
          .fma(
              FloatVector.fromArray(SPECIES, w.c, i),
              FloatVector.fromArray(SPECIES, w.x, i).max(zero))
          .intoArray(w.y, i);
    }
  }

  /** max(x, 0). */
  private static void relu(float[] x, float[] y, int n) {
    if (n == 0) {
      return;
    }
    FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, x, i).max(zero).intoArray(y, i);
    }
  }

  /** 1 where x > 0, else 0. */
  private static void step(float[] x, float[] y, int n) {
    if (n == 0) {
      return;
    }
    FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
    FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector u = FloatVector.fromArray(SPECIES, x, i);
      FloatVector d = zero.blend(one, u.compare(VectorOperators.GT, zero));
      d.blend(u, u.test(VectorOperators.IS_NAN)).intoArray(y, i);
    }
  }

  /**
   * Φ(x) comes from erfc(z) = t exp(−z² + P(2t − 1)), t = 2 / (2 + z), z = |x| / √2. The exponent
   * −x²/2 is taken exactly, as a product in b and its rounding error in c; y = t / 2, d = 2t − 1.
   */
  private static void erfcArgument(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    FloatVector most = FloatVector.broadcast(SPECIES, PHI_MOST);
    FloatVector minusHalf = FloatVector.broadcast(SPECIES, (float) -0.5);
    FloatVector rootOfHalf = FloatVector.broadcast(SPECIES, SQRT_HALF);
    FloatVector half = FloatVector.broadcast(SPECIES, (float) 0.5);
    FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
    FloatVector two = FloatVector.broadcast(SPECIES, (float) 2);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector z = FloatVector.fromArray(SPECIES, w.x, i).abs().min(most);
      FloatVector square = z.mul(z);
      square.mul(minusHalf).intoArray(w.b, i);
      z.fma(z, square.neg()).mul(minusHalf).intoArray(w.c, i);
      FloatVector t = two.div(z.mul(rootOfHalf).add(two));
      t.mul(half).intoArray(w.y, i);
      t.add(t).sub(one).intoArray(w.d, i);
    }
  }

  /** y = Φ(x) from t / 2 in y and the exponential in a. */
  private static void normalTail(FloatBlocks w, int n) {
    if (n == 0) {
      return;
    }
    FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
    FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector tail =
          FloatVector.fromArray(SPECIES, w.a, i).mul(FloatVector.fromArray(SPECIES, w.y, i));
      VectorMask<Float> positive =
          FloatVector.fromArray(SPECIES, w.x, i).compare(VectorOperators.GE, zero);
      tail.blend(one.sub(tail), positive).intoArray(w.y, i);
    }
  }
}
