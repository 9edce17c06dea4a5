package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpreadTest {
  @Test
  void quartilesInterpolate() {
    Spread spread = Spread.of(4, 1, 3, 2);
    assertThat(spread.median()).isEqualTo(2.5);
    assertThat(spread.low()).isEqualTo(1.75);
    assertThat(spread.high()).isEqualTo(3.25);
    assertThat(spread).hasToString("2.50 (1.75-3.25)");
    assertThat(Spread.of(7).high()).isEqualTo(7);
  }

  /** Of six values the smallest and the largest enclose the median with 1 − 2/2⁶ = 97 %. */
  @Test
  void intervalOfTheMedianNeedsSixValues() {
    assertThat(Spread.of(1, 2, 3, 4, 5).medianLow()).isNaN();
    assertThat(Spread.of(1, 2, 3, 4, 5, 6).medianLow()).isEqualTo(1);
    assertThat(Spread.of(1, 2, 3, 4, 5, 6).medianHigh()).isEqualTo(6);
    assertThat(Spread.of(1, 2, 3, 4, 5, 6, 7, 8, 9).medianLow()).isEqualTo(2);
  }

  @Test
  void intervalsHoldTheMedianAsOftenAsTheySay() {
    long seed = 5;
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    int hits = 0;
    int trials = 4000;
    for (int trial = 0; trial < trials; trial++) {
      Spread spread = Spread.of(random.doubles(20).toArray());
      hits += spread.medianLow() <= 0.5 && 0.5 <= spread.medianHigh() ? 1 : 0;
    }
    assertThat(hits / (double) trials).as("seed %d", seed).isBetween(0.945, 0.97);
  }

  @Test
  void manyValuesHaveANarrowInterval() {
    for (int n : new int[] {1000, 1001, 100_000}) {
      Spread spread = Spread.of(IntStream.range(0, n).mapToDouble(i -> i).toArray());
      double half = 1.96 * Math.sqrt(n) / 2;
      assertThat(spread.median() - spread.medianLow()).isCloseTo(half, within(2.0));
      assertThat(spread.medianHigh() - spread.median()).isCloseTo(half, within(2.0));
    }
  }

  @Test
  void ratiosAreTakenPairByPair() {
    double[] b = {1, 2, 40, 1, 1}; // the third pair was disturbed
    double[] a = {2, 4, 80, 2, 2};
    assertThat(Spread.ofRatios(a, b).low()).isCloseTo(2, within(1e-15));
    assertThat(Spread.ofRatios(a, b).high()).isCloseTo(2, within(1e-15));
    assertThatThrownBy(() -> Spread.ofRatios(a, new double[1]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void infinityIsAValueAndNotANumberIsNone() {
    double never = Double.POSITIVE_INFINITY;
    assertThat(Spread.of(1, 1, 1, never).median()).isEqualTo(1);
    assertThat(Spread.of(1, never, never).high()).isEqualTo(never);
    assertThatThrownBy(() -> Spread.of(1, Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(Spread::of).hasMessageContaining("at least one");
  }
}
