package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.HistoryType;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Workspace;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.sum.SumChoice;
import org.volterra.testing.RandomMatrices;
import org.volterra.train.Optimizer;
import org.volterra.train.Samples;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;

/**
 * Whole networks, forward, backward and through steps of training, against the scalar provider:
 * what is compared are all that one pass writes.
 */
@FakeCudaExtension.Needed
final class WholeNetworksTest {
  private static final int CHANNELS = 5;
  private static final int BATCH = 6;
  private static final int INPUTS = 3;
  private static final int CLASSES = 4;

  /** A network under its name, and how far float32 may be off, relative to the largest element. */
  record Case(String name, NetworkSpec spec, double bound32) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> networks() {
    return Stream.of(
        network("dense", "dense", "auto", 6, b -> b, 1e-5),
        network("field", "field:3", "auto", 7, b -> b, 1e-5),
        network("features", "dense", "auto", 4, WholeNetworksTest::everyPart, 1e-5),
        network("scalar direct", "scalar", "direct", 20, b -> b, 1e-5),
        network("scalar blocked", "scalar", "blocked", 70, b -> b, 1e-5),
        network("fractional FFT", "fractional:0.5", "fft", 140, b -> b, 2e-5),
        network("convolution FFT", "convolution", "fft", 140, b -> b, 2e-5),
        network("exponentials", "exponentials:3", "exponentials", 30, b -> b, 2e-5),
        network("fitted exponentials", "fractional:0.4", "exponentials:1e-4", 90, b -> b, 2e-5),
        network("separable", "separable:2", "separable", 20, b -> b, 1e-5));
  }

  private static Case network(
      String name,
      String kernel,
      String sum,
      int layers,
      UnaryOperator<NetworkSpec.Builder> rest,
      double bound32) {
    NetworkSpec.Builder builder =
        NetworkSpec.builder(CHANNELS, layers)
            .inputs(INPUTS)
            .outputs(CLASSES)
            .kernel(DepthKernel.parse(kernel))
            .sum(SumChoice.parse(sum))
            .activation(Activation.TANH);
    return new Case(name, rest.apply(builder).build(), bound32);
  }

  private static NetworkSpec.Builder everyPart(NetworkSpec.Builder builder) {
    return builder
        .features(
            FeatureTransform.mlp(7, Activation.SILU, CHANNELS)
                .then(FeatureTransform.activation(Activation.GELU)),
            DepthDependence.field(2))
        .activation(Activation.SOFTPLUS)
        .bias(DepthDependence.perLayer());
  }

  @AfterEach
  void allMemoryIsReturned() {
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void doWhatTheyDoOnTheScalarProvider(Case network) {
    compare(network.spec(), ElementType.FLOAT64, 1e-11);
    compare(network.spec(), ElementType.FLOAT32, network.bound32());
  }

  static Stream<Case> networksWithNarrowHistories() {
    List<String> names = List.of("dense", "scalar direct", "scalar blocked");
    return networks().filter(network -> names.contains(network.name()));
  }

  /** Roundings to bfloat16 of numbers that differ in the last bit may differ by one step. */
  @ParameterizedTest
  @MethodSource("networksWithNarrowHistories")
  void doWhatTheyDoOnTheScalarProviderWithHistoriesOfBfloat16(Case network) {
    NetworkSpec spec = network.spec().toBuilder().historyType(HistoryType.BFLOAT16).build();
    compare(spec, ElementType.FLOAT32, 1e-2);
  }

  private static void compare(NetworkSpec spec, ElementType type, double bound) {
    try (ComputeProvider cuda = new CudaComputeProvider();
        ComputeProvider scalar = new ScalarProvider()) {
      close(passes(spec, cuda, type), passes(spec, scalar, type), bound);
      close(training(spec, cuda, type), training(spec, scalar, type), bound);
    }
  }

  private static void close(List<double[]> actual, List<double[]> expected, double bound) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int k = 0; k < actual.size(); k++) {
      double[] a = actual.get(k);
      double[] b = expected.get(k);
      double largest = Arrays.stream(b).map(Math::abs).max().orElseThrow();
      assertThat(a).hasSameSizeAs(b);
      assertThat(largest).isPositive().isFinite();
      for (int i = 0; i < a.length; i++) {
        double error = Math.abs(a[i] - b[i]);
        assertThat(error).as("result %d, element %d", k, i).isLessThanOrEqualTo(bound * largest);
      }
    }
  }

  /** All states, outputs and gradients of a pass forward and backward, and outputs of inference. */
  private static List<double[]> passes(
      NetworkSpec spec, ComputeProvider provider, ElementType type) {
    List<double[]> results = new ArrayList<>();
    Random random = new Random(5);
    try (Network network = Network.create(spec, provider, type, 3);
        Workspace workspace = network.workspace(BATCH);
        Workspace inference = network.inference(BATCH);
        Buffer inputs = provider.allocate(type, (long) BATCH * INPUTS);
        Buffer inputGradient = provider.allocate(type, (long) BATCH * INPUTS);
        Buffer slopes = provider.allocate(type, (long) BATCH * CLASSES)) {
      Matrix data = Matrix.of(inputs, 0, BATCH, INPUTS);
      Matrix slope = Matrix.of(slopes, 0, BATCH, CLASSES);
      RandomMatrices.fill(data, random, 1);
      RandomMatrices.fill(slope, random, 1);
      results.add(workspace.forward(data).toArray());
      for (int l = 0; l <= spec.depth(); l++) {
        results.add(workspace.state(l).toArray());
      }
      workspace.backward(slope);
      results.add(parameters(network, workspace.gradients()));
      Matrix dx = Matrix.of(inputGradient, 0, BATCH, INPUTS);
      workspace.inputGradient(dx);
      results.add(dx.toArray());
      results.add(inference.forward(data).toArray());
    }
    return results;
  }

  /** The parameters after an epoch of two steps, and what the network then does. */
  private static List<double[]> training(
      NetworkSpec spec, ComputeProvider provider, ElementType type) {
    Random random = new Random(7);
    double[] inputs = random.doubles(2L * BATCH * INPUTS, -1, 1).toArray();
    int[] labels = random.ints(2L * BATCH, 0, CLASSES).toArray();
    Samples samples = Samples.classification(inputs, INPUTS, labels, CLASSES);
    // Adam divides gradients near 0 by themselves, and what is left is rounding in float32.
    boolean exact = type == ElementType.FLOAT64;
    try (Network network = Network.create(spec, provider, type, 3);
        Trainer trainer =
            Trainer.builder(network, samples)
                .optimizer(exact ? Optimizer.adam() : Optimizer.sgd(0.9, 1e-3, true))
                .schedule(Schedule.constant(0.01))
                .batch(BATCH)
                .epochs(1)
                .seed(3)
                .build()) {
      double loss = trainer.run().getLast().trainLoss();
      return List.of(
          parameters(network, network.parameters()),
          new double[] {loss, trainer.evaluate(samples).loss()});
    }
  }

  private static double[] parameters(Network network, Buffer buffer) {
    return Matrix.vector(buffer, 0, Math.toIntExact(network.layout().length())).toArray();
  }
}
