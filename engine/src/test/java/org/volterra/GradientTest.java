package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.Differences;
import org.volterra.testing.NetworkChoices;
import org.volterra.testing.NetworkChoices.Choice;
import org.volterra.testing.TestProvider;

/**
 * The exact adjoint against central differences in float64. A failure prints the network and the
 * seed; {@code -Dvolterra.test.seed} repeats it.
 */
class GradientTest {
  private static final double TOLERANCE = 1e-7;
  private static final long SEED = Long.getLong("volterra.test.seed", 20_251_002);
  private static final int TRIES = 200;

  @Test
  void theAdjointIsTheDerivativeOfTheForwardPass() {
    for (List<Choice> combination : NetworkChoices.combinations()) {
      try (Differences differences = smooth(NetworkChoices.spec(combination))) {
        differences.compareAll();
        assertThat(differences.worst())
            .as("seed %d, %s, %s", SEED, combination, differences.where())
            .isLessThanOrEqualTo(TOLERANCE);
      }
    }
  }

  /** A network whose ReLUs are all away from their kinks. */
  private static Differences smooth(NetworkSpec spec) {
    for (int i = 0; i < TRIES; i++) {
      Differences differences = new Differences(spec, SEED + i, new Random(SEED + i));
      if (differences.isSmooth()) {
        return differences;
      }
      differences.close();
    }
    throw new AssertionError("seed " + SEED + ": every try met a kink of\n" + spec);
  }

  @Test
  void everyPairOfChoicesIsTested() {
    Set<List<Object>> pairs = new HashSet<>();
    Set<List<Object>> triples = new HashSet<>();
    for (List<Choice> combination : NetworkChoices.combinations()) {
      for (int i = 0; i < combination.size(); i++) {
        for (int j = 0; j < i; j++) {
          pairs.add(List.of(i, j, combination.get(i).name(), combination.get(j).name()));
        }
      }
      triples.add(List.copyOf(combination.subList(0, 3).stream().map(Choice::name).toList()));
    }
    List<List<Choice>> parts = NetworkChoices.parts();
    int expected = 0;
    for (int i = 0; i < parts.size(); i++) {
      for (int j = 0; j < i; j++) {
        expected += parts.get(i).size() * parts.get(j).size();
      }
    }
    assertThat(pairs).hasSize(expected);
    assertThat(triples)
        .as("every depth with every kernel and every φ")
        .hasSize(parts.get(0).size() * parts.get(1).size() * parts.get(2).size());
  }

  /** With an input map x_0 is no data: it becomes the data of the same network without the map. */
  @Test
  void theGradientOfTheInitialStateIsThatOfDataWithoutAnInputMap() {
    for (DepthKernel kernel : kernels()) {
      NetworkSpec with =
          NetworkSpec.builder(3, 4)
              .inputs(2)
              .outputs(2)
              .kernel(kernel)
              .features(FeatureTransform.mlp(4, Activation.TANH, 3), DepthDependence.perLayer())
              .source(Source.linear(DepthDependence.field(2)))
              .build();
      try (Differences outer = new Differences(with, SEED, new Random(SEED));
          Network bare =
              Network.create(
                  with.toBuilder().inputs(0).build(), TestProvider.get(), ElementType.FLOAT64, 0);
          Workspace inner = bare.workspace(2)) {
        for (String name : bare.layout().entries().keySet()) {
          bare.parameter(name).fill(outer.network().parameter(name).toArray());
        }
        Matrix output = inner.forward(outer.workspace().state(0));
        assertThat(output.toArray())
            .containsExactly(outer.workspace().forward(outer.data()).toArray());
        inner.backward(outer.weights());
        assertThat(outer.workspace().initialStateGradient().toArray())
            .containsExactly(inner.initialStateGradient().toArray(), within(1e-15));
        for (String name : bare.layout().entries().keySet()) {
          assertThat(outer.workspace().gradient(name).toArray())
              .as(name)
              .containsExactly(inner.gradient(name).toArray(), within(1e-15));
        }
      }
    }
  }

  /** ∂J/∂z_k is h Σ K δ; with φ = identity and g = 0 it is the whole gradient of state x_k. */
  @Test
  void theClosedFormOfALinearNetworkHolds() {
    int layers = 12;
    double h = 1.0 / layers;
    NetworkSpec spec =
        NetworkSpec.builder(2, layers)
            .kernel(DepthKernel.scalar((t, s) -> 1))
            .features(FeatureTransform.identity())
            .noBias()
            .build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1);
        Workspace workspace = network.workspace(1);
        Buffer buffer = TestProvider.get().allocate(ElementType.FLOAT64, 2)) {
      Matrix ones = Matrix.of(buffer, 0, 1, 2);
      ones.fill(new double[] {1, 1});
      double power = Math.pow(1 + h, layers);
      assertThat(workspace.forward(ones).toArray())
          .containsExactly(new double[] {power, power}, within(1e-13));
      workspace.backward(ones);
      for (int k = 1; k < layers; k++) {
        double expected = h * Math.pow(1 + h, layers - 1 - k);
        assertThat(workspace.historyGradient().slice(k).toArray())
            .as("layer %d", k)
            .containsExactly(new double[] {expected, expected}, within(1e-14));
      }
      assertThat(workspace.initialStateGradient().toArray())
          .containsExactly(new double[] {power, power}, within(1e-13));
    }
  }

  private static List<DepthKernel> kernels() {
    List<DepthKernel> all = new ArrayList<>();
    all.add(DepthKernel.dense());
    all.add(DepthKernel.field(3));
    all.add(DepthKernel.scalar((t, s) -> t - s));
    all.add(DepthKernel.trainableScalar((t, s) -> 1 + s));
    return all;
  }
}
