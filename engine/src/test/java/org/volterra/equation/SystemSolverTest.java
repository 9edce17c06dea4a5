package org.volterra.equation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.depth.LineField;
import org.volterra.internal.scalar.ScalarProvider;

/** Systems against scalar equations, their adjoints against differences, both diagonal solvers. */
@Tag("provider-independent")
class SystemSolverTest {
  private static final long SEED = 20261126;

  private static final int LAYERS = 12;

  /** A scalar equation as a system whose only parameter is the initial value. */
  private record Scalar(HammersteinEquation equation) implements HammersteinSystem {
    @Override
    public int states() {
      return 1;
    }

    @Override
    public int features() {
      return 1;
    }

    @Override
    public int parameters() {
      return 1;
    }

    @Override
    public double horizon() {
      return equation.horizon();
    }

    @Override
    public double exponent(double[] theta) {
      return equation.exponent();
    }

    @Override
    public void source(double t, double[] theta, double[] result) {
      result[0] = theta[0] + equation.source(t);
    }

    @Override
    public void sourceAdjoint(double t, double[] theta, double[] p, double[] gradient) {
      gradient[0] += p[0];
    }

    @Override
    public void apply(double t, double s, double[] theta, double weight, double[] z, double[] y) {
      y[0] += weight * equation.kernel(t, s) * z[0];
    }

    @Override
    public void transpose(
        double t, double s, double[] theta, double weight, double[] p, double[] y) {
      apply(t, s, theta, weight, p, y);
    }

    @Override
    public void kernelAdjoint(
        double t, double s, double[] theta, double w, double[] p, double[] z, double[] gradient) {}

    @Override
    public void feature(double s, double[] x, double[] theta, double[] z) {
      z[0] = equation.feature(s, x[0]);
    }

    @Override
    public void featureAdjoint(
        double s, double[] x, double[] theta, double[] q, double[] byState, double[] gradient) {
      double step = 1e-6;
      double slope = equation.feature(s, x[0] + step) - equation.feature(s, x[0] - step);
      byState[0] += q[0] * slope / (2 * step);
    }
  }

  static Stream<Arguments> methods() {
    return QuadratureMethod.all().stream()
        .flatMap(method -> Stream.of(1.0, 2.5).map(grading -> Arguments.of(method, grading)));
  }

  @ParameterizedTest
  @MethodSource("methods")
  void scalarSystemsAreSolvedAsScalarEquations(QuadratureMethod method, double grading) {
    VolterraSolver reference = new VolterraSolver(new ScalarProvider());
    for (KnownEquation known : KnownEquations.all()) {
      if (!(known.equation() instanceof HammersteinEquation equation)
          || (equation.exponent() < 1 && !method.integratesSingularity())) {
        continue;
      }
      double[] expected = reference.solve(equation, method, 40, grading).values();
      for (DiagonalMethod diagonal : DiagonalMethod.values()) {
        SystemSolution solution =
            new SystemSolver(method, diagonal)
                .solve(new Scalar(equation), new double[1], 40, grading);
        assertThat(solution.values()).as(known.id()).containsExactly(expected, within(1e-12));
        assertThat(solution.maxResidual()).isLessThan(1e-13);
        boolean implicit = method instanceof Trapezoid || method instanceof ProductTrapezoid;
        assertThat(solution.diagonalEvaluations() > 0).isEqualTo(implicit);
      }
    }
  }

  /** A functional of all states: Σ c x + ½ Σ c² x². */
  private static double value(double[] x, double[] c, double[] gradient) {
    double value = 0;
    for (int i = 0; i < x.length; i++) {
      value += c[i] * x[i] + 0.5 * c[i] * c[i] * x[i] * x[i];
      gradient[i] = c[i] + c[i] * c[i] * x[i];
    }
    return value;
  }

