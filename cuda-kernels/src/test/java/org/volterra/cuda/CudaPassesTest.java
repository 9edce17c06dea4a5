package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Source;
import org.volterra.Workspace;
import org.volterra.feature.FeatureTransform;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Recording;
import org.volterra.sum.SumAlgorithm;
import org.volterra.sum.SumChoice;

/** Whole passes give what the reference computes layer by layer, in a few launches. */
@FakeCudaExtension.Needed
final class CudaPassesTest {
  private static final int BATCH = 5;
  private static final int INPUTS = 3;
  private static final int OUTPUTS = 2;

  /** Launches of a pass forward and backward, with the maps of input and output, at any depth. */
  private static final int FEW = 40;

  @AfterEach
  void allMemoryIsReturned() {
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  private static NetworkSpec spec(
      String kernel, int channels, int layers, String feature, String activation, String rest) {
    UnaryOperator<NetworkSpec.Builder> options =
        builder ->
            switch (rest) {
              case "no bias" -> builder.noBias();
              case "no source" -> builder.source(Source.zero());
              case "positions" -> builder.positions(3);
              default -> builder;
            };
    return options
        .apply(
            NetworkSpec.builder(channels, layers)
                .inputs(INPUTS)
                .outputs(OUTPUTS)
                .kernel(kernel(kernel))
                .features(FeatureTransform.activation(Activation.parse(feature)))
                .activation(Activation.parse(activation)))
        .build();
  }

  private static DepthKernel kernel(String name) {
    return switch (name) {
      case "convolution" -> DepthKernel.convolution(lag -> Math.exp(-lag * lag));
      case "smooth" -> DepthKernel.smooth((t, s) -> 1 / (1 + t + s));
      default -> DepthKernel.parse(name);
    };
  }

  @ParameterizedTest
  @CsvSource({
    "dense, 16, 12, tanh, identity, ''",
    "dense, 48, 9, identity, tanh, ''",
    "dense, 36, 6, relu, gelu, no bias",
    "dense, 16, 20, identity, identity, no source",
    "dense, 16, 10, silu, softplus, positions",
    "fractional:0.5, 16, 30, tanh, identity, ''",
    "fractional:0.5, 33, 17, identity, sigmoid, no bias",
    "convolution, 48, 20, gelu, tanh, no source",
    "smooth, 16, 25, tanh, identity, positions"
  })
  void passesAgreeWithTheReference(
      String kernel, int channels, int layers, String feature, String activation, String rest) {
    NetworkSpec spec = spec(kernel, channels, layers, feature, activation, rest);
    try (ComputeProvider cuda = new CudaComputeProvider();
        ComputeProvider reference = new ScalarProvider()) {
      for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
        double bound = type == ElementType.FLOAT32 ? 2e-5 : 1e-12;
        for (int batch : new int[] {BATCH, BATCH - 2}) {
          List<double[]> expected = passes(spec, reference, type, batch);
          long before = FakeCuda.calls("cuLaunchKernel");
          List<double[]> actual = passes(spec, cuda, type, batch);
          assertThat(FakeCuda.calls("cuLaunchKernel") - before).isLessThan(FEW);
          for (int k = 0; k < expected.size(); k++) {
            assertThat(actual.get(k)).as("result " + k).hasSameSizeAs(expected.get(k));
            for (int i = 0; i < expected.get(k).length; i++) {
              double value = expected.get(k)[i];
              assertThat(actual.get(k)[i])
                  .as("element " + i + " of result " + k + " in " + type)
                  .isCloseTo(value, within(bound * (1 + Math.abs(value))));
            }
          }
        }
      }
    }
  }

  /** Output, states, gradients, and what a listener hears. */
  private static List<double[]> passes(
      NetworkSpec spec, ComputeProvider provider, ElementType type, int batch) {
    List<double[]> results = new ArrayList<>();
    Random random = new Random(5);
    int rows = batch * spec.positions();
    try (Network network = Network.create(spec, provider, type, 3);
        Workspace workspace = network.workspace(BATCH);
        Workspace inference = network.inference(BATCH);
        Buffer memory = provider.allocate(type, (long) rows * (INPUTS + OUTPUTS))) {
      Matrix data = Matrix.of(memory, 0, rows, INPUTS);
      Matrix slope = Matrix.of(memory, (long) rows * INPUTS, rows, OUTPUTS);
      data.fill(random.doubles(data.size(), -2, 2).toArray());
      slope.fill(random.doubles(slope.size(), -2, 2).toArray());
      Workspace pass = workspace.forBatch(batch);
      results.add(pass.forward(data).toArray());
      pass.backward(slope);
      int length = Math.toIntExact(network.layout().length());
      results.add(Matrix.vector(pass.gradients(), 0, length).toArray());
      for (int l = 0; l <= spec.depth(); l++) {
        results.add(pass.state(l).toArray());
        if (l < spec.depth() && spec.kernel() instanceof DepthKernel.Dense) {
          results.add(pass.history().slice(l).toArray());
          results.add(pass.historyGradient().slice(l).toArray());
        }
      }
      results.add(pass.initialStateGradient().toArray());
      results.add(inference.forBatch(batch).forward(data).toArray());
    }
    return results;
  }

