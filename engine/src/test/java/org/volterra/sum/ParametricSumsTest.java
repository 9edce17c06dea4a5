package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ParametricFunction;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** Sums with kernels that are functions with parameters, and the gradients of these. */
class ParametricSumsTest {
  /** θ0 cos(θ1 t s) / (1 + (t − s)²) + θ2 s. */
  private static final ParametricFunction WAVE =
      new ParametricFunction() {
        @Override
        public double at(double t, double s, double[] theta) {
          return theta[0] * Math.cos(theta[1] * t * s) / (1 + (t - s) * (t - s)) + theta[2] * s;
        }

        @Override
        public void addDerivative(double t, double s, double[] theta, double weight, double[] sum) {
          double lag = 1 / (1 + (t - s) * (t - s));
          sum[0] += weight * Math.cos(theta[1] * t * s) * lag;
          sum[1] -= weight * theta[0] * t * s * Math.sin(theta[1] * t * s) * lag;
          sum[2] += weight * s;
        }
      };

  private static final double[] INITIAL = {1, 2, 0.5};
  private static final double[] PRESENT = {1.3, 2.5, 0.25};

  static List<Integer> lengths() {
    return TestProvider.isReference()
        ? List.of(1, 2, 3, 63, 64, 65, 300)
        : List.of(1, 2, 3, 63, 64, 65, 200, 1000);
  }

