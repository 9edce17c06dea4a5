package org.volterra.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adjoints, Hamiltonians and methods of optimal control. */
@Tag("provider-independent")
class OptimalControlTest {
  private static final ControlProblem INTEGRATOR =
      new ControlProblem(
          Dynamics.integrator(), new double[][] {{0}}, new double[][] {{1}}, 0.3, 0.05, 1);
  private static final ControlProblem SCALAR =
      new ControlProblem(
          Dynamics.hammerstein(1),
          new double[][] {{0.3}, {0.8}, {1.5}},
          new double[][] {{0.8}, {1.6}, {2.4}},
          0.1,
          0.02,
          1);
  private static final ControlProblem PLANE =
      new ControlProblem(
          Dynamics.hammerstein(2),
          new double[][] {{1, 0}, {0, 1}, {-1, 0.5}},
          new double[][] {{0, 1}, {-1, 0}, {-0.5, -1}},
          0.05,
          0.02,
          1.5);
  private static final ControlProblem NEURON =
      new ControlProblem(
          Dynamics.neuron(),
          new double[][] {{-1}, {0.2}, {1}},
          new double[][] {{-0.2}, {0.6}, {0.9}},
          0.02,
          0.01,
          1);

  static Stream<ControlProblem> problems() {
    return Stream.of(INTEGRATOR, SCALAR, PLANE, NEURON);
  }

  static Stream<ControlProblem> nonlinearProblems() {
    return Stream.of(SCALAR, PLANE, NEURON);
  }

  private static double[] random(int size) {
    return new Random(7).doubles(size, -1, 1).toArray();
  }

  /** Central differences in float64 along random directions, and in single coordinates. */
  private static void checkGradient(Objective objective, double[] theta) {
    double[] gradient = new double[theta.length];
    double[] ignored = new double[theta.length];
    objective.evaluate(theta, gradient);
    double scale = Math.sqrt(Vectors.dot(gradient, gradient));
    for (int n = 0; n < theta.length; n += Math.max(1, theta.length / 17)) {
      double[] moved = theta.clone();
      double step = 1e-5;
      moved[n] = theta[n] + step;
      double up = objective.evaluate(moved, ignored);
      moved[n] = theta[n] - step;
      double down = objective.evaluate(moved, ignored);
      assertThat((up - down) / (2 * step)).isCloseTo(gradient[n], within(1e-7 * scale));
    }
  }

  @ParameterizedTest
  @MethodSource("problems")
  void gradientsAreThoseOfTheDiscreteProblem(ControlProblem problem) {
    DiscreteControl control = problem.onLayers(9);
    checkGradient(control, random(control.size()));
  }

  @ParameterizedTest
  @MethodSource("problems")
  void theAugmentedHamiltonianHasTheGradientOfTheObjectiveAtItsOwnControl(ControlProblem problem) {
    DiscreteControl control = problem.onLayers(7);
    double[] theta = random(control.size());
    ControlPass pass = control.pass(theta);
    AugmentedHamiltonian hamiltonian = new AugmentedHamiltonian(control, pass, 3);
    double[] gradient = new double[control.size()];
    hamiltonian.evaluate(theta, gradient);
    assertThat(gradient).containsExactly(pass.gradient(), within(1e-13));
    double[] other = random(control.size());
    Vectors.scale(0.7, other);
    checkGradient(hamiltonian, other);
  }

  /** F = x has the costate p_k = h (1 + h)^(L − 1 − k) ∇Φ. */
  private record Growth() implements Dynamics {
    @Override
    public int states() {
      return 1;
    }

    @Override
    public int controls() {
      return 1;
    }

    @Override
    public void value(double t, double s, double[] x, double[] theta, double[] result) {
      result[0] = x[0];
    }

    @Override
    public void stateAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      result[0] = p[0];
    }

