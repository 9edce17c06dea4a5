package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Source;
import org.volterra.Workspace;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.Activation;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.testing.FailingProvider;
import org.volterra.testing.TestProvider;

/**
 * All native memory comes back: when everything is closed, and when the n-th allocation fails, for
 * every n. Each test has a provider of its own, whose scratch memory counts too.
 */
class LeakTest {
  private static final int ENOUGH = 200;

  private long before;
  private long opened;
  private ComputeProvider provider;

  @BeforeEach
  void openProvider() {
    before = NativeMemory.liveBytes();
    provider = TestProvider.create(2);
    opened = NativeMemory.liveBytes();
  }

  @AfterEach
  void nothingIsLeft() {
    provider.close();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    provider.close();
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  static Stream<DepthKernel> kernels() {
    return Stream.of(
        DepthKernel.dense(),
        DepthKernel.field(2),
        DepthKernel.scalar((t, s) -> t - s),
        DepthKernel.trainableScalar((t, s) -> t + s));
  }

  static Stream<Optimizer> optimizers() {
    return Stream.of(Optimizer.sgd(0.9, 0, false), Optimizer.adam(), Optimizer.lbfgs(3));
  }

  /** A network with every kind of parameter and of scratch memory. */
  private static NetworkSpec spec(DepthKernel kernel) {
    return NetworkSpec.builder(4, 3)
        .inputs(2)
        .outputs(3)
        .kernel(kernel)
        .features(FeatureTransform.mlp(5, Activation.TANH, 4), DepthDependence.field(2))
        .activation(Activation.SILU)
        .bias(DepthDependence.field(2))
        .source(Source.linear(DepthDependence.field(2)))
        .build();
  }

  private Network network(DepthKernel kernel) {
    return Network.create(spec(kernel), provider, ElementType.FLOAT32, 1);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void trainingAndClosingReturnsEverything(DepthKernel kernel) {
    for (Optimizer optimizer : optimizers().toList()) {
      try (Network network = network(kernel);
          Trainer trainer = training(network).optimizer(optimizer).build()) {
        trainer.run();
        assertThat(NativeMemory.liveBytes())
            .isGreaterThan(opened + network.parameters().bytes() + trainer.historyBytes());
      }
    }
  }

  private static Trainer.Builder training(Network network) {
    return Trainer.builder(network, TrainingFixtures.clouds(10, 3))
        .test(TrainingFixtures.clouds(5, 4))
        .regularizer(new DepthRegularizer(1e-3, 1e-3))
        .epochs(2)
        .batch(4);
  }

  @Test
  void anythingMayBeClosedTwiceAndInAnyOrder() {
    Network network = network(DepthKernel.dense());
    Workspace workspace = network.workspace(4);
    Workspace inference = network.inference(2);
    Trainer trainer = training(network).build();
    workspace.forBatch(2).close();
    assertThat(workspace.state(0).get(0, 0)).as("a view owns nothing").isZero();
    for (int i = 0; i < 2; i++) {
      network.close();
      trainer.close();
      inference.close();
      workspace.close();
    }
  }

  @Test
  void whatIsRefusedTakesNothing() {
    try (Network network = network(DepthKernel.dense())) {
      long begin = NativeMemory.liveBytes();
      for (int bad : new int[] {0, -1, Integer.MAX_VALUE}) {
        assertThatThrownBy(() -> network.workspace(bad))
            .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> network.inference(bad))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> network.workspace(2, new MemoryBudget(100)))
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class);
      assertThatThrownBy(() -> training(network).budget(new MemoryBudget(100)).build())
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class);
      assertThat(NativeMemory.liveBytes()).isEqualTo(begin);
    }
  }

  @Test
  void aKernelFunctionThatThrowsLeavesNothing() {
    DepthKernel trainable = DepthKernel.trainableScalar(LeakTest::fails);
    assertThatThrownBy(() -> network(trainable)).hasMessage("no value at 1.0, 0.0");
    try (Network network = network(DepthKernel.scalar(LeakTest::fails))) {
      assertThatThrownBy(() -> network.workspace(2)).hasMessage("no value at 1.0, 0.0");
      assertThatThrownBy(() -> training(network).build()).hasMessage("no value at 1.0, 0.0");
    }
  }

  private static double fails(double t, double s) {
    if (t == 1) {
      throw new ArithmeticException("no value at " + t + ", " + s);
    }
    return 1;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aWorkspaceWithoutEnoughMemoryLeavesNothing(DepthKernel kernel) {
    failEveryAllocation(kernel, network -> network.workspace(3).close());
    failEveryAllocation(kernel, network -> network.inference(3).close());
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aTrainerWithoutEnoughMemoryLeavesNothing(Optimizer optimizer) {
    failEveryAllocation(
        DepthKernel.dense(), network -> training(network).optimizer(optimizer).build().close());
  }

  /** Lets the n-th allocation fail, n = 1, 2, …, until there are enough. */
  private void failEveryAllocation(DepthKernel kernel, Consumer<Network> action) {
    for (int allowed = 0; allowed < ENOUGH; allowed++) {
      boolean enough = false;
      try (Network network =
          Network.create(
              spec(kernel), new FailingProvider(provider, allowed), ElementType.FLOAT64, 1)) {
        action.accept(network);
        enough = true;
      } catch (IllegalStateException e) {
        assertThat(e).hasMessage(FailingProvider.MESSAGE);
      }
      assertThat(NativeMemory.liveBytes()).as("after %d allocations", allowed).isEqualTo(opened);
      if (enough) {
        assertThat(allowed).isGreaterThan(4);
        return;
      }
    }
    throw new AssertionError(ENOUGH + " allocations were not enough");
  }

  @Test
  void aModelFileThatCannotBeReadLeavesNothing(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (Network network = network(DepthKernel.dense())) {
      ModelFile.save(network, file);
    }
    for (int allowed : List.of(0, 1)) {
      ComputeProvider failing = new FailingProvider(provider, allowed);
      if (allowed == 0) {
        assertThatThrownBy(() -> ModelFile.load(file, failing)).hasMessage(FailingProvider.MESSAGE);
      } else {
        ModelFile.load(file, failing).close();
      }
      assertThat(NativeMemory.liveBytes()).isEqualTo(opened);
    }
  }
}
