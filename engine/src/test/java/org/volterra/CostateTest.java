package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthGrid;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** Costates and Hamiltonians of networks, in closed form and against what else a pass computes. */
class CostateTest {
  private static final int LAYERS = 20;

  private final List<Integer> order = new ArrayList<>();
  private final double[][] states = new double[LAYERS + 1][];
  private final double[][] costates = new double[LAYERS + 1][];
  private final double[] hamiltonians = new double[LAYERS + 1];

  private void keep(int l, Matrix state, Matrix costate, double hamiltonian) {
    order.add(l);
    states[l] = state.toArray();
    costates[l] = costate.toArray();
    hamiltonians[l] = hamiltonian;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private void pass(NetworkSpec spec, int batch, Workspace workspace) {
    int size = batch * spec.channels();
    try (Buffer data = TestProvider.get().allocate(ElementType.FLOAT64, size);
        Buffer loss = TestProvider.get().allocate(ElementType.FLOAT64, size)) {
      Matrix x = Matrix.of(data, 0, batch, spec.channels());
      Matrix y = Matrix.of(loss, 0, batch, spec.channels());
      double[] start = new double[size];
      double[] gradient = new double[size];
      for (int i = 0; i < size; i++) {
        start[i] = 0.7 - 0.4 * i;
        gradient[i] = 1 + 0.5 * i;
      }
      x.fill(start);
      y.fill(gradient);
      workspace.forward(x);
      workspace.backward(y, this::keep);
    }
  }

  /** x_l = x_0 + h Σ x_k: λ_k = h (1 + h)^(L−1−k) ∇Φ, and H(t_k) = λ_kᵀ x_k/h is constant. */
  @Test
  void closedForm() {
    NetworkSpec spec =
        NetworkSpec.builder(2, LAYERS)
            .kernel(DepthKernel.convolution(t -> 1))
            .features(FeatureTransform.activation(Activation.IDENTITY))
            .activation(Activation.IDENTITY)
            .noBias()
            .build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1);
        Workspace workspace = network.workspace(1)) {
      pass(spec, 1, workspace);
    }
    double h = 1.0 / LAYERS;
    for (int c = 0; c < 2; c++) {
      double end = 1 + 0.5 * c;
      assertThat(costates[LAYERS][c]).isEqualTo(end);
      for (int k = 1; k < LAYERS; k++) {
        assertThat(costates[k][c])
            .isCloseTo(h * Math.pow(1 + h, LAYERS - 1 - k) * end, within(1e-14));
      }
      // The initial value also is the source of all layers.
      assertThat(costates[0][c]).isCloseTo(Math.pow(1 + h, LAYERS) * end, within(1e-13));
    }
    for (int k = 1; k < LAYERS; k++) {
      assertThat(hamiltonians[k]).isCloseTo(dot(costates[k], states[k]) / h, within(1e-12));
      assertThat(hamiltonians[k]).isCloseTo(hamiltonians[1], within(1e-12));
    }
    assertThat(hamiltonians[LAYERS]).isZero();
    assertThat(order).hasSize(LAYERS + 1).isSortedAccordingTo((a, b) -> b - a);
  }

  @ParameterizedTest
  @CsvSource({"1, false", "2.5, false", "1, true", "2.5, true"})
  void costatesGiveTheGradientsOfBiasesAndHamiltoniansTheSumsOfPairs(
      double grading, boolean isNonlinear) {
    NetworkSpec spec =
        NetworkSpec.builder(2, LAYERS)
            .horizon(2)
            .grading(grading)
            .kernel(DepthKernel.convolution(t -> Math.exp(-t) - 0.2))
            .features(FeatureTransform.activation(Activation.TANH))
            .activation(isNonlinear ? Activation.TANH : Activation.IDENTITY)
            .bias(DepthDependence.perLayer())
            .build();
    double[][] biases = new double[LAYERS + 1][];
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1);
        Workspace workspace = network.workspace(3)) {
      pass(spec, 3, workspace);
      List<ParameterLayout.Entry> entries =
          network.layout().entries().values().stream()
              .filter(e -> e.name().startsWith("bias"))
              .toList();
      assertThat(entries).hasSize(LAYERS);
      for (int l = 1; l <= LAYERS; l++) {
        biases[l] = workspace.gradient(entries.get(l - 1).name()).toArray();
      }
    }
    DepthGrid grid = spec.grid();
    double[][] deltas = new double[LAYERS + 1][6];
    for (int l = 1; l <= LAYERS; l++) {
      double[] sums = new double[2];
      for (int i = 0; i < 6; i++) {
        // x = x_0 + ψ(u) with ψ' = 1 − (x − x_0)².
        double u = states[l][i] - states[0][i];
        deltas[l][i] = costates[l][i] * (isNonlinear ? 1 - u * u : 1);
        sums[i % 2] += deltas[l][i];
      }
      assertThat(biases[l]).as("layer %d", l).containsExactly(sums, within(1e-12));
    }
    for (int k = 0; k < LAYERS; k++) {
      double expected = 0;
      for (int l = k + 1; l <= LAYERS; l++) {
        double kernel = Math.exp(-grid.distance(l, k)) - 0.2;
        for (int i = 0; i < 6; i++) {
          expected += deltas[l][i] * kernel * Math.tanh(states[k][i]);
        }
      }
      assertThat(hamiltonians[k]).as("layer %d", k).isCloseTo(expected, within(1e-12));
    }
  }

  @Test
  void gradientsAreThoseOfAPassWithoutAListener() {
    NetworkSpec spec = NetworkSpec.builder(2, LAYERS).kernel(DepthKernel.field(2)).build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1);
        Workspace workspace = network.workspace(1);
        Workspace other = network.workspace(1);
        Buffer data = TestProvider.get().allocate(ElementType.FLOAT64, 2)) {
      pass(spec, 1, workspace);
      Matrix x = Matrix.of(data, 0, 1, 2);
      x.fill(new double[] {0.7, 0.7 - 0.4});
      other.forward(x);
      x.fill(new double[] {1, 1.5});
      other.backward(x);
      int count = Math.toIntExact(network.parameters().length());
      assertThat(Matrix.vector(workspace.gradients(), 0, count).toArray())
          .containsExactly(Matrix.vector(other.gradients(), 0, count).toArray());
    }
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1);
        Workspace workspace = network.workspace(1)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> workspace.backward(workspace.state(0), this::keep))
          .withMessageContaining("forward");
    }
  }
}
