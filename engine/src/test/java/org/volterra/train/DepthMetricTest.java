package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** Sobolev gradients of networks, and training with them. */
class DepthMetricTest {
  private static final DepthRegularizer WEIGHTS = new DepthRegularizer(0.3, 0.05);

  /** The gradient of the regulariser is A θ: A⁻¹ must give θ back, and leave the rest alone. */
  @Test
  void invertsTheOperatorOfTheRegularizer() {
    for (DepthKernel kernel :
        List.of(
            DepthKernel.dense(),
            DepthKernel.field(3),
            DepthKernel.trainableScalar((t, s) -> t - s))) {
      NetworkSpec spec =
          NetworkSpec.builder(3, 6)
              .kernel(kernel)
              .source(Source.linear(DepthDependence.field(4)))
              .outputs(2)
              .build();
      ComputeProvider provider = TestProvider.get();
      try (Network network = Network.create(spec, provider, ElementType.FLOAT64, 4);
          Buffer gradients = provider.allocate(ElementType.FLOAT64, network.parameters().length());
          Buffer loss = provider.allocate(ElementType.FLOAT64, 1);
          DepthPenalty penalty = new DepthPenalty(WEIGHTS, network, gradients)) {
        Matrix all = Matrix.vector(gradients, 0, (int) network.layout().length());
        provider.primitives(ElementType.FLOAT64).fill(0, all);
        network.layout().entry("output.weight").in(gradients).set(0, 1, 7);
        penalty.add(Matrix.vector(loss, 0, 1));
        try (DepthMetric metric = new DepthMetric(WEIGHTS, network)) {
          metric.lift(all);
        }
        for (ParameterLayout.Group group : network.layout().groups().values()) {
          boolean depends = group.arrangement() != ParameterLayout.Arrangement.CONSTANT;
          for (ParameterLayout.Entry entry : group.entries()) {
            if (depends) {
              assertThat(entry.in(gradients).toArray())
                  .containsExactly(entry.in(network.parameters()).toArray(), within(1e-10));
            }
          }
        }
        assertThat(network.layout().entry("output.weight").in(gradients).get(0, 1)).isEqualTo(7);
      }
    }
  }

  /** Rows of A⁻¹ have no negative number, so a product of N terms is within (N + 8) ε A⁻¹|b|. */
  @Test
  void everyDeviceSolvesAsTheHostDoes() {
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      for (NetworkSpec.Builder builder :
          List.of(
              NetworkSpec.builder(3, 7).kernel(DepthKernel.dense()),
              NetworkSpec.builder(4, 7).kernel(DepthKernel.dense()),
              NetworkSpec.builder(1, 46).kernel(DepthKernel.dense()),
              NetworkSpec.builder(3, 9).kernel(DepthKernel.field(4)),
              NetworkSpec.builder(2, 20).kernel(DepthKernel.trainableConvolution(t -> t)))) {
        solvesAsTheHostDoes(
            builder.source(Source.linear(DepthDependence.perLayer())).outputs(2).build(), type);
      }
    }
  }

  private static void solvesAsTheHostDoes(NetworkSpec spec, ElementType type) {
    ComputeProvider provider = TestProvider.get();
    Random random = new Random(5);
    try (Network network = Network.create(spec, provider, type, 4);
        Buffer vector = provider.allocate(type, network.parameters().length());
        DepthMetric metric = new DepthMetric(WEIGHTS, network)) {
      Matrix all = Matrix.vector(vector, 0, (int) network.layout().length());
      for (int run = 0; run < 3; run++) { // called, captured and repeated where that is recorded
        all.fill(random.doubles(all.size(), -1, 1).toArray());
        List<double[]> expected = new ArrayList<>();
        List<double[]> bounds = new ArrayList<>();
        for (ParameterLayout.Group group : network.layout().groups().values()) {
          double[] before = DepthGroups.read(vector, group);
          double[] after = before.clone();
          double[] bound = new double[before.length];
          if (group.arrangement() != ParameterLayout.Arrangement.CONSTANT) {
            GroupOperator operator = new GroupOperator(List.of(group), WEIGHTS, 1);
            operator.solve(before, after);
            operator.solve(Arrays.stream(before).map(Math::abs).toArray(), bound);
          }
          expected.add(after);
          bounds.add(bound);
        }
        metric.lift(all);
        int next = 0;
        double unit = type == ElementType.FLOAT32 ? 0x1p-24 : 1e-12;
        for (ParameterLayout.Group group : network.layout().groups().values()) {
          double[] actual = DepthGroups.read(vector, group);
          int nodes = actual.length / group.blockSize();
          for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i])
                .as("%s, number %d of %s", spec.kernel(), i, group.name())
                .isCloseTo(expected.get(next)[i], within((nodes + 8) * unit * bounds.get(next)[i]));
          }
          next++;
        }
      }
    }
  }

  static List<Optimizer> optimizers() {
    return List.of(Optimizer.sgd(0.9, 0, false), Optimizer.adam(), Optimizer.lbfgs(5));
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void everyOptimizerTrainsInTheMetric(Optimizer optimizer) {
    Samples samples = TrainingFixtures.clouds(120, 3);
    boolean bfgs = optimizer instanceof Optimizer.Lbfgs;
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32);
        Trainer trainer =
            Trainer.builder(network, samples)
                .optimizer(optimizer)
                .metric(new DepthRegularizer(1, 0.1))
                .schedule(Schedule.constant(bfgs ? 1 : 0.05))
                .epochs(15)
                .batch(bfgs ? 120 : 40)
                .build()) {
      List<EpochMetrics> metrics = trainer.run();
      assertThat(metrics.getLast().trainLoss()).isLessThan(0.3 * metrics.getFirst().trainLoss());
    }
  }

  @Test
  void lbfgsInTheMetricOfTheRegularizerDoesNoWorse() {
    double[] minima = new double[2];
    for (int i = 0; i < 2; i++) {
      try (Network network =
          TrainingFixtures.network(1, DepthKernel.dense(), ElementType.FLOAT64)) {
        Trainer.Builder builder =
            Trainer.builder(network, TrainingFixtures.surface(60, 2))
                .optimizer(Optimizer.lbfgs(10))
                .schedule(Schedule.constant(1))
                .regularizer(new DepthRegularizer(3, 1))
                .epochs(150)
                .batch(60);
        if (i == 1) {
          builder.metric(new DepthRegularizer(3, 1));
        }
        try (Trainer trainer = builder.build()) {
          trainer.run();
          minima[i] = trainer.evaluate(TrainingFixtures.surface(60, 2)).loss();
        }
      }
    }
    assertThat(minima[1]).isLessThan(1.02 * minima[0]);
  }

  @Test
  void aMetricWithoutMassIsRefused() {
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32)) {
      Trainer.Builder builder = Trainer.builder(network, TrainingFixtures.clouds(9, 1));
      assertThatThrownBy(() -> builder.metric(new DepthRegularizer(0, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("lambda0 must be positive");
    }
  }
}
