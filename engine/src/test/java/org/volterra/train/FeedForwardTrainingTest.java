package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.DenseNets;
import org.volterra.FeedForward;
import org.volterra.FeedForwardSpec;
import org.volterra.FeedForwardWorkspace;
import org.volterra.feature.Shape;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.FailingProvider;
import org.volterra.testing.TestProvider;

/** Networks of stages under the trainer: learning, checkpoints, memory. */
class FeedForwardTrainingTest {
  private static final int SIZE = 6;

  @TempDir private Path folder;

  private static FeedForwardSpec spec() {
    return DenseNets.builder(new Shape(SIZE, SIZE, 1), 4, 2, 2)
        .bottleneck(2)
        .compression(0.5)
        .dropout(0.1)
        .classes(2);
  }

  private static FeedForward network(ComputeProvider provider) {
    return FeedForward.create(spec(), provider, ElementType.FLOAT32, 1);
  }

  /** A bright bar, upright or level, anywhere amid noise: no pixel alone tells. */
  private static Samples bars(int count, long seed) {
    Random random = new Random(seed);
    double[] images = new double[count * SIZE * SIZE];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      labels[i] = random.nextInt(2);
      int at = random.nextInt(SIZE);
      for (int p = 0; p < SIZE * SIZE; p++) {
        boolean bright = (labels[i] == 0 ? p / SIZE : p % SIZE) == at;
        images[i * SIZE * SIZE + p] = (bright ? 1.5 : 0) + 0.3 * random.nextGaussian();
      }
    }
    return Samples.classification(images, SIZE * SIZE, labels, 2);
  }

  private Trainer.Builder training(FeedForward network) {
    return Trainer.builder(network, bars(150, 3))
        .test(bars(100, 4))
        .optimizer(Optimizer.adam(0.9, 0.999, 1e-8, 1e-3))
        .schedule(Schedule.cosine(0.01, 0.1))
        .epochs(6)
        .batch(32)
        .checkpoints(folder, 3);
  }

  @Test
  void learnsAndResumesBitForBit() throws IOException {
    double[] whole;
    try (FeedForward network = network(TestProvider.get());
        Trainer trainer = training(network).build()) {
      List<EpochMetrics> metrics = trainer.run();
      assertThat(metrics.getLast().testAccuracy()).isGreaterThan(0.95);
      whole = values(network);
      assertThat(network.parameter("stage.1.layer.0.0.running-variance").toArray())
          .doesNotContain(1);
    }
    try (FeedForward network = network(TestProvider.get());
        Trainer trainer = training(network).build()) {
      trainer.resume(Checkpoint.list(folder).getFirst());
      trainer.run();
      assertThat(values(network)).isEqualTo(whole);
    }
  }

  private static double[] values(FeedForward network) {
    int length = Math.toIntExact(network.layout().length());
    return Matrix.vector(network.parameters(), 0, length).toArray();
  }

  @Test
  void returnsAllMemoryWhicheverAllocationFails() {
    assertThat(TestProvider.get()).isNotNull(); // the shared one has its memory from now on
    long before = NativeMemory.liveBytes();
    try (ComputeProvider provider = TestProvider.create(2)) {
      long opened = NativeMemory.liveBytes();
      boolean failed = true;
      for (int allowed = 0; failed; allowed++) {
        ComputeProvider failing = new FailingProvider(provider, allowed);
        failed = false;
        try (FeedForward network = network(failing);
            FeedForwardWorkspace workspace = network.workspace(3)) {
          assertThat(workspace.historyBytes()).isPositive();
        } catch (IllegalStateException e) {
          assertThat(e).hasMessage(FailingProvider.MESSAGE);
          failed = true;
        }
        assertThat(NativeMemory.liveBytes()).isEqualTo(opened);
      }
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void refusesWhatDoesNotFit() {
    try (FeedForward network = network(TestProvider.get());
        FeedForwardWorkspace workspace = network.inference(2)) {
      assertThatIllegalStateException()
          .isThrownBy(() -> workspace.backward(network.parameter("stage.0.weight")))
          .withMessageContaining("was made for inference");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> workspace.forward(network.parameter("stage.0.weight")))
          .withMessageContaining("this workspace takes 72 x 1");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> workspace.forBatch(3))
          .withMessageContaining("this workspace holds 1..2 samples");
      assertThatIllegalArgumentException().isThrownBy(() -> network.workspace(0));
      assertThatThrownBy(() -> network.workspace(4, new MemoryBudget(1000)))
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class);
    }
    try (FeedForward network = network(TestProvider.get())) {
      FeedForwardWorkspace closed = network.workspace(1);
      closed.close();
      closed.close();
      assertThatIllegalStateException().isThrownBy(() -> closed.forBatch(1));
    }
  }
}
