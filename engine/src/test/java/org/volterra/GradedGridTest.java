package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.depth.DepthGrid;
import org.volterra.equation.GridSolution;
import org.volterra.equation.IntegralEquation;
import org.volterra.equation.ProductRectangle;
import org.volterra.equation.VolterraSolver;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.kernel.SpecialFunctions;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.sum.SumChoice;
import org.volterra.testing.TestProvider;

/** Networks whose layers lie closer together at first. */
class GradedGridTest {
  private static final double GRADING = 2.5;

  private static NetworkSpec.Builder graded(int layers, DepthKernel kernel, String sum) {
    return NetworkSpec.builder(2, layers)
        .horizon(2)
        .grading(GRADING)
        .kernel(kernel)
        .sum(SumChoice.parse(sum));
  }

  private static DepthKernel kernel(String text) {
    return switch (text) {
      case "fixed-convolution" -> DepthKernel.convolution(t -> Math.exp(-t) - 0.4);
      case "fixed-smooth" -> DepthKernel.smooth((t, s) -> 1 / (1 + t + 2 * s));
      default -> DepthKernel.parse(text);
    };
  }

  /** x_l = x_0 + b + Σ (t_{k+1} − t_k) a(t_l, t_k) φ(x_k), by the definition of the grid. */
  @ParameterizedTest
  @CsvSource({
    "scalar, direct, 30",
    "scalar, blocked, 200",
    "fixed-convolution, direct, 30",
    "fixed-convolution, blocked, 200",
    "fixed-convolution, hierarchical:1e-12, 200",
    "fractional:0.4, auto, 30",
    "fractional:0.4, blocked, 200",
    "exponentials:3, auto, 100",
    "'fixed-exponentials(0.5:1,0.25:3)', exponentials, 100",
    "'fixed-exponentials(0.5:1,0.25:3)', blocked, 100",
    "separable:2, auto, 100",
    "fixed-smooth, hierarchical:1e-12, 200",
  })
  void statesFollowTheLayerFormula(String text, String sum, int layers) {
    ScalarKernel kernel = (ScalarKernel) kernel(text);
    for (Activation phi : new Activation[] {Activation.IDENTITY, Activation.TANH}) {
      for (Activation psi : new Activation[] {Activation.IDENTITY, Activation.TANH}) {
        NetworkSpec spec =
            graded(layers, kernel, sum)
                .features(FeatureTransform.activation(phi))
                .activation(psi)
                .build();
        try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 3);
            Workspace workspace = network.workspace(1);
            Buffer data = TestProvider.get().allocate(ElementType.FLOAT64, 2)) {
          Matrix x = Matrix.of(data, 0, 1, 2);
          x.fill(new double[] {0.7, -0.2});
          workspace.forward(x);
          double[] states = new double[layers + 1];
          states[0] = 0.7;
          for (int l = 1; l <= layers; l++) {
            double u = 0;
            for (int k = 0; k < l; k++) {
              double step = time(k + 1, layers) - time(k, layers);
              u += step * coefficient(kernel, layers, l, k) * phi.value(states[k]);
            }
            states[l] = 0.7 + psi.value(u);
            assertThat(workspace.state(l).get(0, 0))
                .as("%s by %s, φ = %s, ψ = %s, layer %d", text, sum, phi, psi, l)
                .isCloseTo(states[l], within(1e-10 * (1 + Math.abs(states[l]))));
          }
        }
      }
    }
  }

  private static double time(int l, int layers) {
    return 2 * Math.pow(l / (double) layers, GRADING);
  }

  private static double coefficient(ScalarKernel kernel, int layers, int l, int k) {
    double t = time(l, layers);
    double s = time(k, layers);
    if (kernel instanceof ScalarKernel.Fractional fractional) {
      double a = fractional.order();
      double end = time(k + 1, layers);
      double integral = (Math.pow(t - s, a) - Math.pow(t - end, a)) / SpecialFunctions.gamma(a + 1);
      return integral / (end - s);
    }
    return kernel.coefficient(new DepthGrid(layers, 2, GRADING), l, k);
  }

  /**
   * The explicit product-rectangle rule of D^α x = tanh x on the grid that smooths its solution.
   */
  @Test
  void aFractionalNetworkIsTheSolverOfItsEquation() {
    double order = 0.5;
    int layers = 60;
    IntegralEquation equation =
        new IntegralEquation() {
          @Override
          public double source(double t) {
            return 0.3;
          }

          @Override
          public double integrand(double t, double s, double x) {
            return Math.tanh(x) / SpecialFunctions.gamma(order);
          }

          @Override
          public double horizon() {
            return 2;
          }

          @Override
          public double exponent() {
            return order;
          }
        };
    GridSolution solution =
        new VolterraSolver(TestProvider.get())
            .solve(equation, new ProductRectangle(), layers, 1 / order);
    NetworkSpec spec =
        NetworkSpec.builder(1, layers)
            .horizon(2)
            .grading(1 / order)
            .kernel(DepthKernel.fractional(order))
            .noBias()
            .build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1);
        Workspace workspace = network.inference(1);
        Buffer data = TestProvider.get().allocate(ElementType.FLOAT64, 1)) {
      Matrix x = Matrix.of(data, 0, 1, 1);
      x.fill(new double[] {0.3});
      workspace.forward(x);
      for (int l = 0; l <= layers; l++) {
        assertThat(workspace.state(l).get(0, 0)).isCloseTo(solution.value(l), within(1e-13));
      }
    }
  }

  /** Runs between checkpoints, and states that are computed again, give the same bits. */
  @ParameterizedTest
  @CsvSource({"exponentials:3, identity", "exponentials:3, tanh", "scalar, identity"})
  void savingMemoryChangesNothing(String kernel, String phi) {
    NetworkSpec spec =
        graded(50, kernel(kernel), "auto")
            .features(FeatureTransform.activation(Activation.parse(phi)))
            .activation(Activation.TANH)
            .build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 3);
        Workspace whole = network.workspace(2);
        Workspace small =
            network.workspace(2, new MemoryBudget(whole.historyBytes() * 2 / 3).recomputing());
        Buffer data = TestProvider.get().allocate(ElementType.FLOAT64, 4);
        Buffer slopes = TestProvider.get().allocate(ElementType.FLOAT64, 4)) {
      Matrix x = Matrix.of(data, 0, 2, 2);
      x.fill(new double[] {0.7, -0.2, 0.1, 1.3});
      Matrix g = Matrix.of(slopes, 0, 2, 2);
      g.fill(new double[] {1, -0.5, 0.25, 2});
      assertThat(small.historyBytes()).isLessThan(whole.historyBytes());
      assertThat(small.forward(x).toArray()).containsExactly(whole.forward(x).toArray());
      small.backward(g);
      whole.backward(g);
      for (String name : network.layout().entries().keySet()) {
        assertThat(small.gradient(name).toArray())
            .as(name)
            .containsExactly(whole.gradient(name).toArray());
      }
    }
  }

  @Test
  void whatNeedsEqualStepsSaysSo() {
    assertThatThrownBy(() -> graded(9, DepthKernel.parse("convolution"), "auto").build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "grading 2.5: must be 1 for the kernel convolution, whose parameters are samples at"
                + " equal steps");
    assertThatThrownBy(() -> graded(9, DepthKernel.dense(), "auto").grading(0.5).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("grading 0.5: must be at least 1");
    ParameterLayout layout = graded(9, DepthKernel.dense(), "auto").build().layout();
    assertThatThrownBy(() -> layout.groups().get("kernel").equalSpacing())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("parameter kernel: norms in depth need equal steps");
    NetworkSpec spec = graded(70, DepthKernel.fractional(0.5), "fft").build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1)) {
      assertThatThrownBy(() -> network.workspace(1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the grid is graded");
    }
  }

  @Test
  void propertiesKeepTheGrading() {
    NetworkSpec spec = graded(5, DepthKernel.dense(), "auto").build();
    assertThat(NetworkSpec.fromProperties(spec.toProperties()).grid()).isEqualTo(spec.grid());
    assertThat(spec.toBuilder().build().grid().grading()).isEqualTo(GRADING);
  }
}
