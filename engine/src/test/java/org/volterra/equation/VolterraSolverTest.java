package org.volterra.equation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.memory.NativeMemory;

/** The shared driver: every method on every equation, users' equations, errors, memory. */
@Tag("provider-independent")
class VolterraSolverTest {
  private final VolterraSolver solver = new VolterraSolver(new ScalarProvider());
  private long bytesBefore;

  /** x = g + ∫ (t−s)^(α−1) F(t, s, x) ds as a user would write it. */
  private record User(double horizon, double exponent, DoubleUnaryOperator g, Integrand f)
      implements IntegralEquation {
    interface Integrand {
      double at(double t, double s, double x);
    }

    @Override
    public double source(double t) {
      return g.applyAsDouble(t);
    }

    @Override
    public double integrand(double t, double s, double x) {
      return f.at(t, s, x);
    }
  }

  /** The same equation without its product structure. */
  private record Urysohn(IntegralEquation equation) implements IntegralEquation {
    @Override
    public double source(double t) {
      return equation.source(t);
    }

    @Override
    public double integrand(double t, double s, double x) {
      return equation.integrand(t, s, x);
    }

    @Override
    public double horizon() {
      return equation.horizon();
    }

    @Override
    public double exponent() {
      return equation.exponent();
    }

    @Override
    public Optional<DoubleUnaryOperator> solution() {
      return equation.solution();
    }
  }

  @BeforeEach
  void countMemory() {
    bytesBefore = NativeMemory.liveBytes();
  }

  @AfterEach
  void memoryIsReturned() {
    assertThat(NativeMemory.liveBytes()).isEqualTo(bytesBefore);
  }

  static Stream<Arguments> pairs() {
    return KnownEquations.all().stream()
        .flatMap(known ->
            QuadratureMethod.all().stream()
                .filter(m -> m.integratesSingularity() || m.fits(known.equation()))
                .map(method -> Arguments.of(known, method)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void convergesOnUniformAndGradedGrids(KnownEquation known, QuadratureMethod method) {
    for (double grading : new double[] {1, 2}) {
      GridSolution coarse = solver.solve(known.equation(), method, 20, grading);
      GridSolution fine = solver.solve(known.equation(), method, 80, grading);
      assertThat(fine.maxError()).isLessThan(0.1);
      assertThat(fine.maxError()).isLessThan(Math.max(0.7 * coarse.maxError(), 1e-14));
      assertThat(fine.endError()).isLessThanOrEqualTo(fine.maxError());
    }
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void productStructureChangesOnlyRounding(KnownEquation known, QuadratureMethod method) {
    double[] product = solver.solve(known.equation(), method, 40, 1.5).values();
    double[] urysohn = solver.solve(new Urysohn(known.equation()), method, 40, 1.5).values();
    assertThat(urysohn).containsExactly(product, within(1e-13));
  }

  @Test
  void productIntegrationOfRegularEquationsIsTheRegularMethod() {
    for (KnownEquation known : KnownEquations.all().subList(0, 7)) {
      for (double grading : new double[] {1, 2.5}) {
        double[] rectangle =
            solver.solve(known.equation(), new LeftRectangle(), 30, grading).values();
        double[] trapezoid = solver.solve(known.equation(), new Trapezoid(), 30, grading).values();
        assertThat(solver.solve(known.equation(), new ProductRectangle(), 30, grading).values())
            .containsExactly(rectangle, within(1e-14));
        assertThat(solver.solve(known.equation(), new ProductTrapezoid(), 30, grading).values())
            .containsExactly(trapezoid, within(1e-14));
      }
    }
  }

  @Test
  void oneLayer() {
    IntegralEquation equation = new User(2, 1, t -> 1 + t, (t, s, x) -> t * x);
    assertThat(solver.solve(equation, new LeftRectangle(), 1).values()).containsExactly(1, 7);
    // x = 3 + (2/2) (2·1 + 2x) has the root −5.
    assertThat(solver.solve(equation, new Trapezoid(), 1).values())
        .containsExactly(new double[] {1, -5}, within(1e-14));
    IntegralEquation singular = new User(1, 0.5, t -> 1, (t, s, x) -> x);
    assertThat(solver.solve(singular, new ProductRectangle(), 1).values())
        .containsExactly(new double[] {1, 3}, within(1e-14));
    // x = 1 + ∫ (1−s)^(−1/2) (1 + s (x − 1)) ds = 1 + 2/3 + 4/3 x has the root −5.
    assertThat(solver.solve(singular, new ProductTrapezoid(), 1).values())
        .containsExactly(new double[] {1, -5}, within(1e-13));
  }

  @Test
  void aUsersNonlinearEquation() {
    // x = cos t solves this equation with F = (1 + t − s) x³.
    DoubleUnaryOperator source =
        t -> {
          // ∫ (1 + t − s) cos³ s ds with cos³ s = (3 cos s + cos 3s)/4.
          double single = (3 * Math.sin(t) + Math.sin(3 * t) / 3) / 4;
          double twice = (3 * (1 - Math.cos(t)) + (1 - Math.cos(3 * t)) / 9) / 4;
          return Math.cos(t) - single - twice;
        };
    IntegralEquation equation = new User(1.5, 1, source, (t, s, x) -> (1 + t - s) * x * x * x);
    GridSolution solution = solver.solve(equation, new Trapezoid(), 400);
    for (int l = 0; l <= 400; l++) {
      assertThat(solution.value(l)).isCloseTo(Math.cos(solution.grid().time(l)), within(1e-4));
    }
    assertThatIllegalStateException()
        .isThrownBy(solution::maxError)
        .withMessageContaining("not known");
  }

  @Test
  void regularMethodsRefuseSingularEquations() {
    IntegralEquation singular = KnownEquations.find("9").getFirst().equation();
    for (QuadratureMethod method : new QuadratureMethod[] {new LeftRectangle(), new Trapezoid()}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> solver.solve(singular, method, 10))
          .withMessageContaining(method.id())
          .withMessageContaining("0.5")
          .withMessageContaining("product-rectangle, product-trapezoid");
    }
  }

  @Test
  void argumentsOutOfRange() {
    IntegralEquation equation = KnownEquations.find("1").getFirst().equation();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> solver.solve(equation, new Trapezoid(), 0))
        .withMessageContaining("layers 0");
    for (double grading : new double[] {0.5, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> solver.solve(equation, new Trapezoid(), 10, grading))
          .withMessageContaining("grading " + grading);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> solver.solve(equation, new Trapezoid(), 1000, 200))
        .withMessageContaining("first step");
    for (double exponent : new double[] {0, -0.5, 1.5, Double.NaN}) {
      IntegralEquation bad = new User(1, exponent, t -> 1, (t, s, x) -> x);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> solver.solve(bad, new ProductTrapezoid(), 10))
          .withMessageContaining("exponent " + exponent);
    }
    for (double horizon : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      IntegralEquation bad = new User(horizon, 1, t -> 1, (t, s, x) -> x);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> solver.solve(bad, new Trapezoid(), 10))
          .withMessageContaining("horizon " + horizon);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QuadratureMethod.parse("simpson"))
        .withMessageContaining("'simpson'")
        .withMessageContaining("left-rectangle, trapezoid, product-rectangle, product-trapezoid");
  }

