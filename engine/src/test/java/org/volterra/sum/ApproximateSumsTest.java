package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.ElementType;
import org.volterra.sum.TriangleCoefficients.PairFunction;
import org.volterra.testing.TestProvider;

/** The sums that approximate the kernel, within the bounds that they claim. */
class ApproximateSumsTest {
  static List<Integer> lengths() {
    return TestProvider.isReference()
        ? List.of(1, 2, 3, 63, 64, 65, 300)
        : List.of(1, 2, 3, 63, 64, 65, 200, 1000, 4096);
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void hierarchical(int layers) {
    for (double grading : new double[] {1, 2}) {
      DepthGrid grid = new DepthGrid(layers, 1, grading);
      PairFunction a =
          (l, k) -> {
            double t = grid.time(l);
            double s = grid.time(k);
            return Math.cos(3 * t * s) / (1 + (t - s) * (t - s));
          };
      ElementType type = layers % 2 == 0 ? ElementType.FLOAT32 : ElementType.FLOAT64;
      for (double tolerance : new double[] {1e-3, 1e-6}) {
        try (SumCase c = new SumCase(type, layers, 3)) {
          HierarchicalSum sum = new HierarchicalSum(c.operands, a, tolerance, c.memory);
          c.run(s -> sum);
          assertThat(sum.errorBound()).isLessThanOrEqualTo(tolerance);
          assertThat(sum.rank()).isLessThan(16);
          c.check(a, 2 * sum.errorBound() + (type == ElementType.FLOAT32 ? 1e-6 : 0));
        }
      }
    }
  }

  @Test
  void hierarchicalKeepsFullRankWhereThereIsNoOther() {
    PairFunction rough = (l, k) -> Math.sin(1e4 * Math.sin(l * 37.0 + k * 91.0));
    try (SumCase c = new SumCase(ElementType.FLOAT64, 200, 2)) {
      HierarchicalSum sum = new HierarchicalSum(c.operands, rough, 1e-9, c.memory);
      c.run(s -> sum);
      c.check(rough, sum.errorBound());
      assertThat(sum.errorBound()).isLessThan(1e-8);
    }
    try (SumCase c = new SumCase(ElementType.FLOAT64, 200, 2)) {
      HierarchicalSum zero = new HierarchicalSum(c.operands, (l, k) -> 0, 1e-9, c.memory);
      c.run(s -> zero);
      c.check((l, k) -> 0, 0);
      assertThat(zero.rank()).isZero();
      assertThatThrownBy(() -> new HierarchicalSum(c.operands, rough, 0, c.memory))
          .hasMessageContaining("tolerance");
    }
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void fittedExponentials(int layers) {
    if (layers <= FittedSum.HEAD + 1) {
      return;
    }
    DepthGrid grid = new DepthGrid(layers, 1);
    ElementType type = layers % 2 == 0 ? ElementType.FLOAT32 : ElementType.FLOAT64;
    ScalarKernel.Fractional kernel = DepthKernel.fractional(0.5);
    try (SumCase c = new SumCase(type, layers, 3)) {
      LagCoefficients lags =
          LagCoefficients.of(c.p, layers, m -> kernel.coefficient(grid, m, 0), c.memory);
      ExponentialFit fit =
          ExponentialFit.of(
              t -> kernel.weight(grid.step(), t / grid.step()),
              (FittedSum.HEAD + 1) * grid.step(),
              grid.horizon(),
              1e-5);
      c.run(s -> new FittedSum(s.operands, lags, grid.step(), fit, s.memory));
      c.check(
          (l, k) -> kernel.coefficient(grid, l, k),
          fit.errorBound() + (type == ElementType.FLOAT32 ? 1e-5 : 0));
    }
  }

  @Test
  @Tag("provider-independent")
  void fitHoldsItsBoundBetweenThePoints() {
    DoubleUnaryOperator[] functions = {
      t -> 1 / Math.sqrt(t),
      t -> Math.exp(-3 * t) + 0.5,
      t -> Math.pow(t, -0.7),
      t -> 1 / (1 + t),
      t -> -Math.log(t),
    };
    for (DoubleUnaryOperator a : functions) {
      for (double tolerance : new double[] {1e-2, 1e-4, 1e-6}) {
        ExponentialFit fit = ExponentialFit.of(a, 1e-3, 1, tolerance);
        double largest = 0;
        double size = 0;
        for (int i = 0; i <= 100_000; i++) {
          double t = 1e-3 * Math.pow(1e3, i / 1e5);
          size = Math.max(size, Math.abs(a.applyAsDouble(t)));
          largest = Math.max(largest, Math.abs(a.applyAsDouble(t) - fit.at(t)));
        }
        assertThat(largest).isLessThanOrEqualTo(fit.errorBound());
        assertThat(fit.errorBound()).isLessThanOrEqualTo(tolerance * size * 1.0000001);
        assertThat(fit.weights().size()).isLessThan(30);
      }
    }
  }

  @Test
  @Tag("provider-independent")
  void fitRefusesWhatItCannotDo() {
    assertThatThrownBy(() -> ExponentialFit.of(t -> Math.sin(200 * t), 0.01, 1, 1e-6))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("exponentials came to");
    assertThatThrownBy(() -> ExponentialFit.of(t -> t, 0, 1, 1e-3))
        .hasMessageContaining("interval [0.0, 1.0]");
    assertThatThrownBy(() -> ExponentialFit.of(t -> t, 1, 2, 0))
        .hasMessageContaining("tolerance 0.0");
    assertThatThrownBy(() -> ExponentialFit.of(t -> Double.NaN, 1, 2, 0.1))
        .hasMessageContaining("not finite");
  }
}