    @Override
    public void controlAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      result[0] = 0;
    }

    @Override
    public void mixedAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] v, double[] result) {
      result[0] = 0;
    }
  }

  @Test
  void costatesAndHamiltonianOfExponentialGrowth() {
    int layers = 50;
    double h = 2.0 / layers;
    ControlPass pass =
        new ControlProblem(new Growth(), new double[][] {{1}}, new double[][] {{3}}, 1, 1, 2)
            .onLayers(layers)
            .pass(new double[layers * (layers + 1) / 2]);
    double end = Math.pow(1 + h, layers);
    assertThat(pass.state(layers, 0, 0)).isCloseTo(end, within(1e-12));
    assertThat(pass.costate(layers, 0, 0)).isCloseTo(end - 3, within(1e-12));
    for (int k = 0; k < layers; k++) {
      double expected = Math.pow(1 + h, layers - 1 - k) * (end - 3);
      assertThat(pass.costate(k, 0, 0) / h).isCloseTo(expected, within(1e-11));
      // Σ_{l>k} λ_l x_k = λ_k/h · x_k: constant along depth
      assertThat(pass.hamiltonian(k))
          .isCloseTo(Math.pow(1 + h, layers - 1) * (end - 3), within(1e-10));
    }
    assertThat(pass.trajectory(0).value(1, 0)).isCloseTo(Math.pow(1 + h, 25), within(1e-12));
  }

  @Test
  void theClosedFormIsFoundByEveryMethod() {
    ClosedFormProblem exact = new ClosedFormProblem(0.3, 0.05, 1, 1);
    double minimum = exact.solve(24).value();
    DiscreteControl control = INTEGRATOR.onLayers(24);
    double[] zero = new double[control.size()];
    StoppingRule rule = StoppingRule.atGradient(200, 1e-7);
    Minimization bfgs = Minimizer.lbfgs(10, control.metric()).minimize(control, zero, rule);
    Minimization msa = new ExtendedMsa(0, 30).minimize(control, zero, rule);
    Minimization descent =
        Minimizer.gradientDescent(control.metric()).minimize(control, zero, rule);
    for (Minimization found : new Minimization[] {bfgs, msa, descent}) {
      assertThat(found.reached()).isTrue();
      assertThat(found.value()).isCloseTo(minimum, within(1e-12));
      assertThat(control.extension(found.minimiser()).distanceTo(exact.solve(24).minimiser()).h1())
          .isLessThan(1e-6);
    }
    assertThat(control.pass(bfgs.minimiser()).residual()).isLessThan(1e-7);
  }

  @ParameterizedTest
  @MethodSource("nonlinearProblems")
  void extendedMsaReachesTheMinimumOfLbfgs(ControlProblem problem) {
    DiscreteControl control = problem.onLayers(16);
    double[] zero = new double[control.size()];
    Minimization bfgs =
        Minimizer.lbfgs(10, control.metric())
            .minimize(control, zero, StoppingRule.atGradient(500, 1e-8));
    Minimization msa =
        new ExtendedMsa(1, 30).minimize(control, zero, StoppingRule.atGradient(500, 1e-8));
    assertThat(bfgs.reached()).isTrue();
    assertThat(msa.reached()).as("values %s", msa.values()).isTrue();
    assertThat(msa.value()).isCloseTo(bfgs.value(), within(1e-10));
    assertThat(bfgs.value()).isLessThan(0.7 * bfgs.values()[0]);
    assertThat(control.pass(msa.minimiser()).residual()).isLessThan(1e-7);
  }

  @Test
  void iterationsInTheMetricDoNotGrowWithDepth() {
    int[] sobolev = new int[2];
    int[] plain = new int[2];
    for (int i = 0; i < 2; i++) {
      DiscreteControl control = SCALAR.onLayers(i == 0 ? 16 : 64);
      double[] zero = new double[control.size()];
      Minimization best =
          Minimizer.lbfgs(10, control.metric())
              .minimize(control, zero, StoppingRule.atGradient(300, 1e-7));
      double goal = best.value() + 1e-3 * (best.values()[0] - best.value());
      StoppingRule rule = StoppingRule.atValue(3000, goal);
      Minimization descent =
          Minimizer.gradientDescent(control.metric()).minimize(control, zero, rule);
      assertThat(descent.reached()).isTrue();
      sobolev[i] = descent.iterations();
      plain[i] = Minimizer.gradientDescent(null).minimize(control, zero, rule).iterations();
    }
    assertThat((double) sobolev[1] / sobolev[0]).isLessThanOrEqualTo(1.5);
    assertThat(plain[1]).isGreaterThan(3 * plain[0]);
  }

  @Test
  void whatDoesNotFitIsRefused() {
    double[][] one = {{1}};
    assertThatThrownBy(() -> new ControlProblem(Dynamics.hammerstein(2), one, one, 1, 1, 1))
        .hasMessageContaining("starts[0] is [1.0]: must be 2 finite numbers");
    assertThatThrownBy(
            () -> new ControlProblem(Dynamics.integrator(), one, new double[0][], 1, 1, 1))
        .hasMessageContaining("1 starts and 0 targets");
    assertThatThrownBy(() -> new ControlProblem(Dynamics.integrator(), one, one, 0, 1, 1))
        .hasMessageContaining("lambda0 0.0");
    assertThatThrownBy(() -> new ControlProblem(Dynamics.integrator(), one, one, 1, -1, 1))
        .hasMessageContaining("lambda1 -1.0");
    assertThatThrownBy(() -> Dynamics.hammerstein(0)).hasMessageContaining("states 0");
    assertThatThrownBy(() -> new ExtendedMsa(-1, 5)).hasMessageContaining("rho -1.0");
    assertThatThrownBy(() -> new ExtendedMsa(1, 0)).hasMessageContaining("inner 0");
    assertThatThrownBy(() -> Minimizer.lbfgs(0, null)).hasMessageContaining("memory 0");
    assertThatThrownBy(() -> StoppingRule.atGradient(0, 0.1)).hasMessageContaining("iterations 0");
    assertThatThrownBy(() -> StoppingRule.atGradient(1, 1)).hasMessageContaining("tolerance 1.0");
    assertThatThrownBy(() -> StoppingRule.atValue(1, Double.NaN)).hasMessageContaining("NaN");
  }
}
