package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.PlainNetwork;
import org.volterra.testing.RandomMatrices;
import org.volterra.testing.TestProvider;

/** All states of a network against the layer formula on plain arrays. */
class ForwardTest {
  private static final int BATCH = 3;

  static Stream<Arguments> networks() {
    List<DepthKernel> kernels =
        List.of(
            DepthKernel.dense(),
            DepthKernel.field(1),
            DepthKernel.field(3),
            DepthKernel.field(8),
            DepthKernel.scalar((t, s) -> Math.exp(s - t) - 0.3 * t * s),
            DepthKernel.trainableScalar((t, s) -> Math.cos(3 * t + s)));
    List<Arguments> all = new ArrayList<>();
    for (DepthKernel kernel : kernels) {
      for (int layers : new int[] {1, 2, 3, 7, 33}) {
        for (double horizon : new double[] {1, 3}) {
          all.add(Arguments.of(kernel, layers, horizon));
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void statesAndOutputFollowTheLayerFormula(DepthKernel kernel, int layers, double horizon) {
    NetworkSpec.Builder base = NetworkSpec.builder(4, layers).horizon(horizon).kernel(kernel);
    int width = kernel instanceof DepthKernel.Scalar ? 4 : 5;
    agrees(base.build(), 1e-13);
    agrees(
        base.inputs(3)
            .outputs(2)
            .positions(2)
            .features(
                FeatureTransform.mlp(6, Activation.SILU, width)
                    .then(FeatureTransform.activation(Activation.TANH)),
                DepthDependence.field(3))
            .activation(Activation.GELU)
            .bias(DepthDependence.field(2))
            .source(Source.linear(DepthDependence.perLayer()))
            .build(),
        1e-12);
    agrees(
        base.inputs(0)
            .positions(1)
            .scaling(Scaling.UNIT)
            .features(FeatureTransform.affine(width), DepthDependence.perLayer())
            .activation(Activation.SIGMOID)
            .noBias()
            .source(Source.zero())
            .build(),
        1e-12);
  }

  private static void agrees(NetworkSpec spec, double tolerance) {
    agrees(spec, ElementType.FLOAT64, tolerance);
    agrees(spec, ElementType.FLOAT32, 2e-4);
  }

  /** The bound is relative to the largest element of a state. */
  private static void agrees(NetworkSpec spec, ElementType type, double tolerance) {
    int rows = BATCH * spec.positions();
    Random random = new Random(11);
    try (Network network = Network.create(spec, TestProvider.get(), type, 5);
        Workspace training = network.workspace(BATCH);
        Workspace inference = network.inference(BATCH);
        Buffer memory = TestProvider.get().allocate(type, (long) rows * spec.inputs())) {
      RandomMatrices.perturb(network, random, 0.1);
      Matrix data = Matrix.of(memory, 0, rows, spec.inputs());
      RandomMatrices.fill(data, random, 1);
      double[][][] expected = new PlainNetwork(network).run(RandomMatrices.rows(data));
      for (Workspace workspace : List.of(training, inference)) {
        Matrix output = workspace.forward(data);
        assertThat(output.rows()).isEqualTo(rows);
        assertThat(output.columns()).isEqualTo(spec.outputs());
        for (int l = 0; l <= spec.depth(); l++) {
          close("x_" + l, workspace.state(l), expected[l], tolerance);
        }
        close("the output", output, expected[spec.depth() + 1], tolerance);
      }
    }
  }

  private static void close(String what, Matrix actual, double[][] expected, double tolerance) {
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < expected.length; i++) {
      for (int j = 0; j < expected[i].length; j++) {
        double difference = Math.abs(actual.get(i, j) - expected[i][j]);
        worst = Double.isNaN(difference) ? Double.NaN : Math.max(worst, difference);
        largest = Math.max(largest, Math.abs(expected[i][j]));
      }
    }
    assertThat(worst).as(what).isLessThanOrEqualTo(tolerance * largest);
  }
}