  private static ScalarBinding binding(
      SumCase c,
      DepthGrid grid,
      ScalarKernel kernel,
      SumAlgorithm algorithm,
      double tolerance,
      Matrix theta,
      Matrix gradient) {
    return new ScalarBinding(
        c.p,
        grid,
        kernel,
        algorithm,
        tolerance,
        c.memory,
        name -> theta,
        gradient == null ? null : name -> gradient);
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void equalTheDirectSums(int layers) {
    ScalarKernel kernel = DepthKernel.parametric(WAVE, INITIAL);
    ElementType type = layers % 2 == 0 ? ElementType.FLOAT32 : ElementType.FLOAT64;
    for (double grading : new double[] {1, 2}) {
      DepthGrid grid = new DepthGrid(layers, 1, grading);
      for (SumAlgorithm algorithm :
          List.of(SumAlgorithm.DIRECT, SumAlgorithm.BLOCKED, SumAlgorithm.HIERARCHICAL)) {
        try (SumCase c = new SumCase(type, layers, 3)) {
          Matrix theta = c.matrix(1, 3);
          Matrix gradient = c.matrix(1, 3);
          theta.fill(PRESENT);
          gradient.fill(new double[] {7, 7, 7});
          CumulativeSum sum =
              binding(c, grid, kernel, algorithm, 1e-6, theta, gradient).bind(c.operands);
          c.run(s -> sum);
          double error = 0;
          if (sum instanceof HierarchicalSum hierarchical) {
            assertThat(hierarchical.rank()).isLessThanOrEqualTo(16);
            error = hierarchical.errorBound();
            assertThat(error).isLessThan(1e-5);
          }
          assertThat(sum.usesHost()).isTrue();
          double rounding = type == ElementType.FLOAT32 ? 2e-6 : 1e-14;
          c.check((l, k) -> WAVE.at(grid.time(l), grid.time(k), PRESENT), 2 * error + rounding);
          checkGradient(c, grid, gradient, type == ElementType.FLOAT32 ? 1e-4 : 1e-11, 20 * error);
        }
      }
    }
  }

  /** The gradient is h Σ ⟨δ_l, z_k⟩ ∂a_{l,k}/∂θ, beside what was there. */
  private static void checkGradient(
      SumCase c, DepthGrid grid, Matrix gradient, double rounding, double derivativeError) {
    double[] expected = new double[3];
    double[] size = new double[3];
    double mass = 0;
    for (int l = 1; l <= c.layers; l++) {
      for (int k = 0; k < l; k++) {
        double slope = c.pairGradient(l, k);
        double[] term = new double[3];
        WAVE.addDerivative(grid.time(l), grid.time(k), PRESENT, slope, term);
        for (int i = 0; i < 3; i++) {
          expected[i] += term[i];
          size[i] += term[i] * term[i];
        }
        mass += slope * slope;
      }
    }
    for (int i = 0; i < 3; i++) {
      assertThat(gradient.get(0, i) - 7)
          .as("parameter %d at %d layers", i, c.layers)
          .isCloseTo(
              expected[i],
              within(
                  1e-13
                      + rounding * (1 + Math.sqrt(size[i]))
                      + derivativeError * Math.sqrt(mass * c.layers)));
    }
  }

  @Test
  void followTheParameters() {
    DepthGrid grid = new DepthGrid(150, 1);
    ScalarKernel kernel = DepthKernel.powerLaw();
    for (SumAlgorithm algorithm : List.of(SumAlgorithm.BLOCKED, SumAlgorithm.HIERARCHICAL)) {
      try (SumCase c = new SumCase(ElementType.FLOAT64, 150, 2)) {
        Matrix theta = c.matrix(1, 3);
        CumulativeSum sum = binding(c, grid, kernel, algorithm, 1e-9, theta, null).bind(c.operands);
        for (double[] present : new double[][] {{1, 0, 1}, {-2, -0.5, 0.5}, {0.5, 0.5, 2}}) {
          theta.fill(present);
          c.forward(sum);
          c.backward(sum);
          c.check(
              (l, k) ->
                  present[0]
                      * Math.pow(
                          1 + (grid.time(l) - grid.time(k)) / Math.exp(present[1]), -present[2]),
              1e-6);
        }
      }
    }
  }

  @Test
  @Tag("provider-independent")
  void derivativesOfThePowerLaw() {
    ScalarKernel.Parametric kernel = DepthKernel.powerLaw();
    double[] theta = {1.5, -0.7, 0.8};
    double[] slopes = {1, 2, 3};
    kernel.function().addDerivative(0.9, 0.2, theta, 2, slopes);
    for (int i = 0; i < 3; i++) {
      double[] up = theta.clone();
      double[] down = theta.clone();
      up[i] += 1e-6;
      down[i] -= 1e-6;
      double difference = kernel.function().at(0.9, 0.2, up) - kernel.function().at(0.9, 0.2, down);
      assertThat(slopes[i]).isCloseTo(i + 1 + difference / 1e-6, within(1e-8));
    }
    assertThat(kernel.coefficient(new DepthGrid(4, 2), 2, 0)).isCloseTo(0.5, within(1e-15));
  }

  @Test
  @Tag("provider-independent")
  void interpolationTakesTheDepthsWhereNothingElseHelps() {
    double[] outer = new double[64];
    double[] inner = new double[64];
    Arrays.setAll(outer, i -> 1 + i / 64.0);
    Arrays.setAll(inner, i -> i / 64.0);
    Interpolation rough =
        Interpolation.of((t, s) -> Math.sin(1e4 * (t + 3 * s)), outer, inner, 1e-9);
    assertThat(rough.rank()).isEqualTo(64);
    assertThat(rough.error((t, s) -> t * s)).isZero();
    Interpolation cubic = Interpolation.of((t, s) -> t * t * t - s * s, outer, inner, 1e-12);
    assertThat(cubic.rank()).isEqualTo(4);
    Interpolation nothing = Interpolation.of((t, s) -> Double.NaN, outer, inner, 1e-9);
    assertThat(nothing.error((t, s) -> Double.NaN)).isNaN();
  }

  @Test
  @Tag("provider-independent")
  void areHierarchicalWhereThatIsFaster() {
    Planner planner = new Planner(ElementType.FLOAT32, ElementType.FLOAT32, Calibration::typical);
    DepthGrid grid = new DepthGrid(4096, 1);
    Plan plan =
        planner.plan(
            DepthKernel.powerLaw(), grid, 4096, true, 1e-5, MemoryBudget.unlimited(), null);
    assertThat(plan.algorithm()).isEqualTo(SumAlgorithm.HIERARCHICAL);
    assertThat(plan.explain()).contains("power-law").contains("not possible").doesNotContain("NaN");
    Plan exact =
        planner.plan(DepthKernel.powerLaw(), grid, 4096, true, 0, MemoryBudget.unlimited(), null);
    assertThat(exact.algorithm()).isEqualTo(SumAlgorithm.BLOCKED);
    ScalarKernel rough =
        DepthKernel.parametric(
            new ParametricFunction() {
              @Override
              public double at(double t, double s, double[] theta) {
                return Math.sin(theta[0] * Math.sin(37 * t + 91 * s));
              }

              @Override
              public void addDerivative(
                  double t, double s, double[] theta, double weight, double[] sum) {
                throw new AssertionError();
              }
            },
            1e4);
    assertThat(
            planner
                .plan(rough, new DepthGrid(300, 1), 64, false, 1e-5, MemoryBudget.unlimited(), null)
                .explain())
        .contains("blocks are not of low rank");
  }

  /** A device with memory of its own computes the values, and keeps what it computes them from. */
  @Test
  @Tag("provider-independent")
  void computedValuesTakeVectorsMore() {
    long pairs = 100 * 101 / 2;
    for (SumAlgorithm algorithm : List.of(SumAlgorithm.DIRECT, SumAlgorithm.HIERARCHICAL)) {
      for (boolean training : new boolean[] {false, true}) {
        long onHost = memory(true, algorithm, training);
        long onDevice = memory(false, algorithm, training);
        assertThat(onDevice).isGreaterThan(onHost);
        if (algorithm == SumAlgorithm.DIRECT) {
          assertThat(onHost).isEqualTo((training ? 2 : 1) * pairs * Float.BYTES);
          assertThat(onDevice).isEqualTo((training ? 6 : 5) * pairs * Float.BYTES);
        }
      }
    }
  }

  private static long memory(boolean onHost, SumAlgorithm algorithm, boolean training) {
    return new Planner(ElementType.FLOAT32, ElementType.FLOAT32, Calibration::typical, onHost)
        .plan(
            DepthKernel.powerLaw(),
            new DepthGrid(100, 1),
            16,
            training,
            1e-5,
            MemoryBudget.unlimited(),
            algorithm)
        .chosen()
        .memory();
  }

  @Test
  @Tag("provider-independent")
  void refuseParametersThatAreNone() {
    assertThatThrownBy(() -> DepthKernel.parametric(WAVE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("parametric of 0 parameters: must be in 1..1000");
    assertThatThrownBy(() -> DepthKernel.parametric(WAVE, 1, Double.NaN, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must be finite");
  }
}
