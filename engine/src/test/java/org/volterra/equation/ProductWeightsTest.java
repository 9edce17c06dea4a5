package org.volterra.equation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.math.BigDecimal;
import java.math.MathContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.SpecialFunctions;
import org.volterra.spi.Erf;

/** Weights of product integration, differences of graded nodes, and special functions. */
@Tag("provider-independent")
class ProductWeightsTest {
  private static final MathContext DIGITS = new MathContext(80);

  /** Square roots of nodes and the moments for α = 1/2 in 80 digits. */
  private static double[] exactMoments(int layers, int power, int l, int k) {
    BigDecimal h = node(layers, power, k + 1).subtract(node(layers, power, k));
    BigDecimal a = node(layers, power, l).subtract(node(layers, power, k));
    BigDecimal b = node(layers, power, l).subtract(node(layers, power, k + 1));
    BigDecimal rootA = a.sqrt(DIGITS);
    BigDecimal rootB = b.sqrt(DIGITS);
    BigDecimal two = BigDecimal.valueOf(2);
    BigDecimal zeroth = two.multiply(rootA.subtract(rootB));
    BigDecimal first =
        two.multiply(a.multiply(rootA).subtract(b.multiply(rootB)))
            .divide(BigDecimal.valueOf(3), DIGITS);
    BigDecimal right = a.multiply(zeroth).subtract(first).divide(h, DIGITS);
    return new double[] {
      zeroth.doubleValue(), zeroth.subtract(right).doubleValue(), right.doubleValue()
    };
  }

