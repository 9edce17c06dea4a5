package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatFourier.ELEMENT;
import static org.volterra.internal.panama.FloatWarmUp.PART;
import static org.volterra.internal.panama.FloatWarmUp.VECTORS;

/**
 * The loops of Fourier transforms, which are compiled before they meet much work, with operands
 * that fit them: n complex vectors are half of a part of the memory.
 */
@SuppressWarnings("cast")
final class FloatFourierLoops {
  private static final long A = 0;
  private static final long B = PART;
  private static final long C = 2 * PART;
  private static final long QUARTER = VECTORS * (long) ELEMENT;
  private static final float[] FACTORS = FloatFourier.factors(4 * VECTORS);

  static final FloatWarmUp FIRST_STEP =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourier.firstStep(s, A, ELEMENT, n, s, C, FACTORS);
        }
      });

  static final FloatWarmUp BUTTERFLIES =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourier.butterflies(s, A, QUARTER, n, ELEMENT, FACTORS, 0, 6);
        }
      });

  static final FloatWarmUp FOURS =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourier.fours(s, A, n);
        }
      });

  static final FloatWarmUp PAIRS =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourier.pairs(s, A, n);
        }
      });

  static final FloatWarmUp MULTIPLY =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourier.multiply(s, A, n, s, B, 1);
        }
      });

  static final FloatWarmUp CORRELATE =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourier.correlate(s, A, s, B, s, C, n);
        }
      });

  static final FloatWarmUp BACK_BUTTERFLIES =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourierBack.backButterflies(s, A, QUARTER, n, ELEMENT, FACTORS, 0, 6);
        }
      });

  static final FloatWarmUp LAST_STEP =
      new FloatWarmUp((s, w, n, times) -> {
        for (int i = 0; i < times; i++) {
          FloatFourierBack.addLastStep(s, A, n, FACTORS, 1, s, C, ELEMENT);
        }
      });

  private FloatFourierLoops() {}

  /** Those of a product with a Toeplitz matrix. */
  static void product(int size) {
    forward(size);
    MULTIPLY.ensure();
    BACK_BUTTERFLIES.ensure();
    FloatLoops.FILL.ensure();
    FloatLoops.AXPBY.ensure();
    LAST_STEP.ensure();
  }

  /** Those of the gradient of its lags. */
  static void correlation(int size) {
    forward(size);
    CORRELATE.ensure();
    FloatLoops.FILL.ensure();
    FloatLoops.AXPBY.ensure();
  }

  private static void forward(int size) {
    FIRST_STEP.ensure();
    BUTTERFLIES.ensure();
    (isOdd(size) ? PAIRS : FOURS).ensure();
  }

  /** Whether a step of radix 2 is among those of a quarter of twice the size, there and back. */
  private static boolean isOdd(int size) {
    return Integer.numberOfTrailingZeros(size) % 2 == 0;
  }
}
