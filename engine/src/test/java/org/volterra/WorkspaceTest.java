package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.History;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.RandomMatrices;
import org.volterra.testing.TestProvider;

class WorkspaceTest {
  private static final int BATCH = 5;
  private static final int POSITIONS = 2;

  private final Resources resources = new Resources();

  @AfterEach
  void close() {
    resources.close();
  }

  static Stream<DepthKernel> kernels() {
    return Stream.of(
        DepthKernel.dense(),
        DepthKernel.field(2),
        DepthKernel.scalar((t, s) -> t + s),
        DepthKernel.trainableScalar((t, s) -> t - s));
  }

  private static NetworkSpec spec(DepthKernel kernel) {
    return NetworkSpec.builder(4, 6)
        .inputs(3)
        .outputs(2)
        .positions(POSITIONS)
        .kernel(kernel)
        .features(FeatureTransform.mlp(5, Activation.TANH, 4))
        .activation(Activation.GELU)
        .build();
  }

  private Network network(DepthKernel kernel) {
    return resources.own(Network.create(spec(kernel), TestProvider.get(), ElementType.FLOAT32, 3));
  }

  private Matrix random(int rows, int columns) {
    Matrix matrix =
        Matrix.of(
            resources.own(TestProvider.get().allocate(ElementType.FLOAT32, (long) rows * columns)),
            0,
            rows,
            columns);
    RandomMatrices.fill(matrix, new Random(17), 1);
    return matrix;
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void aSmallerBatchGivesTheBitsOfAWorkspaceOfItsOwn(DepthKernel kernel) {
    Network network = network(kernel);
    Workspace large = resources.own(network.workspace(BATCH));
    Workspace inference = resources.own(network.inference(BATCH));
    Matrix data = random(BATCH * POSITIONS, 3);
    Matrix outputGradient = random(BATCH * POSITIONS, 2);
    large.forward(data);
    large.backward(outputGradient);
    for (int batch = 1; batch <= BATCH; batch++) {
      int rows = batch * POSITIONS;
      Workspace view = large.forBatch(batch);
      Workspace own = resources.own(network.workspace(batch));
      assertThat(view).isSameAs(large.forBatch(batch));
      assertThat(view.batch()).isEqualTo(batch);
      Matrix first = data.rows(0, rows);
      double[] output = own.forward(first).toArray();
      assertThat(view.forward(first).toArray()).containsExactly(output);
      assertThat(inference.forBatch(batch).forward(first).toArray()).containsExactly(output);
      own.backward(outputGradient.rows(0, rows));
      view.backward(outputGradient.rows(0, rows));
      for (String name : network.layout().entries().keySet()) {
        assertThat(view.gradient(name).toArray())
            .as(name)
            .containsExactly(own.gradient(name).toArray());
      }
      assertThat(view.initialStateGradient().toArray())
          .containsExactly(own.initialStateGradient().toArray());
    }
    for (int bad : new int[] {0, -1, BATCH + 1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> large.forBatch(bad))
          .withMessage("batch " + bad + ": this workspace holds 1..5 samples");
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void passesMayBeRepeatedAndLeaveNoTrace(DepthKernel kernel) {
    Network network = network(kernel);
    Workspace workspace = resources.own(network.workspace(BATCH));
    Matrix data = random(BATCH * POSITIONS, 3);
    Matrix outputGradient = random(BATCH * POSITIONS, 2);
    List<double[]> gradients = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      workspace.forward(data);
      workspace.backward(outputGradient);
      gradients.add(Matrix.vector(workspace.gradients(), 0, 64).toArray());
    }
    workspace.backward(outputGradient);
    gradients.add(Matrix.vector(workspace.gradients(), 0, 64).toArray());
    assertThat(gradients.getFirst()).doesNotContain(Double.NaN);
    for (double[] later : gradients) {
      assertThat(later).containsExactly(gradients.getFirst());
    }
  }

  /** Every method that computes or shows contents; the sizes alone may be asked by anyone. */
  private List<ThrowingCallable> uses(Workspace workspace) {
    Matrix data = random(BATCH * POSITIONS, 3);
    Matrix outputGradient = random(BATCH * POSITIONS, 2);
    return List.of(
        () -> workspace.forward(data),
        () -> workspace.backward(outputGradient),
        () -> workspace.forBatch(2),
        workspace::gradients,
        () -> workspace.gradient("kernel.1"),
        workspace::initialStateGradient,
        () -> workspace.inputGradient(data),
        () -> workspace.state(0),
        workspace::history,
        workspace::historyGradient);
  }

  @Test
  void anotherThreadIsRefused() throws InterruptedException {
    Workspace workspace = resources.own(network(DepthKernel.dense()).workspace(BATCH));
    Workspace view = workspace.forBatch(2);
    workspace.forward(random(BATCH * POSITIONS, 3));
    List<ThrowingCallable> uses = new ArrayList<>(uses(workspace));
    uses.add(() -> view.state(0));
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread other =
        Thread.ofPlatform()
            .name("stranger")
            .uncaughtExceptionHandler((thread, e) -> failure.set(e))
            .start(() -> {
              for (int i = 0; i < uses.size(); i++) {
                assertThatThrownBy(uses.get(i))
                    .as("use %d", i)
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContaining("was used by 'stranger'")
                    .hasMessageContaining("give each thread a workspace of its own");
              }
            });
    other.join();
    assertThat(failure.get()).isNull();
  }

  @Test
  void useAfterCloseIsRefused() {
    Network network = network(DepthKernel.dense());
    Workspace workspace = network.workspace(BATCH);
    Workspace view = workspace.forBatch(2);
    workspace.forward(random(BATCH * POSITIONS, 3));
    History history = workspace.history();
    workspace.close();
    workspace.close();
    List<ThrowingCallable> uses = new ArrayList<>(uses(workspace));
    uses.add(() -> view.state(0));
    for (ThrowingCallable use : uses) {
      assertThatIllegalStateException().isThrownBy(use).withMessage("this workspace is closed");
    }
    assertThatIllegalStateException().isThrownBy(() -> history.slice(0).get(0, 0));
    network.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> network.parameter("kernel.1").get(0, 0))
        .withMessageContaining("closed");
  }

  @Test
  void aNetworkThatIsClosedCannotBeRun() {
    Network network = network(DepthKernel.dense());
    Workspace workspace = resources.own(network.workspace(BATCH));
    Matrix data = random(BATCH * POSITIONS, 3);
    network.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> workspace.forward(data))
        .withMessageContaining("closed");
  }