  @Test
  void valuesThatAreNotFinite() {
    IntegralEquation noSource = new User(1, 1, t -> t < 0.5 ? 1 : Double.NaN, (t, s, x) -> x);
    assertThatIllegalStateException()
        .isThrownBy(() -> solver.solve(noSource, new LeftRectangle(), 10))
        .withMessageContaining("layer 5 of 10")
        .withMessageContaining("g is NaN");
    IntegralEquation blowUp = new User(4, 1, t -> 10, (t, s, x) -> x * x * x);
    assertThatIllegalStateException()
        .isThrownBy(() -> solver.solve(blowUp, new LeftRectangle(), 40))
        .withMessageContaining("must be finite");
  }

  @Test
  void anImplicitStepWithoutRoot() {
    // One step of x = 1 + ∫ x² on [0, 1/2]: x = 5/4 + x²/4 has no real root.
    IntegralEquation equation = KnownEquations.find("7").getFirst().equation();
    assertThatIllegalStateException()
        .isThrownBy(() -> solver.solve(equation, new Trapezoid(), 1))
        .withMessageContaining("trapezoid, layer 1 of 1, t = 0.5")
        .withMessageContaining("smallest residual")
        .withMessageContaining("more layers");
    GridSolution two = solver.solve(equation, new Trapezoid(), 2);
    assertThat(two.value(2)).isCloseTo(2.1, within(0.1));
  }

  @Test
  void solutionsAreImmutable() {
    IntegralEquation equation = KnownEquations.find("1").getFirst().equation();
    GridSolution solution = solver.solve(equation, new LeftRectangle(), 4);
    solution.values()[0] = 7;
    assertThat(solution.value(0)).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new GridSolution(equation, new LeftRectangle(), solution.grid(), new double[3], 0))
        .withMessageContaining("length 3");
  }

  @Test
  void observedOrder() {
    assertThat(GridSolution.observedOrder(10, 1e-2, 40, 1e-2 / 64)).isCloseTo(3, within(1e-14));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GridSolution.observedOrder(10, 1, 10, 1))
        .withMessageContaining("10 and 10");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GridSolution.observedOrder(10, 1, 20, 0))
        .withMessageContaining("error 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GridSolution.observedOrder(10, Double.NaN, 20, 1))
        .withMessageContaining("error NaN");
  }
}
