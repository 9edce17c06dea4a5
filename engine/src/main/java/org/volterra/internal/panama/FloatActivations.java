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
import org.volterra.internal.panama.FloatBlocks.Name;
import org.volterra.spi.Activation;

/**
 * Activations and their derivatives as passes over a block, from rows in memory to array x of
 * {@link FloatBlocks}, to array y, to rows in memory. Relative errors are below 1e-6 (float32) and
 * 1e-14 (float64) where the result is a normal number and no zero of the function, except that Φ in
 * float64 inherits the 1e-13 of {@link org.volterra.spi.Erf}. NaN propagates.
 */
@SuppressWarnings("cast")
final class FloatActivations {
  /** Beyond this |x|, Φ(−|x|) is 0. */
  private static final float PHI_MOST = SINGLE ? (float) 15 : (float) 40;

  private static final float SQRT_HALF = (float) 0.7071067811865476;
  private static final float INVERSE_SQRT_TWO_PI = (float) 0.3989422804014327;

  /** y *= x. */
  private static final FloatPass TIMES_ARGUMENT =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector.fromArray(SPECIES, w.x, i)
                .mul(FloatVector.fromArray(SPECIES, w.y, i))
                .intoArray(w.y, i);
          }
        }
      };

  /** a = −2 |x|, bounded. */
  private static final FloatPass TANH_ARGUMENT =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          FloatVector most = FloatVector.broadcast(SPECIES, (float) 30);
          FloatVector scale = FloatVector.broadcast(SPECIES, (float) -2);
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector.fromArray(SPECIES, w.x, i).abs().min(most).mul(scale).intoArray(w.a, i);
          }
        }
      };

  /** tanh |x| = −q / (2 + q) with q = e^(−2|x|) − 1 in b, then the sign. */
  private static final FloatPass TANH =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
          FloatVector two = FloatVector.broadcast(SPECIES, (float) 2);
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector q = FloatVector.fromArray(SPECIES, w.b, i);
            FloatVector y = q.div(q.add(two));
            y.blend(
                    y.neg(),
                    FloatVector.fromArray(SPECIES, w.x, i).compare(VectorOperators.GE, zero))
                .intoArray(w.y, i);
          }
        }
      };

  /** y = 1 / (1 + e^(−x)), from a = e^(−|x|). */
  private static final FloatPass SIGMOID_OF_EXP =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
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
      };

  /** a = s = e / (2 + e) of e = e^(−|x|) in a; b = s². */
  private static final FloatPass SOFTPLUS_ARGUMENT =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
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
      };

  /** y = max(x, 0) + log(1 + e), log(1 + e) = 2 artanh s; c holds 2 artanh(s) / s. */
  private static final FloatPass SOFTPLUS =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
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
      };

  /** max(x, 0). */
  private static final FloatPass RELU =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector.fromArray(SPECIES, w.x, i).max(zero).intoArray(w.y, i);
          }
        }
      };

  /** 1 where x > 0, else 0. */
  private static final FloatPass STEP =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          FloatVector zero = FloatVector.broadcast(SPECIES, (float) 0);
          FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector u = FloatVector.fromArray(SPECIES, w.x, i);
            FloatVector d = zero.blend(one, u.compare(VectorOperators.GT, zero));
            d.blend(u, u.test(VectorOperators.IS_NAN)).intoArray(w.y, i);
          }
        }
      };

  /**
   * Φ(x) comes from erfc(z) = t exp(−z² + P(2t − 1)), t = 2 / (2 + z), z = |x| / √2. The exponent
   * −x²/2 is taken exactly, as a product in b and its rounding error in c; y = t / 2, d = 2t − 1.
   */
  private static final FloatPass ERFC_ARGUMENT =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
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
      };

  /** y = Φ(x) from t / 2 in y and the exponential in a. */
  private static final FloatPass NORMAL_TAIL =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
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
      };

  /** a += c. */
  private static final FloatPass ADD_C =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          if (n == 0) {
            return;
          }
          for (int i = 0; i < n; i += LENGTH) {
            FloatVector.fromArray(SPECIES, w.c, i)
                .add(FloatVector.fromArray(SPECIES, w.a, i))
                .intoArray(w.a, i);
          }
        }
      };

  /** y = x. */
  private static final FloatPass COPY =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          System.arraycopy(w.x, 0, w.y, 0, n);
        }
      };

  /** y = 1. */
  private static final FloatPass ONE =
      new FloatPass() {
        @Override
        void run(FloatBlocks w, int n) {
          Arrays.fill(w.y, 0, n, 1);
        }
      };

  private static final FloatPass ABSOLUTE = new Absolute(-1);

  /** a = e^(−|x|), and with it y = 1 / (1 + e^(−x)). */
  private static final FloatPasses SIGMOID =
      FloatPasses.of(ABSOLUTE).then(FloatMath.EXP_OF_A).then(SIGMOID_OF_EXP);

  /** y = Φ(x); b and c hold −x²/2 and its rounding error. */
  private static final FloatPasses NORMAL_DISTRIBUTION =
      FloatPasses.of(
              ERFC_ARGUMENT, FloatMath.ERFC_SERIES, ADD_C, new FloatMath.Reduce(Name.B, Name.A))
          .then(FloatMath.EXP_OF_REDUCED)
          .then(NORMAL_TAIL);

  private static final Map<Activation, FloatPasses> VALUES =
      table(FloatActivations::valueOf, FloatTransfer.WRITE_Y);

  private static final Map<Activation, FloatPasses> DERIVATIVES =
      table(FloatActivations::derivativeOf, FloatTransfer.WRITE_PRODUCT);

  private FloatActivations() {}

  /** The passes of target = f(source). */
  static FloatPasses value(Activation f) {
    return VALUES.get(f);
  }

  /** The passes of target = f'(source) factor + beta target. */
  static FloatPasses derivative(Activation f) {
    return DERIVATIVES.get(f);
  }

  private static Map<Activation, FloatPasses> table(
      Function<Activation, FloatPasses> passes, FloatPass last) {
    Map<Activation, FloatPasses> table = new EnumMap<>(Activation.class);
    for (Activation f : Activation.values()) {
      table.put(f, FloatPasses.of(FloatTransfer.READ_X).then(passes.apply(f)).then(last));
    }
    return table;
  }

  private static FloatPasses valueOf(Activation f) {
    return switch (f) {
      case IDENTITY -> FloatPasses.of(COPY);
      case TANH ->
          FloatPasses.of(
              TANH_ARGUMENT,
              FloatMath.REDUCE_A,
              new FloatMath.Series(FloatMath.EXP, Name.D, Name.B),
              FloatMath.EXP_MINUS_ONE,
              TANH);
      case RELU -> FloatPasses.of(RELU);
      case GELU -> NORMAL_DISTRIBUTION.then(TIMES_ARGUMENT);
      case SILU -> SIGMOID.then(TIMES_ARGUMENT);
      case SIGMOID -> SIGMOID;
      case SOFTPLUS ->
          FloatPasses.of(ABSOLUTE)
              .then(FloatMath.EXP_OF_A)
              .then(
                  SOFTPLUS_ARGUMENT,
                  new FloatMath.Series(FloatMath.ARTANH, Name.B, Name.C),
                  SOFTPLUS);
    };
  }

  private static FloatPasses derivativeOf(Activation f) {
    return switch (f) {
      case IDENTITY -> FloatPasses.of(ONE);
      case TANH ->
          FloatPasses.of(new Absolute(-2)).then(FloatMath.EXP_OF_A).then(new Bell(4, Name.Y));
      case RELU -> FloatPasses.of(STEP);
      case GELU ->
          NORMAL_DISTRIBUTION
              .then(new FloatMath.Reduce(Name.B, Name.C))
              .then(FloatMath.EXP_OF_REDUCED)
              .then(new AddProduct(INVERSE_SQRT_TWO_PI));
      case SILU -> SIGMOID.then(new Bell(1, Name.A), new AddProduct(1));
      case SIGMOID -> FloatPasses.of(ABSOLUTE).then(FloatMath.EXP_OF_A).then(new Bell(1, Name.Y));
      case SOFTPLUS -> SIGMOID;
    };
  }

  /** a = factor |x|. */
  private static final class Absolute extends FloatPass {
    private final float factor;

    Absolute(float scale) {
      factor = scale;
    }

    @Override
    void run(FloatBlocks w, int n) {
      if (n == 0) {
        return;
      }
      FloatVector scale = FloatVector.broadcast(SPECIES, factor);
      for (int i = 0; i < n; i += LENGTH) {
        FloatVector.fromArray(SPECIES, w.x, i).abs().mul(scale).intoArray(w.a, i);
      }
    }
  }

  /** y += factor x a. */
  private static final class AddProduct extends FloatPass {
    private final float factor;

    AddProduct(float scale) {
      factor = scale;
    }

    @Override
    void run(FloatBlocks w, int n) {
      if (n == 0) {
        return;
      }
      FloatVector scale = FloatVector.broadcast(SPECIES, factor);
      for (int i = 0; i < n; i += LENGTH) {
        FloatVector.fromArray(SPECIES, w.x, i)
            .fma(
                FloatVector.fromArray(SPECIES, w.a, i).mul(scale),
                FloatVector.fromArray(SPECIES, w.y, i))
            .intoArray(w.y, i);
      }
    }
  }

  /** y = factor a / (1 + a)²: the derivative of the sigmoid, accurate where s (1 − s) cancels. */
  private static final class Bell extends FloatPass {
    private final float factor;
    private final Name to;

    Bell(float scale, Name target) {
      factor = scale;
      to = target;
    }

    @Override
    void run(FloatBlocks w, int n) {
      if (n == 0) {
        return;
      }
      float[] y = w.get(to);
      FloatVector one = FloatVector.broadcast(SPECIES, (float) 1);
      FloatVector scale = FloatVector.broadcast(SPECIES, factor);
      for (int i = 0; i < n; i += LENGTH) {
        FloatVector e = FloatVector.fromArray(SPECIES, w.a, i);
        FloatVector d = e.add(one);
        e.mul(scale).div(d.mul(d)).intoArray(y, i);
      }
    }
  }
}
