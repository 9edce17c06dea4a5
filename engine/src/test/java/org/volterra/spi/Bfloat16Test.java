package org.volterra.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Rounding is compared with the definition: the nearer neighbour, of two the even one. */
@Tag("provider-independent")
class Bfloat16Test {
  private static final int LARGEST = 0x7f7f;

  @Test
  void everyNumberComesBack() {
    for (int bits = 0; bits <= 0xffff; bits++) {
      float value = Bfloat16.widen((short) bits);
      if (Float.isNaN(value)) {
        assertThat(Bfloat16.widen(Bfloat16.narrow(value))).isNaN();
        assertThat(Bfloat16.widen(Bfloat16.narrow((double) value))).isNaN();
      } else {
        assertThat(Bfloat16.narrow(value)).isEqualTo((short) bits);
        assertThat(Bfloat16.narrow((double) value)).isEqualTo((short) bits);
      }
    }
  }

  /** Denormal numbers, all exponents, and the step from the largest number to infinity. */
  @Test
  void roundsToTheNearestAndTiesToEven() {
    for (int lower = 0; lower <= LARGEST; lower++) {
      int upper = lower + 1;
      float middle = Float.intBitsToFloat(lower << 16 | 0x8000);
      float below = Math.nextDown(middle);
      float above = Math.nextUp(middle);
      int even = lower % 2 == 0 ? lower : upper;
      for (int sign : new int[] {0, 0x8000}) {
        float s = sign == 0 ? 1 : -1;
        assertThat(Bfloat16.narrow(s * middle)).isEqualTo((short) (even | sign));
        assertThat(Bfloat16.narrow(s * below)).isEqualTo((short) (lower | sign));
        assertThat(Bfloat16.narrow(s * above)).isEqualTo((short) (upper | sign));
      }
    }
  }

  /** What lies between the middle and the next float would be rounded twice by way of a float. */
  @Test
  void aDoubleIsRoundedOnce() {
    for (int lower = 0; lower < LARGEST; lower++) {
      double middle = Float.intBitsToFloat(lower << 16 | 0x8000);
      for (double s : new double[] {1, -1}) {
        int sign = s > 0 ? 0 : 0x8000;
        assertThat(Bfloat16.narrow(s * Math.nextDown(middle))).isEqualTo((short) (lower | sign));
        assertThat(Bfloat16.narrow(s * Math.nextUp(middle)))
            .isEqualTo((short) ((lower + 1) | sign));
      }
    }
  }

  @Test
  void keepsWhatIsNoOrdinaryNumber() {
    assertThat(Bfloat16.widen(Bfloat16.narrow(Float.POSITIVE_INFINITY))).isInfinite();
    assertThat(Bfloat16.widen(Bfloat16.narrow(Double.NEGATIVE_INFINITY)))
        .isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(Bfloat16.widen(Bfloat16.narrow(1e300))).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(Bfloat16.narrow(-0f)).isEqualTo((short) 0x8000);
    assertThat(Bfloat16.narrow(-1e-300)).isEqualTo((short) 0x8000);
    for (int payload : new int[] {0x7f800001, 0x7fffffff, 0xff80ffff, 0x7fc00000, 0xffffffff}) {
      assertThat(Bfloat16.widen(Bfloat16.narrow(Float.intBitsToFloat(payload)))).isNaN();
    }
  }

  @Test
  void theErrorIsAtMostEpsilon() {
    for (float x = 1; x < 2; x = x + 0x1p-17f) {
      double error =
          new BigDecimal(Bfloat16.widen(Bfloat16.narrow(x)))
              .subtract(new BigDecimal(x))
              .abs()
              .doubleValue();
      assertThat(error).isLessThanOrEqualTo(Bfloat16.EPSILON * x);
    }
    double worst = Bfloat16.widen(Bfloat16.narrow(1 + 0x1p-8f)) - (1 + 0x1p-8);
    assertThat(Math.abs(worst)).isEqualTo(Bfloat16.EPSILON);
  }
}