  @ParameterizedTest
  @MethodSource("methods")
  void adjointsAgreeWithCentralDifferences(QuadratureMethod method, double grading) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);
    double worst = 0;
    for (RandomSystem system : RandomSystem.all(1)) {
      if (system.isSingular() && !method.integratesSingularity()) {
        continue;
      }
      double[] theta = system.random(random);
      double[] c = random.doubles((LAYERS + 1) * 2, -1, 1).toArray();
      for (DiagonalMethod diagonal : DiagonalMethod.values()) {
        SystemSolver solver = new SystemSolver(method, diagonal);
        SystemSolution solution = solver.solve(system, theta, LAYERS, grading);
        double[] byState = new double[c.length];
        value(solution.values(), c, byState);
        SystemGradient gradient = solution.adjoint(byState);
        double scale = 0;
        for (double g : gradient.parameters()) {
          scale = Math.max(scale, Math.abs(g));
        }
        for (int i = system.isSingular() ? 0 : 1; i < theta.length; i++) {
          double difference = difference(solver, system, theta, c, grading, i);
          double error =
              Math.abs(gradient.parameters()[i] - difference)
                  / Math.max(Math.abs(difference), 0.01 * scale);
          assertThat(error)
              .as("%s, %s, %s, parameter %d: %s", system, method, diagonal, i, difference)
              .isLessThan(1e-7);
          worst = Math.max(worst, error);
        }
      }
    }
    assertThat(worst).isPositive();
  }

  private static double difference(
      SystemSolver solver,
      HammersteinSystem system,
      double[] theta,
      double[] c,
      double grading,
      int i) {
    double step = 1e-3;
    double[] values = new double[4];
    double[] unused = new double[c.length];
    for (int n = 0; n < 4; n++) {
      double[] moved = theta.clone();
      moved[i] += step * (n < 2 ? 2 * n - 1 : 2 * (2 * n - 5));
      values[n] = value(solver.solve(system, moved, LAYERS, grading).values(), c, unused);
    }
    return (8 * (values[1] - values[0]) - (values[3] - values[2])) / (12 * step);
  }

  @Test
  void costatesAreGradientsInTheSource() {
    // x = a + b t + ∫ …: dJ/da is the sum of the costates, dJ/db that of t λ.
    RandomSystem system = new RandomSystem(RandomSystem.Profile.EXPONENTIALS, true, 1);
    double[] theta = system.random(RandomGeneratorFactory.of("L64X128MixRandom").create(SEED));
    SystemSolution solution =
        new SystemSolver(new ProductTrapezoid(), DiagonalMethod.FIXED_POINT)
            .solve(system, theta, LAYERS, 2);
    double[] byState = new double[(LAYERS + 1) * 2];
    byState[2 * LAYERS] = 1; // the first component at T
    SystemGradient gradient = solution.adjoint(byState);
    double[] sums = new double[4];
    for (int l = 0; l <= LAYERS; l++) {
      for (int i = 0; i < 2; i++) {
        sums[i] += gradient.costate(l, i);
        sums[2 + i] += solution.grid().time(l) * gradient.costate(l, i);
      }
    }
    double[] all = gradient.parameters();
    double[] expected = new double[] {all[0], all[1], all[2], all[3]};
    System.arraycopy(all, all.length - 4, expected, 0, 4);
    assertThat(sums).containsExactly(expected, within(1e-13));
  }

  @Test
  void costatesOfTheLinearEquationAreThoseOfTheory() {
    // F = x with the left rectangle rule: λ_k = h (1 + h)^(L−1−k), λ_L = 1 (Φ = x_L).
    HammersteinEquation exponential =
        (HammersteinEquation) KnownEquations.find("1").getFirst().equation();
    SystemSolution solution =
        new SystemSolver(new LeftRectangle(), DiagonalMethod.FIXED_POINT)
            .solve(new Scalar(exponential), new double[1], 20, 1);
    double[] byState = new double[21];
    byState[20] = 1;
    SystemGradient gradient = solution.adjoint(byState);
    double h = 0.05;
    for (int k = 0; k < 20; k++) {
      assertThat(gradient.costate(k, 0)).isCloseTo(h * Math.pow(1 + h, 19 - k), within(1e-10));
    }
    assertThat(gradient.costate(20, 0)).isEqualTo(1);
  }

  /** x = 1 − 400 ∫ (x + x³/8), or without the cube. */
  private record Stiff(double cube) implements HammersteinEquation {
    @Override
    public double horizon() {
      return 1;
    }

    @Override
    public double source(double t) {
      return 1;
    }

    @Override
    public double kernel(double t, double s) {
      return -400;
    }

    @Override
    public double feature(double s, double x) {
      return x + cube * x * x * x;
    }
  }

  @Test
  void stiffSystemsNeedNewton() {
    SystemSolver fixedPoint = new SystemSolver(new Trapezoid(), DiagonalMethod.FIXED_POINT);
    SystemSolver newton = new SystemSolver(new Trapezoid(), DiagonalMethod.NEWTON_KRYLOV);
    assertThatIllegalStateException()
        .isThrownBy(() -> fixedPoint.solve(new Scalar(new Stiff(0)), new double[1], LAYERS, 1))
        .withMessageContaining("trapezoid, layer 1 of 12")
        .withMessageContaining("fixed-point leaves the residual")
        .withMessageContaining("newton-krylov");
    SystemSolution linear = newton.solve(new Scalar(new Stiff(0)), new double[1], LAYERS, 1);
    double[] byState = new double[LAYERS + 1];
    byState[LAYERS] = 1;
    SystemGradient gradient = linear.adjoint(byState);
    double half = 200.0 / LAYERS;
    double factor = (1 - half) / (1 + half);
    for (int l = 0; l <= LAYERS; l++) {
      assertThat(linear.value(l, 0)).isCloseTo(Math.pow(factor, l), within(1e-11));
    }
    // x is linear in the initial value, which is 1: the derivative of x_L is x_L.
    assertThat(gradient.parameters()[0]).isCloseTo(Math.pow(factor, LAYERS), within(1e-8));
    SystemSolution cubic = newton.solve(new Scalar(new Stiff(0.125)), new double[1], LAYERS, 1);
    assertThat(cubic.maxResidual()).isLessThan(1e-11);
    assertThat(Math.abs(cubic.value(LAYERS, 0))).isLessThan(1);
  }

  @Test
  void trajectoriesAreKnownAtAnyTime() {
    HammersteinEquation exponential =
        (HammersteinEquation) KnownEquations.find("1").getFirst().equation();
    SystemSolver solver = new SystemSolver(new Trapezoid(), DiagonalMethod.FIXED_POINT);
    for (double grading : new double[] {1, 2}) {
      LineField x = solver.solve(new Scalar(exponential), new double[1], 200, grading).trajectory();
      for (double t : new double[] {0, 0.1234, 0.5, 0.98765, 1}) {
        assertThat(x.value(t, 0)).isCloseTo(Math.exp(t), within(1e-4));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(DiagonalMethod.class)
  void namesOfDiagonalMethods(DiagonalMethod method) {
    assertThat(DiagonalMethod.parse(method.id())).isEqualTo(method);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DiagonalMethod.parse("bisection"))
        .withMessageContaining("'bisection'")
        .withMessageContaining("fixed-point, newton-krylov");
  }

  @Test
  void argumentsOutOfRange() {
    RandomSystem system = new RandomSystem(RandomSystem.Profile.FRACTIONAL, true, 1);
    double[] theta = system.random(RandomGeneratorFactory.of("L64X128MixRandom").create(SEED));
    SystemSolver solver = new SystemSolver(new Trapezoid(), DiagonalMethod.FIXED_POINT);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> solver.solve(system, new double[2], 10, 1))
        .withMessageContaining("2 parameters");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> solver.solve(system, theta, 10, 1))
        .withMessageContaining("trapezoid")
        .withMessageContaining("0.45");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> solver.solve(system, theta, 100_000, 1))
        .withMessageContaining("layers 100000");
    theta[3] = Double.NaN;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> solver.solve(system, theta, 10, 1))
        .withMessageContaining("parameter 3");
    double[] good = system.random(RandomGeneratorFactory.of("L64X128MixRandom").create(SEED));
    SystemSolution solution =
        new SystemSolver(new ProductRectangle(), DiagonalMethod.FIXED_POINT)
            .solve(system, good, 10, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> solution.adjoint(new double[3]))
        .withMessageContaining(String.format(Locale.ROOT, "the solution has %d", 22));
  }
}
