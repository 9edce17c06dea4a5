package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.Recording;
import org.volterra.sum.SumChoice;
import org.volterra.train.DepthRegularizer;
import org.volterra.train.Loss;
import org.volterra.train.NonFiniteException;
import org.volterra.train.Samples;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;

/** Work that is captured once and launched as a whole. */
@FakeCudaExtension.Needed
final class CudaRecordingTest {
  private static final int OUT_OF_MEMORY = 2;

  @AfterEach
  void allMemoryIsReturned() {
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  private static Matrix vector(ComputeProvider provider, double... values) {
    Matrix m =
        Matrix.vector(provider.allocate(ElementType.FLOAT32, values.length), 0, values.length);
    m.fill(values);
    return m;
  }

  private static void close(Matrix... matrices) {
    for (Matrix m : matrices) {
      m.buffer().close();
    }
  }

  @Test
  void theFirstRunCallsTheSecondCapturesTheOthersLaunch() {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Primitives p = provider.primitives(ElementType.FLOAT32);
      Matrix x = vector(provider, 1, 2, 3);
      int[] calls = new int[1];
      try (Recording recording =
          provider.record(() -> {
            calls[0]++;
            p.axpby(0, x, 2, x);
          })) {
        assertThat(calls[0]).isZero();
        long launches = FakeCuda.calls("cuGraphLaunch");
        for (int run = 1; run <= 4; run++) {
          recording.run();
          assertThat(x.toArray()).containsExactly(1 << run, 2 << run, 3 << run);
        }
        assertThat(calls[0]).isEqualTo(2);
        assertThat(FakeCuda.calls("cuGraphLaunch") - launches).isEqualTo(3);
      }
      close(x);
    }
  }

