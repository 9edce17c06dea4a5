package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MappedMemory;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan.Part;
import org.volterra.memory.MemoryPlan.Place;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.SumAlgorithm;
import org.volterra.sum.SumChoice;
import org.volterra.testing.TestProvider;

/** Histories in files and recomputed ones give the same bits as those in memory. */
class MemoryBudgetTest {
  private static final int BATCH = 5;
  private static final int CHANNELS = 6;
  private static final int DEPTH = 13;

  @TempDir private Path folder;

  private static List<NetworkSpec> specs() {
    List<NetworkSpec> all = new ArrayList<>();
    for (DepthKernel kernel :
        List.of(
            DepthKernel.dense(),
            DepthKernel.field(3),
            DepthKernel.field(20),
            DepthKernel.trainableScalar((t, s) -> Math.cos(3 * (t - s))),
            DepthKernel.parse("attention"),
            DepthKernel.parse("attention(3)"),
            DepthKernel.parse("averaging(3x2)"),
            DepthKernel.parse("exponentials(2)"),
            DepthKernel.parse("separable(2)"),
            DepthKernel.parse("convolution"),
            DepthKernel.parse("matrix*scalar"),
            DepthKernel.parse("scalar + matrix*convolution"),
            DepthKernel.parse("exponentials(2) + matrix*separable(2)"))) {
      for (Activation psi : List.of(Activation.IDENTITY, Activation.GELU)) {
        for (FeatureTransform phi :
            List.of(
                FeatureTransform.identity(),
                FeatureTransform.activation(Activation.TANH),
                FeatureTransform.mlp(4, Activation.SILU, CHANNELS))) {
          NetworkSpec.Builder builder =
              NetworkSpec.builder(CHANNELS, DEPTH)
                  .positions(2)
                  .kernel(kernel)
                  .activation(psi)
                  .features(phi)
                  .bias(DepthDependence.field(2))
                  .source(Source.linear(DepthDependence.constant()));
          all.add(builder.build());
          if (kernel instanceof DepthKernel.Dense || kernel instanceof DepthKernel.Scalar) {
            all.add(builder.historyType(HistoryType.BFLOAT16).build());
          }
        }
      }
    }
    return all;
  }

