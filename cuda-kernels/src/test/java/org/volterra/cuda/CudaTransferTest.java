package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Feed;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Readout;

/** Data in and numbers out while the device works. */
@FakeCudaExtension.Needed
final class CudaTransferTest {
  private static final int LENGTH = 5;
  private static final int OUT_OF_MEMORY = 2;

  @AfterEach
  void allMemoryIsReturned() {
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  private static void send(Feed feed, double first, int count) {
    MemorySegment memory = feed.begin();
    for (int i = 0; i < count; i++) {
      memory.setAtIndex(JAVA_FLOAT, i, (float) (first + i));
    }
    feed.send(count);
  }

  /** What is sent is seen by later work alone, though nobody waits in between. */
  @Test
  void batchesAreSeenInOrder() {
    try (ComputeProvider provider = new CudaComputeProvider();
        Buffer buffer = provider.allocate(ElementType.FLOAT32, LENGTH);
        Buffer sums = provider.allocate(ElementType.FLOAT32, 7L * LENGTH);
        Feed feed = provider.feed(buffer).orElseThrow()) {
      Primitives p = provider.primitives(ElementType.FLOAT32);
      Matrix x = Matrix.vector(buffer, 0, LENGTH);
      long waits = FakeCuda.calls("cuStreamSynchronize");
      for (int batch = 0; batch < 7; batch++) {
        send(feed, 10 * batch, LENGTH);
        p.axpby(1, x, 0, Matrix.vector(sums, (long) batch * LENGTH, LENGTH));
      }
      assertThat(FakeCuda.calls("cuStreamSynchronize")).isEqualTo(waits);
      for (int batch = 0; batch < 7; batch++) {
        assertThat(Matrix.vector(sums, (long) batch * LENGTH, LENGTH).toArray())
            .as("batch %d", batch)
            .containsExactly(
                10 * batch, 10 * batch + 1, 10 * batch + 2, 10 * batch + 3, 10 * batch + 4);
      }
      send(feed, 90, 2);
      assertThat(x.toArray()).containsExactly(90, 91, 62, 63, 64);
    }
  }

  @Test
  void feedsRefuseWhatMakesNoSense() {
    try (ComputeProvider provider = new CudaComputeProvider();
        Buffer buffer = provider.allocate(ElementType.FLOAT32, LENGTH);
        Buffer host = HostBuffer.allocate(ElementType.FLOAT32, LENGTH)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> provider.feed(host))
          .withMessageContaining("not in the memory of this CUDA device");
      Feed feed = provider.feed(buffer).orElseThrow();
      assertThatIllegalStateException()
          .isThrownBy(() -> feed.send(1))
          .withMessageContaining("begin");
      feed.begin();
      assertThatThrownBy(() -> feed.send(LENGTH + 1)).isInstanceOf(IndexOutOfBoundsException.class);
      feed.close();
      feed.close();
      assertThatIllegalStateException().isThrownBy(feed::begin).withMessageContaining("closed");
    }
  }

  @Test
  void numbersAreReadAsTheyWereWhenTheyWereAskedFor() {
    try (ComputeProvider provider = new CudaComputeProvider();
        Buffer buffer = provider.allocate(ElementType.FLOAT64, 3)) {
      Primitives p = provider.primitives(ElementType.FLOAT64);
      Matrix two = Matrix.vector(buffer, 1, 2);
      Readout readout = provider.readout(two).orElseThrow();
      double[] values = new double[2];
      assertThatIllegalStateException()
          .isThrownBy(() -> readout.await(values))
          .withMessageContaining("nothing was requested");
      p.fill(4, two);
      readout.request();
      p.fill(5, two);
      readout.await(values);
      assertThat(values).containsExactly(4, 4);
      assertThat(two.toArray()).containsExactly(5, 5);
      assertThatIllegalArgumentException().isThrownBy(() -> readout.await(new double[3]));
      readout.close();
      readout.close();
      assertThatIllegalStateException().isThrownBy(readout::request);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> {
            try (Buffer other = provider.allocate(ElementType.FLOAT32, 1)) {
              provider.readout(Matrix.vector(other, 0, 1));
            }
          });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cuMemAlloc_v2", "cuEventCreate", "cuMemAllocHost_v2"})
  void whatCannotBeMadeLeavesNothing(String call) {
    for (int nth = 1; nth <= (call.equals("cuMemAlloc_v2") ? 1 : 2); nth++) {
      try (ComputeProvider provider = new CudaComputeProvider();
          Buffer buffer = provider.allocate(ElementType.FLOAT64, LENGTH)) {
        FakeCuda.fail(call, nth, OUT_OF_MEMORY);
        assertThatThrownBy(() -> provider.feed(buffer)).isInstanceOf(CudaException.class);
      }
    }
  }
}