  /** Scratch memory of a recording is its own: what others do with theirs does not matter. */
  @Test
  void scratchMemoryOfARecordingStays() {
    Random random = new Random(1);
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Primitives p = provider.primitives(ElementType.FLOAT32);
      Matrix x = vector(provider, random.doubles(5000).toArray());
      Buffer sums = provider.allocate(ElementType.FLOAT64, 2);
      Matrix first = Matrix.vector(sums, 0, 1);
      Matrix second = Matrix.vector(sums, 1, 1);
      p.dot(1, x, x, 0, first);
      try (Recording recording = provider.record(() -> p.dot(1, x, x, 0, second))) {
        recording.run();
        recording.run();
        Matrix large = vector(provider, new double[300_000]);
        p.dot(1, large, large, 0, first);
        p.dot(1, x, x, 0, first);
        p.fill(0, large);
        close(large);
        provider.primitives(ElementType.FLOAT64).fill(-1, second);
        recording.run();
        assertThat(second.get(0, 0)).isEqualTo(first.get(0, 0));
      }
      close(x);
      sums.close();
    }
  }

  @Test
  void whatAGraphCannotRepeatIsRefused() {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Primitives p = provider.primitives(ElementType.FLOAT32);
      Matrix x = vector(provider, 1, 2);
      Matrix large = vector(provider, new double[200_000]);
      Buffer sum = provider.allocate(ElementType.FLOAT64, 1);
      Matrix total = Matrix.vector(sum, 0, 1);
      refused(provider, () -> x.get(0, 0), "reads a buffer from the host");
      refused(provider, () -> x.set(0, 0, 1), "writes a buffer from the host");
      refused(
          provider, () -> provider.allocate(ElementType.FLOAT32, 1).close(), "allocates a buffer");
      refused(provider, () -> provider.record(() -> {}).close(), "makes another recording");
      int[] calls = new int[1];
      refused(
          provider,
          () -> p.dot(1, calls[0]++ == 0 ? x : large, calls[0] == 1 ? x : large, 0, total),
          "takes more scratch memory than it did before");
      p.fill(7, x);
      assertThat(x.toArray()).as("the stream works on").containsExactly(7, 7);
      close(x, large, total);
    }
  }

  private static void refused(ComputeProvider provider, Runnable work, String message) {
    try (Recording recording = provider.record(work)) {
      recording.run();
      assertThatIllegalStateException().isThrownBy(recording::run).withMessageContaining(message);
    }
  }

  @Test
  void closedRecordingsProvidersAndBuffersAreRefused() {
    ComputeProvider provider = new CudaComputeProvider();
    Matrix x = vector(provider, 1, 2);
    Primitives p = provider.primitives(ElementType.FLOAT32);
    Recording recording = provider.record(() -> p.fill(3, x));
    recording.run();
    recording.run();
    Recording late = provider.record(() -> p.fill(3, x));
    provider.close();
    assertThatIllegalStateException().isThrownBy(recording::run).withMessageContaining("provider");
    recording.close();
    recording.close();
    assertThatIllegalStateException().isThrownBy(recording::run).withMessageContaining("recording");
    late.close();
    close(x);
  }

  @Test
  void aBufferThatIsClosedIsNoticed() {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Matrix x = vector(provider, 1, 2);
      Primitives p = provider.primitives(ElementType.FLOAT32);
      try (Recording recording = provider.record(() -> p.fill(3, x))) {
        recording.run();
        recording.run();
        close(x);
        assertThatIllegalStateException()
            .isThrownBy(recording::run)
            .withMessageContaining("buffer is closed");
      }
    }
  }

  /** Indices that are outside come out of the next call that waits, once; then all goes on. */
  @Test
  void badIndicesAreReportedWhenTheDeviceIsWaitedFor() {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Primitives p = provider.primitives(ElementType.FLOAT32);
      Matrix source = Matrix.of(vector(provider, 10, 20, 30).buffer(), 0, 3, 1);
      Matrix target = Matrix.of(vector(provider, 0, 0).buffer(), 0, 2, 1);
      Buffer integers = provider.allocate(ElementType.INT32, 2);
      Matrix indices = Matrix.vector(integers, 0, 2);
      indices.fill(new double[] {2, 0});
      try (Recording recording = provider.record(() -> p.gatherRows(source, indices, target))) {
        recording.run();
        recording.run();
        assertThat(target.toArray()).containsExactly(30, 10);
        indices.fill(new double[] {1, 3});
        recording.run();
        recording.run();
        assertThatThrownBy(() -> target.get(0, 0))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessageContaining("indices")
            .hasMessageContaining("3");
        assertThat(target.toArray()).as("no row is read outside").containsExactly(20, 10);
        indices.fill(new double[] {1, 1});
        recording.run();
        assertThat(target.toArray()).containsExactly(20, 20);
      }
      close(source, target, indices);
    }
  }

  /** Whatever call fails while work is captured, nothing is left and it works again. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "cuMemAlloc_v2",
        "cuMemAllocHost_v2",
        "cuStreamBeginCapture_v2",
        "cuLaunchKernel",
        "cuStreamEndCapture",
        "cuGraphInstantiateWithFlags",
        "cuGraphLaunch"
      })
  void aCallThatFailsLeavesNothing(String call) {
    try (ComputeProvider provider = new CudaComputeProvider()) {
      Matrix x = vector(provider, 1, 2);
      Primitives p = provider.primitives(ElementType.FLOAT32);
      try (Recording recording = provider.record(() -> p.axpby(0, x, 2, x))) {
        recording.run();
        FakeCuda.fail(call, 1, OUT_OF_MEMORY);
        assertThatThrownBy(recording::run).isInstanceOf(CudaException.class);
        recording.run();
        recording.run();
        assertThat(x.toArray()).containsExactly(8, 16);
      }
      close(x);
    }
  }

  /** Recorded training gives the same bits as direct calls, whatever the kernel and the loss. */
  @ParameterizedTest
  @CsvSource({
    "dense, auto, false, false, 4",
    "dense, auto, true, false, 8",
    "field:2, auto, false, false, 4",
    "fractional:0.5, fft, false, false, 4",
    "scalar, blocked, false, false, 4",
    "exponentials:2, exponentials, false, false, 4",
    "fixed-exponentials:1:2, exponentials, false, false, 4",
    "separable:2, separable, false, false, 4",
    "power-law, hierarchical, false, false, 4",
    "power-law, blocked, false, false, 4",
    "field:2, auto, false, true, 9"
  })
  void recordedTrainingGivesTheSameBits(
      String kernel, String sum, boolean pointwise, boolean metric, int graphs) {
    try (ComputeProvider direct = new UnrecordedProvider(new CudaComputeProvider());
        ComputeProvider cuda = new CudaComputeProvider()) {
      double[] expected = train(direct, kernel, sum, pointwise, metric);
      long launches = FakeCuda.calls("cuGraphLaunch");
      assertThat(train(cuda, kernel, sum, pointwise, metric)).isEqualTo(expected);
      // Two epochs of two whole batches and a smaller one; the first of each size is called, as is
      // the first of six products with a metric.
      assertThat(FakeCuda.calls("cuGraphLaunch") - launches).isEqualTo(graphs);
    }
  }

  private static double[] train(
      ComputeProvider provider, String kernel, String sum, boolean pointwise, boolean metric) {
    int samples = 11;
    Random random = new Random(2);
    double[] inputs = random.doubles(samples * 3L, -1, 1).toArray();
    Samples data =
        pointwise
            ? Samples.regression(inputs, 3, random.doubles(samples * 4L).toArray(), 4)
            : Samples.classification(inputs, 3, random.ints(samples, 0, 4).toArray(), 4);
    Loss loss =
        pointwise
            ? Loss.pointwise((y, t) -> (y - t) * (y - t), (y, t) -> 2 * (y - t))
            : Loss.softmaxCrossEntropy();
    NetworkSpec spec =
        NetworkSpec.builder(5, 9)
            .inputs(3)
            .outputs(4)
            .kernel(DepthKernel.parse(kernel))
            .sum(SumChoice.parse(sum))
            .activation(Activation.TANH)
            .build();
    List<Double> results = new ArrayList<>();
    try (Network network = Network.create(spec, provider, ElementType.FLOAT32, 3)) {
      Trainer.Builder builder =
          Trainer.builder(network, data)
              .loss(loss)
              .schedule(Schedule.cosine(0.05, 0.1))
              .clipNorm(0.05)
              .regularizer(new DepthRegularizer(1e-3, 1e-3))
              .batch(4)
              .epochs(2)
              .test(data);
      if (metric) {
        builder.metric(new DepthRegularizer(1, 0.1));
      }
      try (Trainer trainer = builder.build()) {
        run(trainer, results);
      }
      int length = Math.toIntExact(network.layout().length());
      Arrays.stream(Matrix.vector(network.parameters(), 0, length).toArray()).forEach(results::add);
    }
    return results.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void run(Trainer trainer, List<Double> results) {
    trainer
        .run()
        .forEach(epoch -> {
          results.add(epoch.trainLoss());
          results.add(epoch.testLoss());
        });
  }

  /** A step that is not finite is found though the next batch is loaded, and changes nothing. */
  @Test
  void aStepThatIsNotFiniteLeavesTheParameters() {
    double[] inputs = {1, 2, 3, Double.MAX_VALUE, 1, 2};
    Samples data = Samples.regression(inputs, 1, new double[6], 1);
    NetworkSpec spec = NetworkSpec.builder(2, 3).inputs(1).outputs(1).build();
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, ElementType.FLOAT32, 3);
        Trainer trainer = Trainer.builder(network, data).batch(1).epochs(1).build()) {
      assertThatThrownBy(trainer::run)
          .isInstanceOf(NonFiniteException.class)
          .hasMessageContaining("epoch 1, batch")
          .hasMessageContaining("the input data (layer 0) is not finite");
      int length = Math.toIntExact(network.layout().length());
      for (double value : Matrix.vector(network.parameters(), 0, length).toArray()) {
        assertThat(value).isFinite();
      }
    }
  }
}