  /** Everything that a step computes. */
  private static double[] step(Workspace workspace, boolean look) {
    Network network = workspace.network();
    Random random = new Random(3);
    List<Double> values = new ArrayList<>();
    try (Buffer data = random(network, workspace.batch(), random);
        Buffer slope = random(network, workspace.batch(), random)) {
      int rows = workspace.batch() * network.spec().positions();
      add(values, workspace.forward(Matrix.of(data, 0, rows, CHANNELS)));
      if (look) {
        addStates(values, workspace);
      }
      workspace.backward(Matrix.of(slope, 0, rows, CHANNELS));
      if (!look) {
        addStates(values, workspace);
      }
      add(values, workspace.initialStateGradient());
      add(values, Matrix.vector(workspace.gradients(), 0, (int) network.layout().length()));
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static void addStates(List<Double> values, Workspace workspace) {
    for (int l = 0; l <= workspace.network().spec().depth(); l++) {
      add(values, workspace.state(l));
    }
  }

  private static Buffer random(Network network, int batch, Random random) {
    Buffer buffer =
        network
            .provider()
            .allocate(network.type(), (long) batch * network.spec().positions() * CHANNELS);
    for (int i = 0; i < buffer.length(); i++) {
      buffer.set(i, random.nextGaussian());
    }
    return buffer;
  }

  private static void add(List<Double> values, Matrix m) {
    for (double value : m.toArray()) {
      values.add(value);
    }
  }

  @Test
  void gradientsAreTheSameBitsWhereverHistoriesAre() {
    for (NetworkSpec spec : specs()) {
      for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
        if (type == ElementType.FLOAT64 && spec.historyType() == HistoryType.BFLOAT16) {
          continue;
        }
        try (Network network = Network.create(spec, TestProvider.get(), type, 11)) {
          compare(network);
        }
      }
    }
  }

  private void compare(Network network) {
    long whole;
    double[] expected;
    double[] smaller;
    try (Workspace workspace = network.workspace(BATCH)) {
      whole = workspace.historyBytes();
      assertThat(workspace.memoryPlan().isPlain()).isTrue();
      expected = step(workspace, false);
      smaller = step(workspace.forBatch(BATCH - 2), false);
    }
    for (MemoryBudget budget :
        List.of(
            new MemoryBudget(whole),
            new MemoryBudget(whole - 1).recomputing().spillingTo(folder),
            new MemoryBudget(whole * 3 / 5).recomputing().spillingTo(folder),
            new MemoryBudget(whole / 4).spillingTo(folder),
            new MemoryBudget(1).spillingTo(folder))) {
      try (Workspace workspace = network.workspace(BATCH, budget)) {
        String plan =
            network.spec().kernel()
                + " "
                + network.spec().historyType()
                + " "
                + workspace.memoryPlan();
        assertThat(step(workspace, false)).as(plan).isEqualTo(expected);
        assertThat(step(workspace.forBatch(BATCH - 2), true)).as(plan).hasSameSizeAs(smaller);
        assertThat(step(workspace.forBatch(BATCH - 2), false)).as(plan).isEqualTo(smaller);
        assertThat(step(workspace, true)).as(plan).hasSameSizeAs(expected);
        assertThat(step(workspace, false)).as(plan).isEqualTo(expected);
        assertThat(workspace.historyBytes() - workspace.memoryPlan().spilledBytes())
            .isLessThanOrEqualTo(budget.bytes());
      }
    }
  }

  private static Network network(NetworkSpec.Builder spec) {
    return Network.create(spec.build(), TestProvider.get(), ElementType.FLOAT32, 1);
  }

  /** z, x and ∂J/∂z of layers 0 … L, and z and ∂J/∂z transposed of layers 0 … L−1. */
  @Test
  void planSaysWhatIsAllocated() {
    try (Network network = network(NetworkSpec.builder(CHANNELS, DEPTH))) {
      long slice = (long) BATCH * CHANNELS * Float.BYTES;
      long before = NativeMemory.liveBytes();
      try (Workspace stored = network.workspace(BATCH)) {
        long all = NativeMemory.liveBytes() - before;
        assertThat(stored.historyBytes()).isEqualTo((5L * DEPTH + 3) * slice);
        MemoryBudget recomputing = new MemoryBudget(stored.historyBytes() - 1).recomputing();
        try (Workspace recomputed = network.workspace(BATCH, recomputing)) {
          assertThat(recomputed.historyBytes()).isEqualTo((4L * DEPTH + 4) * slice);
          assertThat(recomputed.memoryPlan().place("states x")).isEqualTo(Place.RECOMPUTED);
          assertThat(NativeMemory.liveBytes() - before - all).isEqualTo(all - (DEPTH - 1L) * slice);
        }
        try (Workspace spilled =
            network.workspace(BATCH, new MemoryBudget(slice).spillingTo(folder))) {
          assertThat(spilled.historyBytes()).isEqualTo(stored.historyBytes());
          assertThat(spilled.memoryPlan().spilledBytes())
              .isEqualTo((5L * DEPTH + 3) * slice)
              .isEqualTo(MappedMemory.liveBytes());
          assertThat(NativeMemory.liveBytes() - before - all)
              .isEqualTo(all - (5L * DEPTH + 3) * slice);
        }
      }
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
      assertThat(MappedMemory.liveBytes()).isZero();
    }
  }

  /** Of x, u, z and ∂J/∂z 25 slices each in place of 625, and 25 checkpoints. */
  @Test
  void recurrentSumsKeepTheSquareRootOfTheDepth() {
    NetworkSpec.Builder spec =
        NetworkSpec.builder(CHANNELS, 625)
            .kernel(DepthKernel.parse("exponentials:2"))
            .features(FeatureTransform.activation(Activation.TANH))
            .activation(Activation.GELU);
    try (Network network = network(spec);
        Workspace stored = network.workspace(BATCH)) {
      MemoryBudget budget = new MemoryBudget(stored.historyBytes() / 12).recomputing();
      long slice = (long) BATCH * CHANNELS * Float.BYTES;
      try (Workspace lean = network.workspace(BATCH, budget)) {
        assertThat(lean.sumPlan().choice()).isEqualTo(SumChoice.of(SumAlgorithm.EXPONENTIALS));
        assertThat(lean.historyBytes()).isEqualTo((1 + 4 * 25 + 25 * 3) * slice);
        assertThat(step(lean, false)).isEqualTo(step(stored, false));
        assertThat(lean.keepsHistory()).isFalse();
        assertThatThrownBy(lean::history)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("recomputed from checkpoints");
        assertThatThrownBy(lean::historyGradient).isInstanceOf(IllegalStateException.class);
      }
      assertThat(stored.keepsHistory()).isTrue();
    }
  }

  /** Of 400 layers runs of 20, 40 or 60, whatever each of them hands on. */
  @CsvSource({
    "fractional(0.4), exponentials:1e-4",
    "matrix*fractional(0.4), exponentials:1e-4",
    "matrix*exponentials(2), exponentials",
    "fractional(0.4) + matrix*separable(2) + exponentials(3),"
        + " exponentials+separable+exponentials:1e-4",
  })
  @ParameterizedTest
  void fittedSumsAndTermsKeepRunsToo(String kernel, String sum) {
    for (Activation psi : List.of(Activation.IDENTITY, Activation.GELU)) {
      NetworkSpec.Builder spec =
          NetworkSpec.builder(CHANNELS, 400)
              .kernel(DepthKernel.parse(kernel))
              .sum(SumChoice.parse(sum))
              .features(FeatureTransform.activation(Activation.TANH))
              .activation(psi);
      try (Network network = network(spec);
          Workspace stored = network.workspace(BATCH)) {
        MemoryBudget budget = new MemoryBudget(stored.historyBytes() / 2).recomputing();
        try (Workspace lean = network.workspace(BATCH, budget)) {
          assertThat(lean.keepsHistory()).isFalse();
          assertThat(lean.historyBytes()).isLessThanOrEqualTo(budget.bytes());
          assertThat(step(lean, false)).isEqualTo(step(stored, false));
          assertThat(step(lean.forBatch(2), false)).isEqualTo(step(stored.forBatch(2), false));
          assertThat(step(lean, true)).hasSize(step(stored, true).length);
          assertThat(step(lean, false)).isEqualTo(step(stored, false));
        }
      }
    }
  }

  /** A fitted sum is chosen where nothing else fits, and only where it may be. */
  @Test
  void budgetsChooseRecurrentSums() {
    for (String sum : List.of("auto:1e-4", "auto", "fft:1e-4")) {
      NetworkSpec.Builder spec =
          NetworkSpec.builder(CHANNELS, 400)
              .kernel(DepthKernel.fractional(0.4))
              .sum(SumChoice.parse(sum));
      try (Network network = network(spec);
          Workspace stored = network.workspace(BATCH)) {
        assertThat(stored.sumPlan().choice().algorithms())
            .doesNotContain(SumAlgorithm.EXPONENTIALS);
        MemoryBudget budget = new MemoryBudget(stored.historyBytes() / 2).recomputing();
        if (sum.equals("auto:1e-4")) {
          try (Workspace lean = network.workspace(BATCH, budget)) {
            assertThat(lean.sumPlan().choice()).isEqualTo(SumChoice.parse("exponentials:1e-4"));
            assertThat(lean.sumPlan().explain()).contains("<- chosen");
            assertThat(lean.keepsHistory()).isFalse();
          }
        } else {
          assertThatThrownBy(() -> network.workspace(BATCH, budget))
              .isInstanceOf(MemoryBudget.MemoryBudgetException.class);
        }
      }
    }
  }

  /** A blocked sum takes 200 slices beside the history: room that spilled histories leave. */
  @Test
  void blockedSumsSpillToo() {
    int batch = 130;
    NetworkSpec.Builder spec =
        NetworkSpec.builder(CHANNELS, 150)
            .kernel(DepthKernel.trainableScalar((t, s) -> Math.cos(t - s)))
            .sum(SumChoice.of(SumAlgorithm.BLOCKED));
    try (Network network = network(spec);
        Workspace stored = network.workspace(batch)) {
      MemoryBudget budget = new MemoryBudget(stored.historyBytes() / 2).spillingTo(folder);
      try (Workspace spilled = network.workspace(batch, budget);
          Buffer data = random(network, batch, new Random(1))) {
        Matrix x = Matrix.of(data, 0, batch, CHANNELS);
        assertThat(spilled.memoryPlan().spilledBytes()).isPositive();
        assertThat(spilled.forward(x).toArray()).isEqualTo(stored.forward(x).toArray());
        spilled.backward(x);
        stored.backward(x);
        int length = (int) network.layout().length();
        assertThat(Matrix.vector(spilled.gradients(), 0, length).toArray())
            .isEqualTo(Matrix.vector(stored.gradients(), 0, length).toArray());
      }
      MemoryBudget small = new MemoryBudget(1).spillingTo(folder);
      assertThatThrownBy(() -> network.workspace(batch, small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("exceed the budget of 1");
    }
  }

  @Test
  void inferenceKeepsToABudgetToo() {
    try (Network network = network(NetworkSpec.builder(CHANNELS, DEPTH));
        Workspace stored = network.inference(BATCH)) {
      MemoryBudget budget = new MemoryBudget(stored.historyBytes() - 1).recomputing();
      try (Workspace lean = network.inference(BATCH, budget);
          Buffer data = random(network, BATCH, new Random(1))) {
        Matrix x = Matrix.of(data, 0, BATCH, CHANNELS);
        assertThat(lean.forward(x).toArray()).isEqualTo(stored.forward(x).toArray());
        assertThat(lean.state(3).toArray()).isEqualTo(stored.state(3).toArray());
        assertThat(lean.memoryPlan().parts()).extracting(Part::place).contains(Place.RECOMPUTED);
      }
    }
  }

  @Test
  void refusals() {
    assertThat(TestProvider.get().threads()).isPositive(); // the first call allocates scratch
    long before = NativeMemory.liveBytes();
    try (Network network = network(NetworkSpec.builder(CHANNELS, DEPTH))) {
      assertThatThrownBy(() -> network.workspace(BATCH, new MemoryBudget(1)))
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
          .hasMessageContaining("a batch of 5 at depth 13 needs 8,160 bytes of history");
      assertThatThrownBy(() -> network.workspace(BATCH, new MemoryBudget(1).recomputing()))
          .isInstanceOf(MemoryBudget.MemoryBudgetException.class);
      Path missing = folder.resolve("missing");
      assertThatThrownBy(() -> network.workspace(BATCH, new MemoryBudget(1).spillingTo(missing)))
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("no such folder");
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    assertThat(MappedMemory.liveBytes()).isZero();
  }

  @Test
  void deviceMemoryCannotBeMapped() {
    try (Network network =
        Network.create(
            NetworkSpec.builder(CHANNELS, DEPTH).build(),
            new Remote(TestProvider.get()),
            ElementType.FLOAT32,
            1)) {
      assertThatThrownBy(() -> network.workspace(BATCH, new MemoryBudget(1).spillingTo(folder)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("remote does not compute in the host's memory");
    }
  }

  /** A provider that says nothing about where it computes. */
  private record Remote(ComputeProvider device) implements ComputeProvider {
    @Override
    public String name() {
      return "remote";
    }

    @Override
    public String description() {
      return name();
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public Buffer allocate(ElementType type, long length) {
      return device.allocate(type, length);
    }

    @Override
    public Primitives primitives(ElementType type) {
      return device.primitives(type);
    }

    @Override
    public void close() {}
  }
}
