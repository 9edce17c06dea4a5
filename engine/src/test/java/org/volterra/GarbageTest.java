package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.internal.panama.VectorWidth;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.testing.TestProvider;

/**
 * A training step on one thread leaves next to no garbage on the heap, once its code is compiled:
 * interpreted vector code makes an object of every vector.
 */
class GarbageTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final long BOUND = 1024;
  private static final int CALM = 10;
  private static final int MOST_STEPS = 20_000;
  private static final int BATCH = 8;
  private static final int CHANNELS = 16;

  static Stream<DepthKernel> kernels() {
    return Stream.of(
        DepthKernel.dense(), DepthKernel.field(4), DepthKernel.trainableScalar((t, s) -> t - s));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aStepLeavesLessThanAKibibyte(DepthKernel kernel) {
    assumeFalse(TestProvider.isReference());
    assumeFalse(VectorWidth.bits() < VectorWidth.preferredBits(), "one width is enough");
    NetworkSpec spec =
        NetworkSpec.builder(CHANNELS, 32).inputs(CHANNELS).outputs(4).kernel(kernel).build();
    try (ComputeProvider provider = TestProvider.create(1);
        Network network = Network.create(spec, provider, ElementType.FLOAT32, 1);
        Workspace workspace = network.workspace(BATCH);
        Buffer data = provider.allocate(ElementType.FLOAT32, BATCH * CHANNELS);
        Buffer labels = provider.allocate(ElementType.INT32, BATCH);
        Buffer slope = provider.allocate(ElementType.FLOAT32, BATCH * 4);
        Buffer loss = provider.allocate(ElementType.FLOAT64, 1);
        Buffer velocity = provider.allocate(ElementType.FLOAT32, network.layout().length())) {
      Random random = new Random(1);
      for (int i = 0; i < data.length(); i++) {
        data.set(i, random.nextGaussian());
      }
      Primitives p = provider.primitives(ElementType.FLOAT32);
      Matrix x = Matrix.of(data, 0, BATCH, CHANNELS);
      Matrix label = Matrix.vector(labels, 0, BATCH);
      Matrix dy = Matrix.of(slope, 0, BATCH, 4);
      Matrix value = Matrix.vector(loss, 0, 1);
      int length = (int) network.layout().length();
      Matrix theta = Matrix.vector(network.parameters(), 0, length);
      Matrix gradient = Matrix.vector(workspace.gradients(), 0, length);
      Matrix v = Matrix.vector(velocity, 0, length);
      int calm = 0;
      long least = Long.MAX_VALUE;
      for (int i = 0; i < MOST_STEPS && calm < CALM; i++) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        Matrix y = workspace.forward(x);
        p.softmaxCrossEntropy(1.0 / BATCH, y, label, value, dy);
        workspace.backward(dy);
        p.sgd(theta, gradient, v, 1e-3, 0.9, 0, false);
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        calm = allocated <= BOUND ? calm + 1 : 0;
        least = Math.min(least, allocated);
      }
      assertThat(calm).as("steps in a row; the least left %d bytes", least).isEqualTo(CALM);
    }
  }
}