  @ParameterizedTest
  @CsvSource({
    "dense, 16, tanh, relu",
    "fractional:0.5, 16, tanh, identity",
    "smooth, 7, identity, tanh",
    "convolution, 32, gelu, sigmoid"
  })
  void listenersHearWhatTheReferenceTells(
      String kernel, int channels, String feature, String activation) {
    String rest = channels % 16 == 0 ? "" : "no bias";
    NetworkSpec spec = spec(kernel, channels, 6, feature, activation, rest);
    try (ComputeProvider cuda = new CudaComputeProvider();
        ComputeProvider reference = new ScalarProvider()) {
      List<double[]> expected = heard(spec, reference);
      List<double[]> actual = heard(spec, cuda);
      assertThat(actual).hasSameSizeAs(expected);
      for (int k = 0; k < expected.size(); k++) {
        assertThat(actual.get(k)).containsExactly(expected.get(k), within(1e-12));
      }
    }
  }

  private static List<double[]> heard(NetworkSpec spec, ComputeProvider provider) {
    List<double[]> results = new ArrayList<>();
    try (Network network = Network.create(spec, provider, ElementType.FLOAT64, 3);
        Workspace workspace = network.workspace(2);
        Buffer memory = provider.allocate(ElementType.FLOAT64, 2L * (INPUTS + OUTPUTS))) {
      Matrix data = Matrix.of(memory, 0, 2, INPUTS);
      Matrix slope = Matrix.of(memory, 2L * INPUTS, 2, OUTPUTS);
      data.fill(new double[] {1, 2, -1, 0.5, -2, 1});
      slope.fill(new double[] {1, -1, 0.5, 2});
      workspace.forward(data);
      workspace.backward(
          slope,
          (l, state, costate, hamiltonian) -> {
            results.add(new double[] {l, hamiltonian});
            results.add(state.toArray());
            results.add(costate.toArray());
          });
    }
    return results;
  }

