package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.control.Minimization;
import org.volterra.control.Minimizer;
import org.volterra.control.StoppingRule;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthField;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

/** The learning problem of a network as an objective. */
class NetworkObjectiveTest {
  private static final DepthRegularizer WEIGHTS = new DepthRegularizer(0.3, 0.05);
  private static final double CONSTANTS = 0.2;

  private static NetworkSpec spec(String kernel, int depth) {
    DepthDependence dependence =
        kernel.startsWith("field") ? DepthDependence.field(2) : DepthDependence.perLayer();
    return NetworkSpec.builder(3, depth)
        .inputs(2)
        .outputs(3)
        .features(FeatureTransform.parse("tanh,affine(3)"), dependence)
        .kernel(DepthKernel.parse(kernel))
        .bias(dependence)
        .build();
  }

  private static NetworkObjective objective(Network network) {
    return new NetworkObjective(
        network, TrainingFixtures.clouds(12, 3), Loss.softmaxCrossEntropy(), WEIGHTS, CONSTANTS);
  }

  private static Network network(NetworkSpec spec) {
    return Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 3);
  }

  private static double[] random(int size) {
    RandomGenerator random = new Random(5);
    return random.doubles(size, -0.5, 0.5).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "field:2", "matrix*fractional:0.6", "convolution"})
  void gradientsAreThoseOfTheValue(String kernel) {
    try (Network network = network(spec(kernel, 5));
        NetworkObjective objective = objective(network)) {
      double[] theta = random(objective.size());
      double[] gradient = new double[theta.length];
      objective.evaluate(theta, gradient);
      double largest = 0;
      for (double g : gradient) {
        largest = Math.max(largest, Math.abs(g));
      }
      double[] unused = new double[theta.length];
      double step = 1e-4;
      for (int i = 0; i < theta.length; i++) {
        double at = theta[i];
        double[] values = new double[4];
        for (int j = 0; j < 4; j++) {
          theta[i] = at + step * (j < 2 ? j - 2 : j - 1);
          values[j] = objective.evaluate(theta, unused);
        }
        theta[i] = at;
        double difference = (8 * (values[2] - values[1]) - values[3] + values[0]) / (12 * step);
        assertThat(gradient[i]).isCloseTo(difference, within(1e-7 * largest));
      }
    }
  }

  /** The slope along the Sobolev gradient of length 1. */
  @Test
  void theResidualIsTheSteepestSlope() {
    try (Network network = network(spec("field:2", 5));
        NetworkObjective objective = objective(network)) {
      double[] theta = random(objective.size());
      double residual = objective.residual(theta);
      double[] gradient = new double[theta.length];
      objective.evaluate(theta, gradient);
      double[] direction = new double[theta.length];
      objective.metric().solve(gradient, direction);
      double length = Math.sqrt(2 * objective.metric().energy(direction));
      double step = 1e-4;
      double[] values = new double[2];
      for (int side = 0; side < 2; side++) {
        double[] moved = theta.clone();
        for (int i = 0; i < moved.length; i++) {
          moved[i] += (side == 0 ? -step : step) * direction[i] / length;
        }
        values[side] = objective.evaluate(moved, gradient);
      }
      assertThat((values[1] - values[0]) / (2 * step)).isCloseTo(residual, within(1e-6 * residual));
    }
  }

  @Test
  void theValueIsTheLossAndTheEnergyOfTheMetric() {
    try (Network network = network(spec("dense", 6));
        NetworkObjective objective = objective(network)) {
      double[] theta = random(objective.size());
      double[] gradient = new double[theta.length];
      double whole = objective.evaluate(theta, gradient);
      double loss = objective.loss(theta, gradient);
      assertThat(whole - loss).isCloseTo(objective.metric().energy(theta), within(1e-12));
      double[] product = new double[theta.length];
      double[] solution = new double[theta.length];
      objective.metric().apply(theta, product);
      objective.metric().solve(product, solution);
      assertThat(solution).containsExactly(theta, within(1e-10));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "field:2", "separable:2", "exponentials:2"})
  void argumentsAreFunctionsOfDepth(String kernel) {
    try (Network coarse = network(spec(kernel, 6));
        NetworkObjective objective = objective(coarse)) {
      double[] theta = random(objective.size());
      Map<String, DepthField> fields = objective.extension(theta);
      assertThat(objective.restriction(fields)).containsExactly(theta, within(1e-14));
      objective.loss(theta, new double[theta.length]);
      assertThat(objective.parameters()).containsExactly(theta);
      try (Network prolonged = Refinement.prolong(coarse, spec(kernel, 12));
          Network fine = network(spec(kernel, 12));
          NetworkObjective same = objective(fine);
          NetworkObjective expected = objective(prolonged)) {
        assertThat(same.restriction(fields)).containsExactly(expected.parameters(), within(1e-14));
      }
      Map<String, DepthField> fewer = new HashMap<>(fields);
      fewer.remove("bias");
      assertThatThrownBy(() -> objective.restriction(fewer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'bias' needs one of width 3");
    }
  }

  @Test
  void minimisersConvergeWithDepth() {
    double[] values = new double[4];
    Map<String, DepthField> fields = null;
    for (int i = 0; i < values.length; i++) {
      try (Network network = network(spec("dense", 4 << i));
          NetworkObjective objective = objective(network)) {
        double[] start = fields == null ? random(objective.size()) : objective.restriction(fields);
        Minimization minimum =
            Minimizer.lbfgs(10, objective.metric())
                .minimize(objective, start, StoppingRule.atGradient(600, 1e-5));
        values[i] = minimum.value();
        fields = objective.extension(minimum.minimiser());
      }
    }
    double ratio = (values[1] - values[2]) / (values[2] - values[3]);
    assertThat(ratio).isBetween(1.5, 2.8);
  }

  @Test
  void refusals() {
    try (Network network = network(spec("dense", 3))) {
      Samples samples = TrainingFixtures.clouds(12, 3);
      Loss loss = Loss.softmaxCrossEntropy();
      assertThatThrownBy(
              () -> new NetworkObjective(network, samples, loss, DepthRegularizer.none(), 1))
          .hasMessageContaining("lambda0 must be positive");
      assertThatThrownBy(() -> new NetworkObjective(network, samples, loss, WEIGHTS, 0))
          .hasMessageContaining("constants 0.0: the weight must be positive");
    }
  }
}
