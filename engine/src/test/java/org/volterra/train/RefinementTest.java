package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.Workspace;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** Parameters carried between depths. */
class RefinementTest {
  private static NetworkSpec spec(DepthKernel kernel, int depth) {
    return NetworkSpec.builder(3, depth)
        .kernel(kernel)
        .inputs(2)
        .outputs(2)
        .source(Source.linear(DepthDependence.perLayer()))
        .build();
  }

  private static Network network(DepthKernel kernel, int depth) {
    return Network.create(spec(kernel, depth), TestProvider.get(), ElementType.FLOAT64, 3);
  }

  /** Kernels and biases that are linear functions of depth are the same functions at any depth. */
  @Test
  void linearFunctionsOfDepthAreKept() {
    try (Network coarse = network(DepthKernel.dense(), 4)) {
      fillLinear(coarse);
      try (Network fine = Refinement.prolong(coarse, spec(DepthKernel.dense(), 12));
          Network expected = network(DepthKernel.dense(), 12)) {
        fillLinear(expected);
        for (int l = 1; l <= 12; l++) {
          assertThat(fine.parameter("kernel." + l).toArray())
              .containsExactly(expected.parameter("kernel." + l).toArray(), within(1e-12));
          if (l >= 3) {
            assertThat(fine.parameter("bias." + l).toArray())
                .containsExactly(expected.parameter("bias." + l).toArray(), within(1e-12));
          }
        }
        assertThat(fine.parameter("bias.1").toArray())
            .containsExactly(coarse.parameter("bias.1").toArray(), within(1e-12));
        assertThat(fine.parameter("output.weight").toArray())
            .containsExactly(coarse.parameter("output.weight").toArray());
      }
    }
  }

  private static void fillLinear(Network network) {
    DepthGrid grid = network.spec().grid();
    for (int l = 1; l <= grid.layers(); l++) {
      double t = grid.time(l);
      Matrix kernel = network.parameter("kernel." + l);
      for (int row = 0; row < kernel.rows(); row++) {
        double s = grid.time(row / 3);
        for (int column = 0; column < 3; column++) {
          kernel.set(row, column, row % 3 - column + 2 * t - 3 * s);
        }
      }
      for (int column = 0; column < 3; column++) {
        network.parameter("bias." + l).set(0, column, column - t);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"dense", "scalar", "convolution", "field(3)", "separable:2"})
  void theOutputOfASmoothNetworkChangesByOrderH(String text) {
    DepthKernel kernel =
        switch (text) {
          case "dense" -> DepthKernel.dense();
          case "field(3)" -> DepthKernel.field(3);
          default -> NetworkSpec.fromProperties(properties(text)).kernel();
        };
    double[] gaps = new double[2];
    for (int i = 0; i < 2; i++) {
      int depth = 16 << i;
      try (Network coarse = network(kernel, depth)) {
        if (kernel instanceof DepthKernel.Dense) {
          fillLinear(coarse);
        }
        for (int l = 1; l <= depth; l++) {
          coarse.parameter("source." + l).fill(new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
        }
        try (Network fine = Refinement.prolong(coarse, spec(kernel, 2 * depth))) {
          double[] before = output(coarse);
          double[] after = output(fine);
          for (int n = 0; n < before.length; n++) {
            gaps[i] = Math.max(gaps[i], Math.abs(after[n] - before[n]));
          }
        }
      }
    }
    assertThat(gaps[0]).isLessThan(0.5);
    assertThat(gaps[1]).isLessThan(0.75 * gaps[0]);
  }

  private static Map<String, String> properties(String kernel) {
    Map<String, String> map = new HashMap<>(spec(DepthKernel.dense(), 8).toProperties());
    map.put("kernel", kernel);
    return map;
  }

  private static double[] output(Network network) {
    try (Workspace workspace = network.inference(2)) {
      Matrix data = Matrix.of(network.provider().allocate(ElementType.FLOAT64, 4), 0, 2, 2);
      try {
        data.fill(new double[] {0.5, -1, 1, 0.25});
        return workspace.forward(data).toArray();
      } finally {
        data.buffer().close();
      }
    }
  }

  @Test
  void trainingGoesOnWhereTheCoarseNetworkStopped() {
    Samples samples = TrainingFixtures.clouds(120, 3);
    NetworkSpec spec = TrainingFixtures.spec(3, DepthKernel.dense());
    try (Network coarse = Network.create(spec, TestProvider.get(), ElementType.FLOAT32, 7)) {
      double reached = train(coarse, samples, 20);
      try (Network fine = Refinement.prolong(coarse, spec.toBuilder().depth(20).build())) {
        try (Trainer trainer = Trainer.builder(fine, samples).build()) {
          assertThat(trainer.evaluate(samples).loss()).isLessThan(3 * reached + 0.1);
        }
        assertThat(train(fine, samples, 10)).isLessThan(1.2 * reached);
      }
    }
  }

  private static double train(Network network, Samples samples, int epochs) {
    try (Trainer trainer =
        Trainer.builder(network, samples)
            .schedule(Schedule.constant(0.02))
            .epochs(epochs)
            .batch(40)
            .build()) {
      trainer.run();
      return trainer.evaluate(samples).loss();
    }
  }

  @Test
  void whatIsMoreThanAnotherDepthIsRefused() {
    try (Network network = network(DepthKernel.dense(), 4)) {
      for (NetworkSpec other :
          List.of(
              spec(DepthKernel.field(2), 8),
              spec(DepthKernel.dense(), 8).toBuilder().horizon(2).build())) {
        assertThatThrownBy(() -> Refinement.prolong(network, other))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("differs from the network in more than depth");
      }
      assertThatThrownBy(() ->
              Refinement.prolong(
                  network, spec(DepthKernel.dense(), 8).toBuilder().scaling(Scaling.UNIT).build()))
          .hasMessageContaining("scaling UNIT");
    }
  }
}
