package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.NativeMemory;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.RandomMatrices;
import org.volterra.testing.TestProvider;

/** Packed weights change what passes read, and not a bit of what they compute. */
class PackedWeightsTest {
  private static final int DEPTH = 7;
  private static final int BATCH = 33;

  private final Resources resources = new Resources();

  @AfterEach
  void close() {
    resources.close();
  }

  private static NetworkSpec.Builder dense(int channels) {
    return NetworkSpec.builder(channels, DEPTH)
        .inputs(3)
        .outputs(2)
        .kernel(DepthKernel.dense())
        .features(FeatureTransform.activation(Activation.GELU))
        .activation(Activation.TANH);
  }

  private Network network(NetworkSpec spec) {
    return resources.own(Network.create(spec, TestProvider.get(), ElementType.FLOAT32, 5));
  }

  private Matrix samples(int count) {
    Matrix data =
        Matrix.of(
            resources.own(TestProvider.get().allocate(ElementType.FLOAT32, count * 3L)),
            0,
            count,
            3);
    RandomMatrices.fill(data, new Random(7), 1);
    return data;
  }

  private static boolean gains(int channels) {
    return TestProvider.get().primitives(ElementType.FLOAT32).gemmGainsFromPreparing(channels);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 16, 24, 48, 64, 65, 96, 128, 200})
  void passesGiveTheSameBits(int channels) {
    Network network = network(dense(channels).build());
    Workspace plain = resources.own(network.inference(BATCH));
    Workspace packed = resources.own(network.inference(BATCH));
    long elements = channels * (long) channels * DEPTH * (DEPTH + 1) / 2;
    long bytes = packed.packWeights();
    if (gains(channels)) {
      assertThat(bytes).isGreaterThanOrEqualTo(4 * elements);
    } else {
      assertThat(bytes).isZero();
    }
    for (int batch : new int[] {1, 2, 3, 5, BATCH}) {
      Matrix data = samples(batch);
      double[] expected = plain.forBatch(batch).forward(data).toArray();
      assertThat(packed.forBatch(batch).forward(data).toArray()).containsExactly(expected);
      for (int l = 0; l <= DEPTH; l++) {
        assertThat(packed.forBatch(batch).state(l).toArray())
            .containsExactly(plain.forBatch(batch).state(l).toArray());
      }
    }
  }

  @Test
  void newWeightsAreSeenWhenPackedAgain() {
    int channels = 48;
    Network network = network(dense(channels).build());
    Matrix data = samples(BATCH);
    Workspace plain = resources.own(network.inference(BATCH));
    Workspace packed = resources.own(network.inference(BATCH));
    long bytes = packed.packWeights();
    double[] before = packed.forward(data).toArray();
    ParameterLayout.Entry first = network.layout().groups().get("kernel").entries().getFirst();
    Matrix weights = first.in(network.parameters());
    RandomMatrices.fill(weights, new Random(1), 1);
    double[] now = plain.forward(data).toArray();
    assertThat(now).isNotEqualTo(before);
    assertThat(packed.forward(data).toArray()).isEqualTo(gains(channels) ? before : now);
    long taken = NativeMemory.liveBytes();
    assertThat(packed.packWeights()).isEqualTo(bytes);
    assertThat(NativeMemory.liveBytes()).isEqualTo(taken);
    assertThat(packed.forward(data).toArray()).containsExactly(now);
  }

  @Test
  void copiesEndWithTheWorkspace() {
    Network network = network(dense(48).build());
    long before = NativeMemory.liveBytes();
    try (Workspace packed = network.inference(BATCH)) {
      long without = NativeMemory.liveBytes();
      long bytes = packed.packWeights();
      assertThat(NativeMemory.liveBytes() - without).isBetween(bytes, bytes + 128);
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  @Test
  void othersHaveNothingToPack() {
    NetworkSpec scalar = dense(48).kernel(DepthKernel.scalar((t, s) -> t + s)).build();
    assertThat(resources.own(network(scalar).inference(2)).packWeights()).isZero();
    Network narrow = network(dense(48).historyType(HistoryType.BFLOAT16).build());
    assertThat(resources.own(narrow.inference(2)).packWeights()).isZero();
    FeedForward map =
        resources.own(
            FeedForward.create(
                new FeedForwardSpec(new Shape(1, 1, 3), FeatureTransform.parse("affine(48)")),
                TestProvider.get(),
                ElementType.FLOAT32,
                1));
    ModelWorkspace pass = resources.own(map.inference(2, MemoryBudget.unlimited()));
    assertThat(pass.packWeights()).isZero();
  }

  @Test
  void trainingKeepsNoCopy() {
    Workspace training = resources.own(network(dense(48).build()).workspace(2));
    assertThatIllegalStateException()
        .isThrownBy(training::packWeights)
        .withMessageStartingWith("this workspace was made for training");
    Workspace closed = network(dense(48).build()).inference(2);
    closed.close();
    assertThatIllegalStateException()
        .isThrownBy(closed::packWeights)
        .withMessage("this workspace is closed");
  }
}
