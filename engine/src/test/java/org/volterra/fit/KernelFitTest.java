package org.volterra.fit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.control.Objective;
import org.volterra.depth.LineField;
import org.volterra.depth.LineMesh;
import org.volterra.depth.TriangleField;
import org.volterra.depth.TriangleMesh;
import org.volterra.equation.DiagonalMethod;
import org.volterra.equation.ProductRectangle;
import org.volterra.equation.ProductTrapezoid;
import org.volterra.equation.SystemSolver;
import org.volterra.equation.Trapezoid;
import org.volterra.kernel.SpecialFunctions;
import org.volterra.spi.Activation;

/** Known kernels, recovered from their trajectories at irregular times. */
@Tag("provider-independent")
class KernelFitTest {
  private static final long SEED = 20261126;

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(SEED);

  /** Increasing times in (0, end], at which trajectories are observed. */
  private double[] times(int count, double end) {
    double[] times = random.doubles(count, 0, end).sorted().toArray();
    times[0] = 0;
    times[count - 1] = end;
    return times;
  }

  private Trajectory observed(LineField x, double[] times, double noise, Optional<LineField> g) {
    double[][] values = new double[times.length][x.width()];
    for (int i = 0; i < times.length; i++) {
      for (int c = 0; c < x.width(); c++) {
        values[i][c] = x.value(times[i], c) + noise * random.nextGaussian();
      }
    }
    return new Trajectory("x", times, values, g);
  }