  private static BigDecimal node(int layers, int power, int l) {
    return BigDecimal.valueOf(l).divide(BigDecimal.valueOf(layers), DIGITS).pow(power);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void momentsHaveFullRelativePrecision(int grading) {
    int layers = 320;
    DepthGrid grid = new DepthGrid(layers, 1, grading);
    for (int l : new int[] {1, 2, 3, 4, 5, 50, 319, 320}) {
      for (int k = 0; k < l; k++) {
        double[] exact = exactMoments(layers, grading, l, k);
        AbelStep step = AbelStep.of(grid, 0.5, l, k);
        double h = grid.step();
        assertThat(h * step.integral(AbelStep.Factor.CONSTANT))
            .isCloseTo(exact[0], withinPercentage(1e-12));
        assertThat(h * step.integral(AbelStep.Factor.LEFT))
            .isCloseTo(exact[1], withinPercentage(1e-12));
        assertThat(h * step.integral(AbelStep.Factor.RIGHT))
            .isCloseTo(exact[2], withinPercentage(1e-12));
        assertThat(step.integral(AbelStep.Factor.LEFT) + step.integral(AbelStep.Factor.RIGHT))
            .isCloseTo(step.integral(AbelStep.Factor.CONSTANT), withinPercentage(1e-12));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.3, 0.5, 0.7, 0.999, 1})
  void weightsIntegrateConstantsAndLinearFunctions(double alpha) {
    for (double grading : new double[] {1, 1 / Math.max(alpha, 0.2)}) {
      DepthGrid grid = new DepthGrid(100, 2, grading);
      for (int l : new int[] {1, 10, 100}) {
        double t = grid.time(l);
        double constants = 0;
        double explicit = 0;
        double linear = 0;
        for (int k = 0; k <= l; k++) {
          double w = grid.step() * new ProductTrapezoid().weight(grid, alpha, l, k);
          constants += w;
          linear += w * grid.time(k);
          explicit += grid.step() * new ProductRectangle().weight(grid, alpha, l, k);
        }
        assertThat(constants).isCloseTo(Math.pow(t, alpha) / alpha, withinPercentage(1e-11));
        assertThat(explicit).isCloseTo(Math.pow(t, alpha) / alpha, withinPercentage(1e-11));
        assertThat(linear)
            .isCloseTo(Math.pow(t, alpha + 1) / (alpha * (alpha + 1)), withinPercentage(1e-11));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.3, 0.5, 0.7, 0.99})
  void derivativesInTheExponentAreThoseOfTheWeights(double alpha) {
    double step = 1e-3 * alpha;
    for (double grading : new double[] {1, 2.5}) {
      DepthGrid grid = new DepthGrid(60, 2, grading);
      for (QuadratureMethod method : QuadratureMethod.all()) {
        for (int l : new int[] {1, 2, 30, 60}) {
          for (int k = 0; k <= l; k++) {
            double far =
                method.weight(grid, alpha + 2 * step, l, k)
                    - method.weight(grid, alpha - 2 * step, l, k);
            double near =
                method.weight(grid, alpha + step, l, k) - method.weight(grid, alpha - step, l, k);
            double difference = (8 * near - far) / (12 * step);
            assertThat(method.weightByExponent(grid, alpha, l, k))
                .as("%s, l = %d, k = %d", method.id(), l, k)
                .isCloseTo(
                    difference,
                    within(
                        1e-8 * Math.abs(difference)
                            + 1e-13 / step * method.weight(grid, alpha, l, k)));
          }
        }
      }
    }
  }

  @Test
  void derivativesInTheExponentAtOne() {
    DepthGrid grid = new DepthGrid(50, 2, 2);
    QuadratureMethod method = new ProductTrapezoid();
    for (int k = 0; k <= 50; k++) {
      double below = method.weight(grid, 1 - 1e-7, 50, k);
      double slope = (method.weight(grid, 1, 50, k) - below) / 1e-7;
      assertThat(method.weightByExponent(grid, 1, 50, k)).isCloseTo(slope, within(1e-5));
    }
  }

  @Test
  void gradedNodes() {
    DepthGrid grid = new DepthGrid(4, 2, 2);
    assertThat(new double[] {grid.time(0), grid.time(1), grid.time(2), grid.time(3), grid.time(4)})
        .containsExactly(0, 0.125, 0.5, 1.125, 2);
    assertThat(grid.distance(3, 1)).isCloseTo(1, within(1e-15));
    assertThat(grid.distance(3, 3)).isZero();
    assertThat(grid.step(0)).isEqualTo(0.125);
    assertThat(grid.step()).isEqualTo(0.5);
    assertThat(new DepthGrid(3, 1, 1).time(3)).isEqualTo(1);
  }

  @Test
  void gamma() {
    double factorial = 1;
    for (int n = 1; n <= 20; n++) {
      assertThat(SpecialFunctions.gamma(n)).isCloseTo(factorial, withinPercentage(1e-11));
      factorial *= n;
    }
    assertThat(SpecialFunctions.gamma(0.5)).isCloseTo(Math.sqrt(Math.PI), within(1e-14));
    assertThat(SpecialFunctions.gamma(0.3)).isCloseTo(2.991568987687590, within(1e-13));
    for (double x : new double[] {0, -1, 200, Double.NaN}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SpecialFunctions.gamma(x))
          .withMessageContaining("x " + x);
    }
  }

  @Test
  void digamma() {
    double euler = 0.5772156649015329;
    assertThat(SpecialFunctions.digamma(1)).isCloseTo(-euler, within(1e-14));
    assertThat(SpecialFunctions.digamma(0.5)).isCloseTo(-euler - 2 * Math.log(2), within(1e-14));
    assertThat(SpecialFunctions.digamma(0.01)).isCloseTo(-100.56088545786866, within(1e-13));
    double harmonic = 0;
    for (int n = 1; n < 140; n++) {
      harmonic += 1.0 / n;
      assertThat(SpecialFunctions.digamma(n + 1)).isCloseTo(harmonic - euler, within(1e-13));
    }
    for (double x : new double[] {0, -1, 200, Double.NaN}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SpecialFunctions.digamma(x))
          .withMessageContaining("x " + x);
    }
  }

  @Test
  void mittagLefflerOfOneHalfIsTheScaledErrorFunction() {
    for (double t : new double[] {1e-8, 1e-3, 0.1, 0.5, 1, 3, 10, 25}) {
      double expected = Math.exp(t) * Erf.erfc(Math.sqrt(t));
      assertThat(SpecialFunctions.mittagLeffler(0.5, t))
          .as("t = %s", t)
          .isCloseTo(expected, withinPercentage(1e-10));
    }
  }

  @Test
  void mittagLefflerAtTheEndsOfItsRange() {
    for (double alpha : new double[] {0.01, 0.3, 0.6, 0.99, 1}) {
      assertThat(SpecialFunctions.mittagLeffler(alpha, 0)).isEqualTo(1);
      double tiny = 1e-20;
      double start = 1 - Math.pow(tiny, alpha) / SpecialFunctions.gamma(alpha + 1);
      if (alpha >= 0.3) {
        double bound = 2 * Math.pow(tiny, 2 * alpha) + 1e-13;
        assertThat(SpecialFunctions.mittagLeffler(alpha, tiny)).isCloseTo(start, within(bound));
      }
    }
    // E_α(−t^α) ~ t^(−α)/Γ(1−α) for large t.
    double large = 1e20;
    assertThat(SpecialFunctions.mittagLeffler(0.7, large))
        .isCloseTo(Math.pow(large, -0.7) / SpecialFunctions.gamma(0.3), withinPercentage(1e-10));
    for (double alpha : new double[] {0, 0.005, 0.995, 1.5, Double.NaN}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> SpecialFunctions.mittagLeffler(alpha, 1))
          .withMessageContaining("alpha " + alpha);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SpecialFunctions.mittagLeffler(0.5, -1))
        .withMessageContaining("t -1.0");
  }
}
