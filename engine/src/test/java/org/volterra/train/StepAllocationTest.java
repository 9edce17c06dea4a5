package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.FeedForwardSpec;
import org.volterra.ModelSpec;
import org.volterra.NetworkSpec;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.ElementType;
import org.volterra.testing.ChildJvm;
import org.volterra.testing.TestProvider;

/**
 * A training step (load, forward, loss, adjoint, optimiser) allocates nothing off-heap and next to
 * nothing on the heap: some hundred bytes for each primitive, which do not grow with the sizes of
 * matrices. One slice of the history has 16 KiB here, so that a copy of a slice in each layer would
 * exceed the bounds, as would a vector that is allocated anew in a loop.
 *
 * <p>It runs in a virtual machine of its own, as a user's training does: what the compiler makes of
 * a loop depends on all that ran before.
 */
class StepAllocationTest {
  /**
   * Now and then C2 inlines in another order and the vectors of one loop escape for good; two more
   * machines that keep the bounds then show that this one was such a case.
   */
  @Test
  void aStepAllocatesNothingOffHeapAndLittleOnIt(@TempDir Path folder) throws Exception {
    ChildJvm first = ChildJvm.run(folder, ChildJvm.sameProvider(), Steps.class);
    int others = first.exit() == 0 ? 0 : 2;
    ChildJvm last = first;
    for (int i = 0; i < others; i++) {
      last = ChildJvm.run(folder, ChildJvm.sameProvider(), Steps.class);
      assertThat(last.exit()).as("%s%nafter%n%s", last.output(), first.output()).isZero();
    }
    assertThat(last.output())
        .containsPattern("dense: \\d+ bytes")
        .containsPattern("field\\(3\\): \\d+ bytes")
        .containsPattern("scalar: \\d+ bytes")
        .containsPattern("dense\\(3,batch-norm.*: \\d+ bytes");
  }

  /** Trains until compiled code keeps the bounds. */
  static final class Steps {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int DEPTH = 8;
    private static final int CHANNELS = 16;
    private static final int BATCH = 256;

    /** Steps in a row that must keep the bound, and how many it may take until they do. */
    private static final int CALM = 10;

    private static final int MOST = 3000;

    private Steps() {}

    public static void main(String[] arguments) {
      check(DepthKernel.dense(), 60_000);
      check(DepthKernel.field(3), 150_000);
      check(DepthKernel.trainableScalar((t, s) -> 1), 60_000);
      String layer = "batch-norm,relu,conv(32,1x1),batch-norm,relu,conv(16,3x3,pad=1)";
      String stages = "affine(32),dense(3," + layer + "),batch-norm,relu,affine(3)";
      FeatureTransform transform = FeatureTransform.parse(stages);
      boolean isReference = TestProvider.get() instanceof ScalarProvider;
      check(
          stages,
          new FeedForwardSpec(new Shape(1, 1, 2), transform),
          isReference ? 600_000 : 80_000); // the reference takes arrays for normalisation
    }

    private static void check(DepthKernel kernel, long bound) {
      check(
          kernel.toString(),
          NetworkSpec.builder(CHANNELS, DEPTH).inputs(2).outputs(3).kernel(kernel).build(),
          bound);
    }

    private static void check(String name, ModelSpec spec, long bound) {
      try (TrainingRun run = new TrainingRun(spec, ElementType.FLOAT32, 0, BATCH)) {
        long offHeap = NativeMemory.liveBytes();
        long least = Long.MAX_VALUE;
        int calm = 0;
        for (int i = 0; calm < CALM; i++) {
          assertThat(i).as("%s: the least was %d bytes a step", name, least).isLessThan(MOST);
          long before = THREADS.getTotalThreadAllocatedBytes();
          run.step(i);
          long allocated = THREADS.getTotalThreadAllocatedBytes() - before;
          assertThat(NativeMemory.liveBytes()).as("off-heap, step %d", i).isEqualTo(offHeap);
          least = Math.min(least, allocated);
          calm = allocated <= bound ? calm + 1 : 0;
        }
        System.out.println(name + ": " + least + " bytes a step");
      }
    }
  }
}
