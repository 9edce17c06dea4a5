package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.Network;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.ElementType;

class TrainerTest {
  static Stream<Optimizer> optimizers() {
    return Stream.of(
        Optimizer.sgd(0.9, 0, false),
        Optimizer.sgd(0.9, 1e-4, true),
        Optimizer.adam(),
        Optimizer.adam(0.9, 0.99, 1e-8, 1e-2),
        Optimizer.lbfgs(5));
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void learnsToTellCloudsApart(Optimizer optimizer) {
    double rate = optimizer instanceof Optimizer.Lbfgs ? 1 : 0.02;
    Samples.Split split = TrainingFixtures.clouds(150, 3).split(120, 1);
    List<String> heard = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void batch(int epoch, int batch, int batches, double loss) {
            heard.add(epoch + ":" + batch + "/" + batches);
          }
        };
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32);
        Trainer trainer =
            Trainer.builder(network, split.train())
                .test(split.test())
                .optimizer(optimizer)
                .schedule(Schedule.constant(rate))
                .epochs(12)
                .batch(optimizer instanceof Optimizer.Lbfgs ? 120 : 50)
                .listener(listener)
                .build()) {
      List<EpochMetrics> metrics = trainer.run();
      assertThat(metrics).hasSize(12);
      EpochMetrics last = metrics.getLast();
      assertThat(last.testAccuracy()).isGreaterThan(0.95);
      assertThat(last.trainLoss()).isLessThan(metrics.getFirst().trainLoss());
      assertThat(last.historyBytes()).isEqualTo(trainer.historyBytes()).isPositive();
      assertThat(heard).contains(optimizer instanceof Optimizer.Lbfgs ? "12:1/1" : "12:3/3");
      Evaluation evaluation = trainer.evaluate(split.test());
      assertThat(evaluation.accuracy()).isEqualTo(last.testAccuracy());
      assertThat(evaluation.loss()).isEqualTo(last.testLoss());
      int counted = 0;
      for (int[] row : evaluation.confusion()) {
        for (int n : row) {
          counted += n;
        }
      }
      assertThat(counted).isEqualTo(30);
      assertThat(trainer.completedEpochs()).isEqualTo(12);
    }
  }

  @Test
  void fitsRealTargets() {
    Samples samples = TrainingFixtures.surface(200, 5);
    try (Network network = TrainingFixtures.network(1, DepthKernel.field(2), ElementType.FLOAT64);
        Trainer trainer =
            Trainer.builder(network, samples)
                .optimizer(Optimizer.lbfgs(10))
                .schedule(Schedule.constant(1))
                .epochs(60)
                .batch(1000)
                .build()) {
      trainer.run();
      Evaluation evaluation = trainer.evaluate(samples);
      assertThat(evaluation.loss()).isLessThan(1e-3);
      assertThat(evaluation.accuracy()).isNaN();
      assertThat(evaluation.confusion()).isEmpty();
      assertThat(evaluation.outputs()).hasSize(200);
    }
  }

  @Test
  void theSameSeedGivesTheSameRunBitForBit() {
    assertThat(train(1)).isEqualTo(train(1)).isNotEqualTo(train(2));
  }

  private static double[] train(long seed) {
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32);
        Trainer trainer =
            Trainer.builder(network, TrainingFixtures.clouds(100, 3))
                .seed(seed)
                .epochs(3)
                .batch(32)
                .clipNorm(0.5)
                .regularizer(new DepthRegularizer(1e-3, 1e-3))
                .build()) {
      trainer.run();
      return TrainingFixtures.values(network);
    }
  }

  @Test
  void aUsersLossTrainsLikeTheBuiltInOne() {
    Loss mine = Loss.pointwise((y, t) -> (y - t) * (y - t), (y, t) -> 2 * (y - t));
    double[] mineTrained = trainSurface(mine);
    double[] builtIn = trainSurface(Loss.meanSquaredError());
    for (int i = 0; i < builtIn.length; i++) {
      assertThat(mineTrained[i]).isCloseTo(builtIn[i], within(1e-9));
    }
  }

  private static double[] trainSurface(Loss loss) {
    try (Network network = TrainingFixtures.network(1, DepthKernel.dense(), ElementType.FLOAT64);
        Trainer trainer =
            Trainer.builder(network, TrainingFixtures.surface(50, 5))
                .loss(loss)
                .epochs(2)
                .build()) {
      trainer.run();
      return TrainingFixtures.values(network);
    }
  }

  @Test
  void clippingBoundsTheStep() {
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT64);
        Trainer trainer =
            Trainer.builder(network, TrainingFixtures.clouds(30, 3))
                .optimizer(Optimizer.sgd(0, 0, false))
                .schedule(Schedule.constant(1))
                .epochs(1)
                .clipNorm(1e-3)
                .build()) {
      double[] before = TrainingFixtures.values(network);
      trainer.run();
      double[] after = TrainingFixtures.values(network);
      double moved = 0;
      for (int i = 0; i < before.length; i++) {
        moved += (after[i] - before[i]) * (after[i] - before[i]);
      }
      assertThat(Math.sqrt(moved)).isCloseTo(1e-3, within(1e-12));
    }
  }

  @Test
  void nonFiniteNumbersStopTrainingAndAreNamed() {
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32);
        Trainer trainer = Trainer.builder(network, TrainingFixtures.clouds(30, 3)).build()) {
      network.parameter("kernel.2").set(0, 0, Double.NaN);
      assertThatThrownBy(trainer::run)
          .isInstanceOf(NonFiniteException.class)
          .hasMessageContaining("epoch 1, batch 1")
          .hasMessageContaining("parameter kernel.2");
    }
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32);
        Trainer trainer = Trainer.builder(network, TrainingFixtures.clouds(30, 3)).build()) {
      network.parameter("input.bias").set(0, 0, 3e38);
      network.parameter("bias.5").set(0, 0, 3e38);
      assertThatThrownBy(trainer::run)
          .isInstanceOf(NonFiniteException.class)
          .hasMessageContaining("epoch 1, batch 1: state x_5 (layer 5) is not finite");
    }
    try (Network network = TrainingFixtures.network(1, DepthKernel.dense(), ElementType.FLOAT64);
        Trainer trainer =
            Trainer.builder(network, TrainingFixtures.surface(30, 3))
                .loss(Loss.pointwise((y, t) -> Double.NaN, (y, t) -> 1))
                .build()) {
      assertThatThrownBy(trainer::run)
          .isInstanceOf(NonFiniteException.class)
          .hasMessageContaining("the loss is not finite");
    }
    try (Network network = TrainingFixtures.network(1, DepthKernel.dense(), ElementType.FLOAT64);
        Trainer trainer =
            Trainer.builder(network, TrainingFixtures.surface(30, 3))
                .loss(Loss.pointwise((y, t) -> 1, (y, t) -> Double.POSITIVE_INFINITY))
                .build()) {
      assertThatThrownBy(trainer::run)
          .isInstanceOf(NonFiniteException.class)
          .hasMessageContaining("gradient");
    }
  }

  @Test
  void badArgumentsAreRefusedByName() {
    Samples clouds = TrainingFixtures.clouds(30, 3);
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT32);
        Network narrow = TrainingFixtures.network(2, DepthKernel.dense(), ElementType.FLOAT32)) {
      Trainer.Builder builder = Trainer.builder(network, clouds);
      assertThatThrownBy(() -> builder.epochs(0)).hasMessageContaining("epochs 0");
      assertThatThrownBy(() -> builder.batch(-1)).hasMessageContaining("batch -1");
      assertThatThrownBy(() -> builder.clipNorm(Double.NaN)).hasMessageContaining("clipNorm NaN");
      assertThatThrownBy(
              () -> Trainer.builder(network, clouds).loss(Loss.meanSquaredError()).build())
          .hasMessageContaining("takes real targets");
      assertThatThrownBy(() -> Trainer.builder(narrow, clouds).build())
          .hasMessageContaining("3 classes")
          .hasMessageContaining("2 outputs");
      Samples wide = Samples.classification(new double[30], 3, new int[10], 2);
      assertThatThrownBy(() -> Trainer.builder(network, wide).build())
          .hasMessageContaining("3 inputs")
          .hasMessageContaining("takes 2");
      assertThatThrownBy(() -> Trainer.builder(network, clouds).test(wide).build())
          .hasMessageContaining("test samples");
      Samples two = Samples.classification(new double[20], 2, new int[20], 2);
      assertThatThrownBy(() -> Trainer.builder(network, two).build())
          .hasMessageContaining("2 targets a sample");
      assertThatThrownBy(
              () -> Trainer.builder(network, clouds).budget(new MemoryBudget(1000)).build())
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
          .hasMessageContaining("1,000 bytes");
    }
  }
}
