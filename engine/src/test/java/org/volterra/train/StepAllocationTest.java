package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

/**
 * A training step (load, forward, loss, adjoint, optimiser) allocates nothing off-heap and next to
 * nothing on the heap: some hundred bytes for each primitive, which do not grow with the sizes of
 * matrices. One slice of the history has 16 KiB here, so that a copy of a slice in each layer would
 * exceed the bounds, as would a vector that is allocated anew in a loop.
 */
class StepAllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int DEPTH = 8;
  private static final int CHANNELS = 16;
  private static final int BATCH = 256;

  /** Steps in a row that must keep the bound, and how many it may take until code is compiled. */
  private static final int CALM = 10;

  private static final int MOST_STEPS = 3000;

  static Stream<Arguments> kernels() {
    return Stream.of(
        Arguments.of(DepthKernel.dense(), 100_000),
        Arguments.of(DepthKernel.field(3), 200_000),
        Arguments.of(DepthKernel.trainableScalar((t, s) -> 1), 60_000));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aStepAllocatesNothingOffHeapAndLittleOnIt(DepthKernel kernel, long bound) {
    NetworkSpec spec =
        NetworkSpec.builder(CHANNELS, DEPTH).inputs(2).outputs(3).kernel(kernel).build();
    Samples samples = TrainingFixtures.clouds(BATCH, 1);
    int[] order = Seeds.permutation(BATCH, Seeds.stream(1, 1));
    try (ComputeProvider provider = TestProvider.create(2);
        Network network = Network.create(spec, provider, ElementType.FLOAT32, 1);
        TrainingStep step =
            new TrainingStep(
                network,
                Loss.softmaxCrossEntropy(),
                DepthRegularizer.none(),
                0,
                BATCH,
                MemoryBudget.unlimited());
        Updater updater =
            Updater.bind(Optimizer.adam(), provider, step.parameters(), step.gradients())) {
      long native0 = NativeMemory.liveBytes();
      int calm = 0;
      long least = Long.MAX_VALUE;
      for (int i = 0; i < MOST_STEPS && calm < CALM; i++) {
        long before = THREADS.getTotalThreadAllocatedBytes();
        step.load(samples, order, 0, BATCH);
        updater.step(1e-3, i, step::evaluate);
        long allocated = THREADS.getTotalThreadAllocatedBytes() - before;
        assertThat(NativeMemory.liveBytes()).as("native bytes at step %d", i).isEqualTo(native0);
        calm = allocated <= bound ? calm + 1 : 0;
        least = Math.min(least, allocated);
      }
      assertThat(calm).as("steps within %d bytes; the least was %d", bound, least).isEqualTo(CALM);
      System.out.println("XX " + kernel + " " + least);
    }
  }
}