  @Test
  void passesOutOfOrderAreRefused() {
    Network network = network(DepthKernel.dense());
    Workspace workspace = resources.own(network.workspace(BATCH));
    Workspace inference = resources.own(network.inference(BATCH));
    Matrix data = random(BATCH * POSITIONS, 3);
    Matrix outputGradient = random(BATCH * POSITIONS, 2);
    assertThatIllegalStateException()
        .isThrownBy(() -> workspace.backward(outputGradient))
        .withMessage("backward needs a forward pass before it");
    inference.forward(data);
    assertThatIllegalStateException()
        .isThrownBy(() -> inference.backward(outputGradient))
        .withMessageContaining("made for inference");
    assertThatIllegalStateException()
        .isThrownBy(inference::gradients)
        .withMessageContaining("made for inference");
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    Network network = network(DepthKernel.dense());
    Workspace workspace = resources.own(network.workspace(BATCH));
    for (Matrix bad : new Matrix[] {random(BATCH, 3), random(BATCH * POSITIONS, 4)}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> workspace.forward(bad))
          .withMessage("data are %d x %d: this workspace takes 10 x 3", bad.rows(), bad.columns());
    }
    Matrix wrongType =
        Matrix.of(
            resources.own(TestProvider.get().allocate(ElementType.FLOAT64, 30)),
            0,
            BATCH * POSITIONS,
            3);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> workspace.forward(wrongType))
        .withMessageContaining("FLOAT64");
    workspace.forward(random(BATCH * POSITIONS, 3));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> workspace.backward(random(BATCH * POSITIONS, 3)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> workspace.inputGradient(random(BATCH * POSITIONS, 2)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> workspace.gradient("kernel.7"))
        .withMessageContaining("parameter 'kernel.7' does not exist");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Network.create(network.spec(), TestProvider.get(), ElementType.INT32, 1))
        .withMessageContaining("type INT32");
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void theBudgetIsKeptToTheByte(DepthKernel kernel) {
    Network network = network(kernel);
    long bytes;
    try (Workspace workspace = network.workspace(BATCH)) {
      bytes = workspace.historyBytes();
      long slice = (long) BATCH * POSITIONS * 4 * 4;
      boolean isDense = kernel instanceof DepthKernel.Dense;
      assertThat(bytes)
          .as("features, gradients, states, and L sums; features and gradients transposed")
          .isEqualTo((3 * 7 + 6 + (isDense ? 2 * 6 : 0)) * slice);
      assertThat(workspace.history().bytes()).isEqualTo(7 * slice);
    }
    network.workspace(BATCH, new MemoryBudget(bytes)).close();
    assertThatThrownBy(() -> network.workspace(BATCH, new MemoryBudget(bytes - 1)))
        .isInstanceOf(MemoryBudget.MemoryBudgetException.class)
        .hasMessageContaining("a batch of 5 at depth 6 needs")
        .hasMessageContaining(String.format(Locale.ROOT, "%,d", bytes));
  }

  @Test
  void itSaysWhatItIs() {
    Network network = network(DepthKernel.dense());
    Workspace workspace = resources.own(network.workspace(BATCH));
    assertThat(workspace.network()).isSameAs(network);
    assertThat(workspace.batch()).isEqualTo(BATCH);
    assertThat(workspace.history().layout()).isEqualTo(History.Layout.INTERLEAVED);
    assertThat(workspace.historyGradient().slices()).isEqualTo(7);
    assertThat(workspace.state(6).rows()).isEqualTo(BATCH * POSITIONS);
    assertThatThrownBy(() -> workspace.state(7)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
