package org.volterra.equation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The scalar equation of implicit methods. */
@Tag("provider-independent")
class DiagonalSolverTest {
  private static double root(DoubleUnaryOperator f, double guess) {
    return root(0, f, guess);
  }

  private static double root(double constant, DoubleUnaryOperator f, double guess) {
    return DiagonalSolver.solve(constant, f, guess).x();
  }

  @Test
  void linearEquationsToRounding() {
    for (double slope : new double[] {-1e6, -3, -0.5, 0, 0.5, 0.999, 2, 1e6}) {
      double expected = 1 / (1 - slope);
      assertThat(root(1, x -> slope * x, 0.3))
          .isCloseTo(expected, within(4e-16 + 1e-12 * Math.abs(expected)));
    }
  }

  @Test
  void takesTheGuessIfItIsARoot() {
    assertThat(root(x -> x, 42)).isEqualTo(42);
    assertThat(root(x -> 0, 0)).isZero();
  }

  @Test
  void nonlinearEquations() {
    assertThat(root(Math::cos, 0)).isCloseTo(0.7390851332151607, within(1e-15));
    // The smaller of the two roots, the one near the guess.
    assertThat(root(1, x -> 0.2 * x * x, 1)).isCloseTo((5 - Math.sqrt(5)) / 2, within(1e-14));
    assertThat(root(3, x -> -1e4 * Math.tanh(x), 2)).isCloseTo(2.999700119e-4, within(1e-12));
    assertThat(root(2, x -> -1e3 * x * x * x, 5)).isCloseTo(0.12334683359, within(1e-10));
    assertThat(root(1, x -> -50 * Math.exp(x), 0)).isCloseTo(-2.6243484666, within(1e-9));
  }

  @Test
  void equationsWithoutARoot() {
    for (DoubleUnaryOperator f :
        new DoubleUnaryOperator[] {
          x -> x + 1, x -> 1.25 + 0.25 * x * x, x -> Double.NaN, x -> x < 0.5 ? 1 : 0, Math::exp,
        }) {
      assertThatIllegalStateException()
          .isThrownBy(() -> root(f, 0.2))
          .withMessageContaining("smallest residual");
    }
  }

  @Test
  void infinitiesOnTheWayAreAvoided() {
    double x = root(v -> v > 3 ? Double.POSITIVE_INFINITY : 5 - v, 1);
    assertThat(x).isCloseTo(2.5, within(1e-14));
  }
}
