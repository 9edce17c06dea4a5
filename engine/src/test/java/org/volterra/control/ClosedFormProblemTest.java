package org.volterra.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.depth.DepthOperator;
import org.volterra.depth.FieldNorm;
import org.volterra.depth.TriangleMesh;

/** The learning problem that is solved on paper, and its discretisations. */
@Tag("provider-independent")
class ClosedFormProblemTest {
  private static final ClosedFormProblem REFERENCE = new ClosedFormProblem(0.3, 0.05, 1, 1);

  @Test
  void theClosedForm() {
    assertThat(REFERENCE.kappa()).isCloseTo(11.6209396805, within(1e-10));
    assertThat(REFERENCE.minimum()).isCloseTo(0.0396167015, within(1e-10));
  }

  @ParameterizedTest
  @CsvSource({"10, .04584815", "20, .04265813", "40, .04111846", "80, .04036280", "160, .03998855"})
  void theTableOfDiscreteMinima(int layers, double value) {
    assertThat(REFERENCE.solve(layers).value()).isCloseTo(value, within(1e-6 * value));
  }

  @Test
  void theGapHalvesWithEveryDoubling() {
    double last = Double.NaN;
    for (int layers = 10; layers <= 640; layers *= 2) {
      double gap = REFERENCE.solve(layers).value() - REFERENCE.minimum();
      assertThat(gap).isPositive();
      if (layers > 10) {
        assertThat(last / gap).as("layers %d", layers).isBetween(1.95, 2.05);
      }
      last = gap;
    }
  }

  /** Extremes of ω T from 0.03 to 60; κ tends to the closed form where layers resolve 1/ω. */
  @ParameterizedTest
  @CsvSource({
    "1e-3, 1, 1, 1",
    "10, 0.1, 2, -3",
    "1, 1e-2, 6, 0.5",
    "0.3, 0.05, 1e-3, 1",
    "1e4, 1e2, 1, 1e3"
  })
  void theMinimumConvergesForOtherParameters(
      double lambda0, double lambda1, double horizon, double displacement) {
    ClosedFormProblem problem = new ClosedFormProblem(lambda0, lambda1, horizon, displacement);
    double coarse = problem.solve(160).value() / problem.minimum() - 1;
    double fine = problem.solve(320).value() / problem.minimum() - 1;
    assertThat(Math.abs(fine)).isLessThan(0.2);
    assertThat(coarse / fine).isBetween(1.8, 2.2);
  }

  @Test
  void theValueIsThatOfTheMinimiser() {
    ClosedFormProblem.Minimum minimum = REFERENCE.solve(40);
    double h = 1.0 / 40;
    DepthOperator a = DepthOperator.triangle(40, 1, 0.3 * h * h, 0.05);
    double[] theta = minimum.minimiser().pairs(40);
    double end = minimum.trajectory().value(1, 0);
    assertThat(0.5 * (end - 1) * (end - 1) + a.energy(theta))
        .isCloseTo(minimum.value(), within(1e-13));
    double[] gradient = new double[a.size()];
    a.apply(theta, gradient);
    for (int k = 0; k < 40; k++) {
      gradient[TriangleMesh.index(39, k)] += h * (end - 1);
    }
    assertThat(gradient).containsOnly(new double[] {0}, within(1e-13));
  }

  @Test
  void extendedMinimisersConvergeInH1() {
    double last = Double.NaN;
    for (int layers = 20; layers <= 320; layers *= 2) {
      FieldNorm distance =
          FieldNorm.of(
              REFERENCE.solve(layers).minimiser(),
              REFERENCE.minimiser(),
              new TriangleMesh(layers, 1),
              (t, s) -> 1);
      if (layers > 20) {
        assertThat(last / distance.h1()).as("layers %d", layers).isGreaterThan(1.35);
      }
      last = distance.h1();
    }
    assertThat(last).isLessThan(0.05);
  }

  @Test
  void trajectoriesConverge() {
    double error = 0;
    ClosedFormProblem.Minimum minimum = REFERENCE.solve(640);
    for (int l = 0; l <= 10; l++) {
      double t = l / 10.0;
      error = Math.max(error, Math.abs(minimum.trajectory().value(t, 0) - REFERENCE.trajectory(t)));
    }
    assertThat(error).isLessThan(2e-3);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1, 1, lambda0 0.0",
    "1, -1, 1, 1, lambda1 -1.0",
    "1, 1, NaN, 1, horizon NaN",
    "1, 1, 1, Infinity, displacement Infinity"
  })
  void badParameters(double lambda0, double lambda1, double horizon, double d, String message) {
    assertThatThrownBy(() -> new ClosedFormProblem(lambda0, lambda1, horizon, d))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