  /** With scalar kernels states and sums are kept, and the sums for the bias of all blocks. */
  @ParameterizedTest
  @CsvSource({"tanh, identity, 1", "identity, tanh, 2", "gelu, tanh, 2", "identity, identity, 1"})
  void scalarPassesKeepStatesAndSumsAlone(String feature, String activation, int histories) {
    NetworkSpec spec = spec("fractional:0.5", 16, 40, feature, activation, "");
    long slice = 8L * 16 * Float.BYTES;
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, ElementType.FLOAT32, 1)) {
      long before = FakeCuda.liveBytes();
      try (Workspace workspace = network.workspace(8)) {
        assertThat(workspace.historyBytes())
            .isBetween(40 * histories * slice, 41 * histories * slice);
        long beside = FakeCuda.liveBytes() - before - workspace.historyBytes();
        assertThat(beside).as("gradients and scratch").isLessThan(30 * slice);
        assertThat(workspace.keepsHistory()).isFalse();
        assertThatIllegalStateException()
            .isThrownBy(workspace::history)
            .withMessageContaining("CostateListener");
        assertThatIllegalStateException().isThrownBy(workspace::historyGradient);
      }
      PassPrimitives passes = cuda.passes(ElementType.FLOAT32).orElseThrow();
      assertThat(passes.scratchBytes(40, 8, 16, false, true)).isEqualTo(2 * 40 * 16 * Float.BYTES);
      assertThat(passes.scratchBytes(40, 8, 16, false, false)).isZero();
    }
  }

  @Test
  void aRecordedStepHasItsScratchMemoryOnce() {
    NetworkSpec spec = spec("fractional:0.5", 16, 40, "tanh", "identity", "");
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, ElementType.FLOAT32, 1);
        Workspace workspace = network.workspace(8);
        Buffer memory = cuda.allocate(ElementType.FLOAT32, 8L * (INPUTS + OUTPUTS))) {
      Matrix data = Matrix.of(memory, 0, 8, INPUTS);
      Matrix slope = Matrix.of(memory, 8L * INPUTS, 8, OUTPUTS);
      try (Recording step =
          cuda.record(() -> {
            workspace.forward(data);
            workspace.backward(slope);
          })) {
        step.run();
        long called = FakeCuda.liveBytes();
        step.run();
        assertThat(FakeCuda.liveBytes() - called).isLessThan(2 * 40 * 16 * Float.BYTES);
        step.run();
      }
    }
  }

  /**
   * torchfde takes 591 to 1956 MB for 201 layers, 128 samples of 2304. The shared memory of this
   * device holds half of what that of an H200 does, so that twice as many blocks leave sums.
   */
  @Test
  void theFractionalNetworkOfTorchfdeFitsIntoItsMemory() {
    long slice = 128L * 2304 * Float.BYTES;
    try (ComputeProvider cuda = new CudaComputeProvider()) {
      PassPrimitives passes = cuda.passes(ElementType.FLOAT32).orElseThrow();
      long scratch = passes.scratchBytes(201, 128, 2304, false, true);
      assertThat(scratch).isEqualTo(64L * 201 * 2304 * Float.BYTES);
      assertThat((202 + 201) * slice + scratch / 2).isLessThan(540L * 1_000_000);
    }
  }

  @Test
  void whatDoesNotSuitIsTakenLayerByLayer() {
    try (ComputeProvider cuda = new CudaComputeProvider()) {
      PassPrimitives passes = cuda.passes(ElementType.FLOAT32).orElseThrow();
      assertThat(passes.suits(32, 64, 64, true)).isTrue();
      assertThat(passes.suits(32, 64, 68, true)).as("wide").isFalse();
      assertThat(passes.suits(32, 64, 63, true)).as("rows not aligned").isFalse();
      assertThat(passes.suits(32, 4096, 64, true)).as("many rows").isFalse();
      assertThat(passes.suits(201, 128, 2304, false)).isTrue();
      assertThat(passes.suits(4096, 128, 2304, false)).as("deep").isFalse();
    }
  }

  /** The planner knows that direct sums stay on the chip, unless it is told otherwise. */
  @Test
  void sumsOfWholePassesAreDirect() {
    NetworkSpec spec = spec("fractional:0.5", 16, 100, "tanh", "identity", "");
    NetworkSpec forced = spec.toBuilder().sum(SumChoice.parse("fft")).build();
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, ElementType.FLOAT32, 1);
        Workspace workspace = network.workspace(BATCH);
        Network other = Network.create(forced, cuda, ElementType.FLOAT32, 1);
        Workspace layered = other.workspace(BATCH)) {
      assertThat(workspace.sumPlan().choice().forTerm(0, 1)).isEqualTo(SumAlgorithm.DIRECT);
      assertThat(layered.sumPlan().choice().forTerm(0, 1)).isEqualTo(SumAlgorithm.FFT);
    }
  }

  @Test
  void badOperandsAreRefused() {
    try (ComputeProvider cuda = new CudaComputeProvider();
        Buffer memory = cuda.allocate(ElementType.FLOAT32, 1000)) {
      PassPrimitives passes = cuda.passes(ElementType.FLOAT32).orElseThrow();
      PassPrimitives.Stack stack = new PassPrimitives.Stack(Matrix.of(memory, 0, 2, 4), 8);
      PassPrimitives.Histories histories = new PassPrimitives.Histories(stack, stack, null);
      PassPrimitives.Layers layers =
          new PassPrimitives.Layers(
              new PassPrimitives.Lags(Matrix.vector(memory, 0, 4)),
              1,
              5,
              Activation.IDENTITY,
              Activation.TANH,
              true,
              null);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> passes.forward(layers, histories))
          .withMessageContaining("reversed");
      PassPrimitives.Layers right =
          new PassPrimitives.Layers(
              new PassPrimitives.Lags(Matrix.vector(memory, 0, 5)),
              1,
              5,
              Activation.IDENTITY,
              Activation.TANH,
              true,
              null);
      Matrix costate = Matrix.of(memory, 100, 2, 4);
      Matrix strided = new Matrix(memory, 100, 2, 4, 5);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> passes.adjoint(right, histories, costate, stack, costate, null))
          .withMessageContaining("sums: missing");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> passes.adjoint(right, histories, strided, stack, costate, null))
          .withMessageContaining("lastCostate");
      Matrix weights = Matrix.vector(memory, 0, 240);
      PassPrimitives.Layers dense =
          new PassPrimitives.Layers(
              new PassPrimitives.Matrices(weights, weights),
              1,
              5,
              Activation.IDENTITY,
              Activation.IDENTITY,
              true,
              null);
      PassPrimitives.Histories states = new PassPrimitives.Histories(stack, null, null);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> passes.forward(dense, states))
          .withMessageContaining("features: missing");
    }
  }
}
