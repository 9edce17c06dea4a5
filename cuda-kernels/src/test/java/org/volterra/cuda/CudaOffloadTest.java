package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Offload;
import org.volterra.spi.Primitives;
import org.volterra.spi.Recording;
import org.volterra.train.Samples;
import org.volterra.train.Trainer;

/** Buffers in memory of the host, the order of copies, and budgets. */
@FakeCudaExtension.Needed
final class CudaOffloadTest {
  private static final int OUT_OF_MEMORY = 2;
  private static final int CHANNELS = OffloadedSteps.CHANNELS;
  private static final int BATCH = OffloadedSteps.BATCH;

  @AfterEach
  void allMemoryIsReturned() {
    OffloadedSteps.allMemoryIsReturned();
  }

  /** What is read is copied two blocks and more ahead of the kernels, where it can be. */
  @Test
  void copiesRunAheadOfKernels() {
    int rows = 1024;
    int columns = 128;
    try (ComputeProvider cuda = new CudaComputeProvider()) {
      long slice = 4L * 64 * columns;
      Primitives p = cuda.primitives(ElementType.FLOAT32);
      try (Offload offload = cuda.offload(slice, cuda.offloadBytes(slice).orElseThrow());
          Buffer host = offload.allocate(ElementType.FLOAT32, (long) rows * columns);
          Buffer device = cuda.allocate(ElementType.FLOAT32, columns + (long) rows)) {
        Matrix a = Matrix.of(host, 0, rows, columns);
        Matrix x = Matrix.vector(device, 0, columns);
        Matrix y = Matrix.vector(device, columns, rows);
        p.fill(1, x);
        p.fill(2, a);
        assertThat(a.get(rows - 1, columns - 1)).isEqualTo(2);
        FakeCuda.earlyCopies(true);
        FakeCuda.trace();
        p.gemv(1, a, false, x, 0, y);
        assertThat(y.get(0, rows - 1)).isEqualTo(2 * columns);
        String trace = FakeCuda.trace();
        int bands = (int) trace.chars().filter(c -> c == '>').count();
        assertThat(bands).isBetween(8, 16);
        int ahead = 0;
        for (int i = 0; i < trace.length(); i++) {
          char c = trace.charAt(i);
          ahead += c == '>' ? 1 : 0;
          if (c == 'k') {
            assertThat(ahead).as(trace).isGreaterThanOrEqualTo(Math.min(3, bands));
            ahead--;
            bands--;
          }
        }
        FakeCuda.earlyCopies(false);
      }
    }
  }

  /** What sums touch again and again is copied once, in whole blocks. */
  @Test
  void neighbouringSlicesStayOnTheDevice() {
    int columns = 32;
    long slice = 4L * columns;
    try (ComputeProvider cuda = new CudaComputeProvider();
        Offload offload = cuda.offload(slice, 40 * slice);
        Buffer host = offload.allocate(ElementType.FLOAT32, 20L * columns, columns);
        Buffer device = cuda.allocate(ElementType.FLOAT32, columns + 20L)) {
      Primitives p = cuda.primitives(ElementType.FLOAT32);
      Matrix z = Matrix.of(host, 0, 20, columns);
      Matrix sum = Matrix.vector(device, 0, columns);
      p.fill(1, Matrix.vector(device, columns, 20));
      for (int k = 0; k < 20; k++) {
        p.fill(k, z.rows(k, 1));
        int first = k / 4 * 4;
        int count = k + 1 - first;
        p.gemv(1, z.rows(first, count), true, Matrix.vector(device, columns, count), 0, sum);
        assertThat(sum.get(0, 0)).isEqualTo((first + k) * count / 2.0);
      }
      assertThat(cuda.bytesCopied()).isLessThanOrEqualTo(2 * 20 * slice);
      for (int k = 0; k < 20; k++) {
        assertThat(z.get(k, 5)).isEqualTo(k);
      }
    }
  }

