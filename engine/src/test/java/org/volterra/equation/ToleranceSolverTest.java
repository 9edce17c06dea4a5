package org.volterra.equation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.depth.Richardson;
import org.volterra.internal.scalar.ScalarProvider;

/** Estimated errors against true ones, on the equations whose solutions are known. */
@Tag("provider-independent")
class ToleranceSolverTest {
  private final VolterraSolver solver = new VolterraSolver(new ScalarProvider());

  @ParameterizedTest
  @MethodSource("org.volterra.equation.VolterraSolverTest#pairs")
  void estimatesAreTheErrors(KnownEquation known, QuadratureMethod method) {
    double tolerance =
        method instanceof Trapezoid || method instanceof ProductTrapezoid ? 1e-4 : 5e-3;
    for (double grading : new double[] {1, 2}) {
      ToleranceSolver.Estimated found =
          new ToleranceSolver(solver, method, grading, 1280).solve(known.equation(), tolerance);
      double error = found.solution().maxError();
      if (found.reached()) {
        assertThat(found.error()).isLessThanOrEqualTo(tolerance);
        assertThat(error).as("%s: %s", method, found).isLessThan(1.6 * tolerance);
      } else {
        // Solutions that are not smooth at 0 converge slowly in the maximum norm.
        assertThat(known.orderAtEnd()).isTrue();
        assertThat(found.depths()).last().isEqualTo(1280);
      }
      if (error > 1e-13) {
        assertThat(found.error()).isBetween(error / 4, 4 * error);
      }
      assertThat(found.depths())
          .hasSizeGreaterThanOrEqualTo(3)
          .last()
          .isEqualTo(found.solution().grid().layers());
    }
  }

  @Test
  void tighterTolerancesTakeMoreLayers() {
    IntegralEquation equation = KnownEquations.find("6").getFirst().equation();
    ToleranceSolver trapezoid = new ToleranceSolver(solver, new Trapezoid(), 1, 2560);
    ToleranceSolver.Estimated rough = trapezoid.solve(equation, 1e-4);
    ToleranceSolver.Estimated fine = trapezoid.solve(equation, 1e-6);
    assertThat(fine.solution().grid().layers()).isEqualTo(8 * rough.solution().grid().layers());
    assertThat(fine.order()).isCloseTo(2, within(0.05));
    ToleranceSolver.Estimated never =
        new ToleranceSolver(solver, new LeftRectangle(), 1, 100).solve(equation, 1e-6);
    assertThat(never.reached()).isFalse();
    assertThat(never.solution().grid().layers()).isEqualTo(80);
    assertThat(never.error()).isCloseTo(never.solution().maxError(), within(1e-3));
    assertThat(never.solution().trajectory().value(0.333, 0))
        .isCloseTo(2 - Math.exp(-0.333), within(0.02));
  }

  /** x = 1 + 30 ∫ x² on [0, 0.03], which has no root on few layers. */
  private record Steep(double horizon) implements HammersteinEquation {
    @Override
    public double source(double t) {
      return 1;
    }

    @Override
    public double kernel(double t, double s) {
      return 30;
    }

    @Override
    public double feature(double s, double x) {
      return x * x;
    }
  }

  @Test
  void depthsWithoutASolutionArePassedOver() {
    ToleranceSolver trapezoid = new ToleranceSolver(solver, new Trapezoid(), 1, 640);
    ToleranceSolver.Estimated found = trapezoid.solve(new Steep(0.032), 1e-2);
    assertThat(found.depths().getFirst()).isGreaterThan(10);
    // x = 1/(1 − 30 t).
    assertThat(found.solution().value(found.solution().grid().layers()))
        .isCloseTo(1 / (1 - 30 * 0.032), within(0.05));
    assertThatIllegalStateException()
        .isThrownBy(() -> trapezoid.solve(new Steep(0.034), 1e-2))
        .withMessageContaining("more layers");
  }

  @Test
  void argumentsOutOfRange() {
    IntegralEquation equation = KnownEquations.find("1").getFirst().equation();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ToleranceSolver(solver, new Trapezoid(), 1, 39))
        .withMessageContaining("mostLayers 39");
    ToleranceSolver good = new ToleranceSolver(solver, new Trapezoid(), 1, 40);
    for (double tolerance : new double[] {0, -1, Double.NaN}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> good.solve(equation, tolerance))
          .withMessageContaining("tolerance " + tolerance);
    }
  }

  @Test
  void richardson() {
    // d(L) = L^(−1.5) at 10, 20, 40 layers.
    double[] e = {Math.pow(10, -1.5), Math.pow(20, -1.5), Math.pow(40, -1.5)};
    Richardson estimate = Richardson.of(e[0] - e[1], e[1] - e[2], 2, 3, 0);
    assertThat(estimate.order()).isCloseTo(1.5, within(1e-12));
    assertThat(estimate.error()).isCloseTo(e[2], within(1e-14));
    assertThat(Richardson.of(1, 1e-9, 2, 2, 0).error()).isCloseTo(1e-9 / 3, within(1e-15));
    assertThat(Richardson.of(1, 1, 2, 2, 0).error()).isInfinite();
    assertThat(Richardson.of(1e-16, 2e-16, 2, 2, 1e-15).error()).isEqualTo(2e-16);
    assertThatIllegalArgumentException().isThrownBy(() -> Richardson.of(-1, 1, 2, 2, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Richardson.of(1, Double.NaN, 2, 2, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> Richardson.of(1, 1, 1, 2, 0));
  }
}
