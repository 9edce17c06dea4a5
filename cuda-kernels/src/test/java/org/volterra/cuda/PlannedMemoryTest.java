package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Workspace;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.train.DepthRegularizer;
import org.volterra.train.Samples;
import org.volterra.train.Trainer;

/** What sums and metrics take of a device's memory is counted before histories get the rest. */
@FakeCudaExtension.Needed
final class PlannedMemoryTest {
  private static final int CHANNELS = 2;
  private static final long PLENTY = 64 << 20;
  private static final DepthRegularizer METRIC = new DepthRegularizer(1, 1);

  @AfterEach
  void allMemoryIsReturned() {
    System.clearProperty(CudaComputeProvider.BUDGET);
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"direct, true", "direct, false", "blocked, true", "hierarchical:1e-6, true"})
  void plansOfSumsAreWhatIsAllocated(String sum, boolean training) {
    NetworkSpec spec = OffloadedSteps.spec(CHANNELS, "power-law", sum, 1000).noBias().build();
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, ElementType.FLOAT32, 1)) {
      long before = cuda.bytesInUse().orElseThrow();
      try (Workspace workspace = training ? network.workspace(4) : network.inference(4)) {
        long planned = workspace.historyBytes() + workspace.sumPlan().memory();
        assertThat((double) cuda.bytesInUse().orElseThrow() - before)
            .isCloseTo(planned, withinPercentage(15));
      }
    }
  }

  @Test
  void metricsTakeWhatIsPredicted() {
    long[] taken = new long[2];
    long predicted = 0;
    for (int i = 0; i < taken.length; i++) {
      try (ComputeProvider cuda = new CudaComputeProvider();
          Network network = Network.create(trained(), cuda, ElementType.FLOAT32, 1);
          Trainer trainer = trainer(network, i == 0 ? null : METRIC)) {
        assertThat(trainer.memoryPlan().isPlain()).isTrue();
        taken[i] = cuda.bytesInUse().orElseThrow();
        predicted = DepthRegularizer.metricBytes(network);
      }
    }
    assertThat(taken[1] - taken[0]).isEqualTo(predicted).isGreaterThan(4 * 300 * 300);
  }

  @Test
  void aMetricLeavesLessToHistories() {
    long least = 0;
    for (long step = PLENTY / 2; step > 0; step /= 2) {
      least += isStored(least + step, null) ? 0 : step;
    }
    assertThat(isStored(least, null)).isFalse();
    assertThat(isStored(least + 1, null)).isTrue();
    assertThat(isStored(least + 1, METRIC)).isFalse();
    assertThat(isStored(PLENTY, METRIC)).isTrue();
  }

  /** Whether a device of so many bytes keeps the histories of a training in its memory. */
  private static boolean isStored(long deviceBytes, DepthRegularizer metric) {
    System.setProperty(CudaComputeProvider.BUDGET, Long.toString(deviceBytes));
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(trained(), cuda, ElementType.FLOAT32, 1);
        Trainer trainer = trainer(network, metric)) {
      return trainer.memoryPlan().isPlain();
    } catch (IllegalStateException e) {
      return false; // no room for anything
    }
  }

  /** A network with a bias for each layer. */
  private static NetworkSpec trained() {
    return OffloadedSteps.spec(CHANNELS, "exponentials:2", "auto", 300).build();
  }

  private static Trainer trainer(Network network, DepthRegularizer metric) {
    double[] numbers = new double[8 * CHANNELS];
    Samples data = Samples.regression(numbers, CHANNELS, numbers, CHANNELS);
    Trainer.Builder builder = Trainer.builder(network, data);
    if (metric != null) {
      builder.metric(metric);
    }
    return builder.build();
  }
}
