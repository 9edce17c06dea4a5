package org.volterra.equation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.kernel.SpecialFunctions;

/** The ten known equations: errors at 320 layers, orders, and the exact solutions themselves. */
@Tag("provider-independent")
class KnownEquationsTest {
  private static final int LAYERS = 320;

  private final VolterraSolver solver = new VolterraSolver(new ScalarProvider());

  private static KnownEquation only(String selector) {
    return KnownEquations.find(selector).getFirst();
  }

  private GridSolution solve(String selector, String method, int layers) {
    return solver.solve(only(selector).equation(), QuadratureMethod.parse(method), layers);
  }

  @ParameterizedTest
  @CsvSource({
    "1, left-rectangle, 4.235e-3",
    "1, trapezoid, 2.212e-6",
    "2, left-rectangle, 1.247e-6",
    "2, trapezoid, 1.247e-6",
    "3, left-rectangle, 2.608e-3",
    "3, trapezoid, 4.137e-6",
    "4, left-rectangle, 1.463e-3",
    "4, trapezoid, 1.816e-6",
    "5, left-rectangle, 1.515e-3",
    "5, trapezoid, 5.286e-7",
    "6, left-rectangle, 3.365e-3",
    "6, trapezoid, 3.816e-6",
    "7, left-rectangle, 4.305e-3",
    "7, trapezoid, 4.883e-6",
    "9, product-rectangle, 1.14e-3",
    "10, product-rectangle, 1.91e-3",
    "10, product-trapezoid, 1.16e-6",
  })
  void errorAtDepth320(String number, String method, double expected) {
    GridSolution solution = solve(number, method, LAYERS);
    assertThat(solution.maxError()).isCloseTo(expected, withinPercentage(2));
    assertThat(solution.maxResidual()).isLessThan(1e-14);
  }

  @ParameterizedTest
  @CsvSource({
    "1, left-rectangle, 1",
    "2, left-rectangle, 2",
    "3, left-rectangle, 1",
    "4, left-rectangle, 1",
    "5, left-rectangle, 1",
    "6, left-rectangle, 1",
    "7, left-rectangle, 1",
    "1, trapezoid, 2",
    "2, trapezoid, 2",
    "3, trapezoid, 2",
    "4, trapezoid, 2",
    "5, trapezoid, 2",
    "6, trapezoid, 2",
    "7, trapezoid, 2",
    "mittag-leffler-0.3, product-rectangle, 1",
    "mittag-leffler-0.5, product-rectangle, 1",
    "mittag-leffler-0.7, product-rectangle, 1",
    "9, product-rectangle, 1",
    "10, product-rectangle, 1",
    "mittag-leffler-0.3, product-trapezoid, 1.3",
    "mittag-leffler-0.5, product-trapezoid, 1.5",
    "mittag-leffler-0.7, product-trapezoid, 1.7",
    "10, product-trapezoid, 2",
  })
  void order(String selector, String method, double expected) {
    KnownEquation known = only(selector);
    for (int layers : new int[] {160, LAYERS}) {
      double coarse = known.orderError(solve(selector, method, layers / 2));
      double fine = known.orderError(solve(selector, method, layers));
      assertThat(GridSolution.observedOrder(layers / 2, coarse, layers, fine))
          .as("order from %d to %d layers", layers / 2, layers)
          .isCloseTo(expected, within(0.1));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.5, 0.7})
  void uniformGridsReachTwiceTheExponentAndGradedOnesOrderTwo(double alpha) {
    String selector = "mittag-leffler-" + alpha;
    double coarse = solve(selector, ProductTrapezoid.ID, LAYERS / 2).maxError();
    double fine = solve(selector, ProductTrapezoid.ID, LAYERS).maxError();
    assertThat(GridSolution.observedOrder(LAYERS / 2, coarse, LAYERS, fine))
        .isCloseTo(2 * alpha, within(0.1));

    IntegralEquation equation = only(selector).equation();
    ProductTrapezoid method = new ProductTrapezoid();
    coarse = solver.solve(equation, method, LAYERS / 2, 1 / alpha).maxError();
    fine = solver.solve(equation, method, LAYERS, 1 / alpha).maxError();
    assertThat(GridSolution.observedOrder(LAYERS / 2, coarse, LAYERS, fine))
        .isCloseTo(2, within(0.1));
    assertThat(fine).isLessThan(2e-6);
  }

  @Test
  void productTrapezoidIsExactForLinearSolutions() {
    for (int layers : new int[] {1, 7, 80, LAYERS}) {
      assertThat(solve("9", ProductTrapezoid.ID, layers).maxError()).isLessThan(2e-15);
    }
    GridSolution graded = solver.solve(only("9").equation(), new ProductTrapezoid(), LAYERS, 3);
    assertThat(graded.maxError()).isLessThan(2e-15);
  }

  @Test
  void leftRectangleIsCompoundInterest() {
    GridSolution solution = solve("1", LeftRectangle.ID, LAYERS);
    for (int l = 0; l <= LAYERS; l++) {
      double expected = Math.pow(1 + 1.0 / LAYERS, l);
      assertThat(solution.value(l)).isCloseTo(expected, within(1e-13));
    }
  }

  @ParameterizedTest
  @CsvSource({"0.3, 0.4565944083", "0.5, 0.4275835762", "0.7, 0.3996119781"})
  void mittagLefflerAtOne(double alpha, double expected) {
    assertThat(SpecialFunctions.mittagLeffler(alpha, 1)).isCloseTo(expected, within(5e-11));
    double series = 0;
    for (int k = 140; k >= 0; k--) {
      series += alpha * k > 139 ? 0 : (k % 2 == 0 ? 1 : -1) / SpecialFunctions.gamma(alpha * k + 1);
    }
    assertThat(SpecialFunctions.mittagLeffler(alpha, 1)).isCloseTo(series, within(1e-12));
  }

  @Test
  void idsAreDifferentAndSelectTheirEquations() {
    assertThat(KnownEquations.all().stream().map(KnownEquation::id)).doesNotHaveDuplicates();
    assertThat(KnownEquations.all()).hasSize(12);
    for (KnownEquation known : KnownEquations.all()) {
      assertThat(KnownEquations.find(known.id())).containsExactly(known);
      assertThat(KnownEquations.find(known.name())).containsExactly(known);
      assertThat(KnownEquations.find("" + known.number())).contains(known);
    }
    assertThat(KnownEquations.find("8")).hasSize(3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> KnownEquations.find("11"))
        .withMessageContaining("'11'")
        .withMessageContaining("exponential");
  }

  @Test
  void everyKnownSolutionSatisfiesItsEquationAtZero() {
    for (KnownEquation known : KnownEquations.all()) {
      IntegralEquation equation = known.equation();
      double exact = equation.solution().orElseThrow().applyAsDouble(0);
      assertThat(equation.source(0)).as(known.id()).isEqualTo(exact);
    }
  }
}