  private static LineField constant(double horizon, double... values) {
    double[] both = Arrays.copyOf(values, 2 * values.length);
    System.arraycopy(values, 0, both, values.length, values.length);
    return LineField.of(new LineMesh(1, horizon), values.length, both);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 0.5, 0.7})
  void recoversTheOrderOfTheMittagLefflerFunction(double alpha) {
    // x = 2 E_α(−t^α) solves x = 2 − (1/Γ(α)) ∫ (t−s)^(α−1) x: data from the formula.
    double[] times = times(40, 2);
    double[][] values = new double[times.length][1];
    for (int i = 0; i < times.length; i++) {
      values[i][0] = 2 * SpecialFunctions.mittagLeffler(alpha, times[i]);
    }
    KernelModel model =
        new KernelModel(
            new FractionalFamily(),
            Activation.IDENTITY,
            new SystemSolver(new ProductTrapezoid(), DiagonalMethod.FIXED_POINT),
            60,
            1 / alpha);
    FitResult result =
        new KernelFit(model, 200, 1e-7)
            .fit(List.of(Trajectory.of("x", times, values)), KernelFit.SILENT);
    assertThat(result.parameter("alpha")).isCloseTo(alpha, within(1e-3));
    assertThat(result.parameter("c")).isCloseTo(-1, within(1e-3));
    assertThat(result.trajectories().getFirst().value(0, 0)).isCloseTo(2, within(1e-3));
    assertThat(result.ending()).isEqualTo(FitResult.Ending.CONVERGED);
    assertThat(result.rms().getFirst()).isLessThan(1e-3);
    assertThat(result.explained()).isGreaterThan(0.9999);
    assertThat(result.kernel(1, 0)).isCloseTo(-1 / SpecialFunctions.gamma(alpha), within(5e-3));
  }

  @Test
  void recoversExponentialsOfANonlinearEquation() {
    ExponentialFamily family = new ExponentialFamily(2);
    double[] truth = {-2, 0.4, 3, 6};
    List<LineField> sources =
        List.of(constant(4, 1.0, -0.5), constant(4, 2.5, 0.7), constant(4, -1.5, 3));
    List<LineField> exact =
        KernelModel.of(family, Activation.TANH, 800).trajectories(truth, sources);
    List<Trajectory> data =
        exact.stream().map(x -> observed(x, times(60, 4), 0, Optional.empty())).toList();
    FitResult result =
        new KernelFit(KernelModel.of(family, Activation.TANH, 100), 500, 1e-7)
            .fit(data, KernelFit.SILENT);
    // The kernel, whose terms are less certain than their sum.
    for (double lag : new double[] {0.02, 0.1, 0.3, 1, 2, 3.5}) {
      double k = -2 * Math.exp(-0.4 * lag) + 3 * Math.exp(-6 * lag);
      assertThat(result.kernel(4, 4 - lag)).as("lag %s", lag).isCloseTo(k, within(0.02));
    }
    double[] rates = {result.parameter("lambda1"), result.parameter("lambda2")};
    Arrays.sort(rates);
    assertThat(rates).containsExactly(new double[] {0.4, 6}, within(0.15));
  }

  @Test
  void noiseIsAveraged() {
    ExponentialFamily family = new ExponentialFamily(1);
    List<LineField> exact =
        KernelModel.of(family, Activation.IDENTITY, 500)
            .trajectories(new double[] {-3, 1}, List.of(constant(3, 1), constant(3, -2)));
    List<Trajectory> data =
        exact.stream().map(x -> observed(x, times(200, 3), 0.02, Optional.empty())).toList();
    FitResult result =
        new KernelFit(KernelModel.of(family, Activation.IDENTITY, 100), 300, 1e-8)
            .fit(data, KernelFit.SILENT);
    assertThat(result.parameter("c1")).isCloseTo(-3, within(0.1));
    assertThat(result.parameter("lambda1")).isCloseTo(1, within(0.1));
    assertThat(result.rms().getFirst()).isCloseTo(0.02, within(0.003));
  }

  @Test
  void recoversAFieldFromKnownSources() {
    double horizon = 2;
    TriangleMesh mesh = new TriangleMesh(4, horizon);
    // K = −1 + t/2 − s² on the mesh's nodes, and 12 sources of different shapes.
    double[] truth = new double[mesh.nodes()];
    for (int i = 0; i <= 4; i++) {
      for (int j = 0; j <= i; j++) {
        truth[TriangleMesh.index(i, j)] = -1 + 0.25 * i - 0.25 * j * j;
      }
    }
    List<LineField> sources = new ArrayList<>();
    for (int n = 0; n < 12; n++) {
      double rate = 0.5 + n;
      DoubleUnaryOperator g = n % 2 == 0 ? t -> Math.cos(rate * t) : t -> Math.sin(rate * t);
      double[] values = new double[201];
      Arrays.setAll(values, i -> g.applyAsDouble(i * horizon / 200));
      sources.add(LineField.of(new LineMesh(200, horizon), 1, values));
    }
    FieldFamily family = new FieldFamily(4, horizon, 1e-9, 1e-9);
    List<LineField> exact =
        KernelModel.of(family, Activation.IDENTITY, 400).trajectories(truth, sources);
    List<Trajectory> data = new ArrayList<>();
    for (int n = 0; n < sources.size(); n++) {
      data.add(observed(exact.get(n), times(80, horizon), 0, Optional.of(sources.get(n))));
    }
    FitResult result =
        new KernelFit(KernelModel.of(family, Activation.IDENTITY, 100), 400, 1e-7)
            .fit(data, KernelFit.SILENT);
    double distance =
        family.field(result.theta()).distanceTo(new TriangleField(mesh, 1, truth)).l2();
    assertThat(distance).isLessThan(0.02 * new TriangleField(mesh, 1, truth).norm().l2());
    assertThat(result.theta()).hasSize(family.parameterNames().size());
  }

  static List<KernelFamily> families() {
    return List.of(
        new FractionalFamily(), new ExponentialFamily(2), new FieldFamily(3, 1.5, 0.1, 0.05));
  }

  @ParameterizedTest
  @MethodSource("families")
  void gradientsOfTheMisfitAreExact(KernelFamily family) {
    List<Trajectory> data = new ArrayList<>();
    for (int n = 0; n < 2; n++) {
      double[] times = times(9, 1.5);
      double[][] values = new double[9][];
      Arrays.setAll(values, i -> random.doubles(2, -1, 1).toArray());
      values[3][n] = Double.NaN;
      Optional<LineField> source = n == 0 ? Optional.empty() : Optional.of(constant(1.5, 1, -1));
      data.add(new Trajectory("x" + n, times, values, source));
    }
    for (DiagonalMethod diagonal : DiagonalMethod.values()) {
      KernelModel model =
          new KernelModel(
              family, Activation.TANH, new SystemSolver(new ProductTrapezoid(), diagonal), 20, 1.7);
      Objective misfit = new Misfit(model, data, 1.5);
      double[] free = random.doubles(misfit.size(), -1, 1).toArray();
      double[] gradient = new double[free.length];
      double[] unused = new double[free.length];
      misfit.evaluate(free, gradient);
      for (int i = 0; i < free.length; i++) {
        double[] values = new double[4];
        for (int n = 0; n < 4; n++) {
          double[] moved = free.clone();
          moved[i] += 1e-3 * new double[] {-2, -1, 1, 2}[n];
          values[n] = misfit.evaluate(moved, unused);
        }
        double difference = (8 * (values[2] - values[1]) - (values[3] - values[0])) / (12 * 1e-3);
        assertThat(gradient[i])
            .as("%s, parameter %d", family.name(), i)
            .isCloseTo(difference, within(1e-7 * Math.max(Math.abs(difference), 1e-2)));
      }
    }
  }

  @Test
  void familiesByName() {
    for (KernelFamily family : families()) {
      assertThat(KernelFamily.parse(family.name(), 1.5, 0.1, 0.05)).isEqualTo(family);
      assertThat(family.parameterNames()).hasSameSizeAs(family.ranges());
      for (double[] start : family.starts(1.5)) {
        assertThat(start).hasSize(family.ranges().size());
        for (int i = 0; i < start.length; i++) {
          assertThat(family.ranges().get(i).contains(start[i])).isTrue();
        }
      }
    }
    for (String bad : new String[] {"gaussian", "exponentials", "field:x", "fractional:1"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> KernelFamily.parse(bad, 1, 1, 1))
          .withMessageContaining("'" + bad + "'")
          .withMessageContaining("fractional, exponentials:M");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ExponentialFamily(17))
        .withMessageContaining("1..16");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FieldFamily(65, 1, 1, 1))
        .withMessageContaining("1..64");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FieldFamily(4, 1, 0, 1))
        .withMessageContaining("lambda0 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new FieldFamily(4, 1, 1, -1))
        .withMessageContaining("lambda1 -1.0");
  }

  @Test
  void rangesAreInvertible() {
    for (ParameterRange range : ParameterRange.values()) {
      for (double free : new double[] {-3, -0.5, 0, 2}) {
        assertThat(range.free(range.natural(free))).isCloseTo(free, within(1e-12));
        double difference = (range.natural(free + 1e-6) - range.natural(free - 1e-6)) / 2e-6;
        assertThat(range.slope(free)).isCloseTo(difference, within(1e-8));
      }
    }
    assertThat(ParameterRange.POSITIVE.contains(-1)).isFalse();
    assertThat(ParameterRange.EXPONENT.contains(1.2)).isFalse();
    assertThat(ParameterRange.REAL.contains(Double.NaN)).isFalse();
  }

  @Test
  void badData() {
    double[][] one = {{1}, {2}};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trajectory.of("a", new double[] {0, 0}, one))
        .withMessageContaining("'a'")
        .withMessageContaining("row 2")
        .withMessageContaining("later than 0.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trajectory.of("a", new double[] {-1, 0}, one))
        .withMessageContaining("time -1.0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trajectory.of("a", new double[] {0}, one))
        .withMessageContaining("1 times and 2 rows");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trajectory.of("a", new double[] {0, 1}, new double[][] {{1}, {1, 2}}))
        .withMessageContaining("row 2 has 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Trajectory.of("a", new double[] {0, 1}, new double[][] {{1}, {1 / 0.0}}))
        .withMessageContaining("Infinity");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new Trajectory("a", new double[] {0, 1}, one, Optional.of(constant(1, 1, 2))))
        .withMessageContaining("2 components");

    KernelFit fit =
        new KernelFit(KernelModel.of(new ExponentialFamily(1), Activation.IDENTITY, 10), 9, 0);
    Trajectory good = Trajectory.of("a", new double[] {0, 1}, one);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fit.fit(List.of(), KernelFit.SILENT))
        .withMessageContaining("no trajectory");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fit.fit(List.of(good), KernelFit.SILENT))
        .withMessageContaining("2 observations")
        .withMessageContaining("3 parameters");
    Trajectory wide = Trajectory.of("b", new double[] {0, 1}, new double[][] {{1, 2}, {1, 2}});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> fit.fit(List.of(good, wide), KernelFit.SILENT))
        .withMessageContaining("2 components");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            fit.fit(
                List.of(Trajectory.of("a", new double[] {0}, new double[][] {{1}})),
                KernelFit.SILENT))
        .withMessageContaining("time 0");
    KernelFit field =
        new KernelFit(KernelModel.of(new FieldFamily(2, 0.5, 1, 1), Activation.IDENTITY, 10), 9, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> field.fit(List.of(good), KernelFit.SILENT))
        .withMessageContaining("ends after the interval, at 0.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new KernelModel(
                new FractionalFamily(),
                Activation.IDENTITY,
                new SystemSolver(new Trapezoid(), DiagonalMethod.FIXED_POINT),
                10,
                1))
        .withMessageContaining("trapezoid");
    KernelModel model =
        new KernelModel(
            new FractionalFamily(),
            Activation.IDENTITY,
            new SystemSolver(new ProductRectangle(), DiagonalMethod.FIXED_POINT),
            10,
            1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.trajectories(new double[] {1.5, 1}, List.of(constant(1, 1))))
        .withMessageContaining("alpha is 1.5");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.trajectories(new double[] {1}, List.of(constant(1, 1))))
        .withMessageContaining("alpha, c");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            model.trajectories(new double[] {0.5, 1}, List.of(constant(1, 1), constant(2, 1))))
        .withMessageContaining("[0, 1.0]");
  }
}
