package org.volterra.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Extrapolation to infinite depth. */
@Tag("provider-independent")
class LimitFitTest {
  private static final int[] DEPTHS = {10, 20, 40, 80, 160};

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.5, 1, 1.5, 2, 4})
  void findsLimitAndOrderOfAPowerLaw(double order) {
    double[] values = new double[DEPTHS.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = 7 - 3 * Math.pow(DEPTHS[i], -order);
    }
    LimitFit fit = LimitFit.of(DEPTHS, values);
    assertThat(fit.order()).isCloseTo(order, within(1e-5));
    assertThat(fit.limit()).isCloseTo(7, within(1e-5));
    assertThat(fit.factor()).isCloseTo(-3, within(1e-3));
    assertThat(fit.residual()).isLessThan(1e-6);
  }

  @Test
  void aHigherTermDisturbsLittle() {
    double[] values = new double[DEPTHS.length];
    for (int i = 0; i < values.length; i++) {
      double h = 1.0 / DEPTHS[i];
      values[i] = 2 + h - h * h;
    }
    LimitFit fit = LimitFit.of(DEPTHS, values);
    assertThat(fit.order()).isCloseTo(1, within(0.1));
    assertThat(fit.limit()).isCloseTo(2, within(1e-3));
  }

  @Test
  void equalValuesAreTheirLimit() {
    assertThat(LimitFit.of(new int[] {1, 2, 4}, new double[] {5, 5, 5}).limit()).isEqualTo(5);
  }

  @Test
  void badPointsAreRefused() {
    assertThatThrownBy(() -> LimitFit.of(new int[] {1, 2}, new double[] {1, 2}))
        .hasMessageContaining("at least 3");
    assertThatThrownBy(() -> LimitFit.of(new int[] {1, 2, 2}, new double[] {1, 2, 3}))
        .hasMessageContaining("depths must increase");
    assertThatThrownBy(() -> LimitFit.of(new int[] {1, 2, 3}, new double[] {1, Double.NaN, 3}))
        .hasMessageContaining("point 1");
  }
}