  @Test
  void contentsAreSeenByTheHost() {
    try (ComputeProvider cuda = new CudaComputeProvider();
        Offload offload = cuda.offload(64, cuda.offloadBytes(64).orElseThrow());
        Buffer buffer = offload.allocate(ElementType.FLOAT32, 100)) {
      Primitives p = cuda.primitives(ElementType.FLOAT32);
      Matrix all = Matrix.of(buffer, 0, 10, 10);
      assertThat(all.toArray()).containsOnly(0);
      p.fill(3, all.block(2, 3, 4, 5));
      assertThat(all.get(5, 7)).isEqualTo(3);
      assertThat(all.get(6, 7)).isZero();
      buffer.set(57, 8);
      p.axpby(0, all.block(5, 6, 1, 3), 2, all.block(5, 6, 1, 3));
      assertThat(all.block(5, 6, 1, 3).toArray()).containsExactly(6, 16, 0);
      buffer.upload(MemorySegment.ofArray(new float[] {1, 2}), 0, 57, 2);
      p.axpby(1, all.block(5, 6, 1, 3), 0, all.block(0, 0, 1, 3));
      float[] back = new float[3];
      buffer.download(0, MemorySegment.ofArray(back), 0, 3);
      assertThat(back).containsExactly(6, 1, 2);
      try (Recording recording = cuda.record(() -> p.fill(1, all.block(0, 0, 1, 3)))) {
        recording.run();
        assertThatIllegalStateException()
            .isThrownBy(recording::run)
            .withMessageContaining("offloaded to the host");
      }
      assertThat(buffer.toString()).contains("memory of the host");
      Buffer closed = offload.allocate(ElementType.FLOAT32, 10);
      closed.close();
      closed.close();
      assertThatIllegalStateException()
          .isThrownBy(() -> closed.get(0))
          .withMessageContaining("closed");
      assertThatIllegalStateException()
          .isThrownBy(() -> p.fill(1, Matrix.vector(closed, 0, 10)))
          .withMessageContaining("closed");
    }
  }

  @Test
  void whatDoesNotFitIsRefusedWithTheNumbers() {
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network =
            Network.create(
                OffloadedSteps.spec("dense", "auto", 40).build(), cuda, ElementType.FLOAT32, 1)) {
      assertThatThrownBy(() -> network.workspace(BATCH, new MemoryBudget(1000)))
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
          .hasMessageContaining("a batch of 7 at depth 40 needs")
          .hasMessageContaining("the memory budget of 1,000 bytes")
          .hasMessageContaining("raise the budget to at least 45,056 bytes");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> cuda.offload(1000, 16_000))
          .withMessageContaining("deviceBytes 16,000: slices of 1,000 bytes need at least 16,384");
      try (Offload offload = cuda.offload(64, 1 << 13);
          Buffer buffer = offload.allocate(ElementType.FLOAT32, 10_000)) {
        Matrix large = Matrix.of(buffer, 0, 2, 5000);
        assertThatIllegalStateException()
            .isThrownBy(() -> cuda.primitives(ElementType.FLOAT32).softmax(large, large))
            .withMessageContaining("an operand of 2 x 5000 takes 40,000 bytes of device memory");
        assertThatIllegalArgumentException()
            .isThrownBy(() -> offload.allocate(ElementType.INT32, 0));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"cuMemAlloc_v2", "cuMemHostRegister_v2", "cuStreamCreate", "cuEventCreate"})
  void whatCannotBeMadeLeavesNothing(String call) {
    NetworkSpec spec = OffloadedSteps.spec("dense", "auto", 40).positions(9).build();
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, ElementType.FLOAT32, 1)) {
      MemoryBudget budget = new MemoryBudget(60_000);
      network.workspace(BATCH, budget).close();
      for (int nth = 1; nth <= 4; nth++) {
        FakeCuda.fail(call, call.equals("cuStreamCreate") ? (nth + 1) / 2 : nth, OUT_OF_MEMORY);
        assertThatThrownBy(() -> network.workspace(BATCH, budget))
            .isInstanceOf(CudaException.class);
      }
      network.workspace(BATCH, budget).close();
    }
  }

  /** Where nothing is said, histories leave the device when its own budget is too small. */
  @Test
  void trainingOffloadsWhatTheDeviceHasNoRoomFor() {
    double[] plenty = train(0);
    long graphs = FakeCuda.calls("cuGraphLaunch");
    assertThat(train(1_300_000)).containsExactly(plenty);
    assertThat(FakeCuda.calls("cuGraphLaunch")).as("graphs").isEqualTo(graphs);
  }

  private static double[] train(long deviceBytes) {
    if (deviceBytes > 0) {
      System.setProperty(CudaComputeProvider.BUDGET, Long.toString(deviceBytes));
    }
    Random random = new Random(4);
    Samples data =
        Samples.regression(
            random.doubles(130L * CHANNELS, -1, 1).toArray(),
            CHANNELS,
            random.doubles(130L * CHANNELS, -1, 1).toArray(),
            CHANNELS);
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network =
            Network.create(
                OffloadedSteps.spec("scalar", "direct", 120).activation(Activation.TANH).build(),
                cuda,
                ElementType.FLOAT32,
                1);
        Trainer trainer = Trainer.builder(network, data).batch(64).epochs(1).build()) {
      assertThat(trainer.memoryPlan().offloadedBytes() > 0).isEqualTo(deviceBytes > 0);
      trainer.run();
      int length = Math.toIntExact(network.layout().length());
      return Matrix.vector(network.parameters(), 0, length).toArray();
    } finally {
      System.clearProperty(CudaComputeProvider.BUDGET);
    }
  }
}
