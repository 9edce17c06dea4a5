package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class ScalingFitTest {
  @Test
  void exactPowerLawIsFound() {
    double[] x = {8, 16, 32, 64, 128};
    double[] y = DoubleStream.of(x).map(v -> 0.25 * Math.pow(v, 1.75)).toArray();
    ScalingFit fit = ScalingFit.of(x, y);
    assertThat(fit.exponent()).isCloseTo(1.75, within(1e-12));
    assertThat(fit.factor()).isCloseTo(0.25, within(1e-12));
    assertThat(fit.halfWidth()).isCloseTo(0, within(1e-6));
    assertThat(fit.at(100)).isCloseTo(0.25 * Math.pow(100, 1.75), within(1e-9));
  }

  /**
   * ln y = 1, 2, 2 at ln x = 0, 1, 2: slope 1/2, residuals −1/6, 1/3, −1/6, standard error √(1/12).
   */
  @Test
  void confidenceIntervalMatchesHandComputation() {
    ScalingFit fit =
        ScalingFit.of(
            new double[] {1, Math.E, Math.exp(2)}, new double[] {Math.E, Math.exp(2), Math.exp(2)});
    assertThat(fit.exponent()).isCloseTo(0.5, within(1e-12));
    assertThat(fit.halfWidth()).isCloseTo(12.706 * Math.sqrt(1.0 / 12), within(1e-9));
  }

  @Test
  void intervalsHoldTheExponentAsOftenAsTheySay() {
    long seed = 11;
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    double[] x = {8, 16, 32, 64, 128, 256};
    int hits = 0;
    int trials = 4000;
    for (int trial = 0; trial < trials; trial++) {
      double[] y =
          DoubleStream.of(x).map(v -> v * v * Math.exp(0.2 * random.nextGaussian())).toArray();
      ScalingFit fit = ScalingFit.of(x, y);
      if (Math.abs(fit.exponent() - 2) <= fit.halfWidth()) {
        hits++;
      }
    }
    assertThat(hits / (double) trials).as("seed %d", seed).isBetween(0.93, 0.97);
  }

  @Test
  void twoPointsHaveNoInterval() {
    ScalingFit fit = ScalingFit.of(new double[] {8, 16}, new double[] {1, 4});
    assertThat(fit.exponent()).isCloseTo(2, within(1e-12));
    assertThat(fit.halfWidth()).isNaN();
    assertThat(fit).hasToString("2.00");
  }

  @Test
  void manyPointsUseTheExpansionOfTheQuantile() {
    double[] x = DoubleStream.iterate(1, v -> v + 1).limit(33).toArray();
    double[] y = new double[33];
    for (int i = 0; i < 33; i++) {
      y[i] = Math.exp(i % 2 == 0 ? 0.1 : -0.1);
    }
    double wide = ScalingFit.of(x, y).halfWidth();
    assertThat(wide).isPositive().isLessThan(0.1);
  }

  @Test
  void badPointsAreRefused() {
    assertThatThrownBy(() -> ScalingFit.of(new double[] {8}, new double[] {1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 2");
    assertThatThrownBy(() -> ScalingFit.of(new double[] {8, 8}, new double[] {1, 2}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("different");
    assertThatThrownBy(() -> ScalingFit.of(new double[] {8, 16}, new double[] {1, Double.NaN}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("y[1] is NaN");
    assertThatThrownBy(() -> ScalingFit.of(new double[] {0, 16}, new double[] {1, 2}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("x[0] is 0.0");
  }
}
