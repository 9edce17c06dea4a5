package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.History;
import org.volterra.memory.NativeMemory;
import org.volterra.spi.Activation;
import org.volterra.spi.Bfloat16;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.sum.SumAlgorithm;
import org.volterra.sum.SumChoice;
import org.volterra.testing.RandomMatrices;
import org.volterra.testing.TestProvider;

/** Networks whose histories are stored as bfloat16. */
class HistoryTypeTest {
  private static final int BATCH = 4;
  private static final int CHANNELS = 6;
  private static final int DEPTH = 70;

  /** The first call allocates scratch memory, which is no leak of a test. */
  @BeforeAll
  static void openProvider() {
    assertThat(TestProvider.get().threads()).isPositive();
  }

  private static NetworkSpec.Builder builder(DepthKernel kernel, SumAlgorithm sum) {
    return NetworkSpec.builder(CHANNELS, DEPTH)
        .kernel(kernel)
        .sum(sum == null ? SumChoice.auto() : SumChoice.of(sum));
  }

  private static DepthKernel pairs() {
    return DepthKernel.trainableScalar((t, s) -> Math.cos(3 * t - s));
  }

  /** Every sum that reads such a history. */
  private static List<NetworkSpec.Builder> sums() {
    return List.of(
        builder(DepthKernel.dense(), null),
        builder(pairs(), SumAlgorithm.DIRECT),
        builder(pairs(), SumAlgorithm.BLOCKED),
        builder(DepthKernel.trainableConvolution(t -> 1 / (1 + t)), SumAlgorithm.BLOCKED),
        builder(DepthKernel.parse("scalar + matrix*fractional:0.5"), SumAlgorithm.DIRECT));
  }

  /** A network with a pass forward and backward for random data. */
  private static final class Case implements AutoCloseable {
    final Network network;
    final Workspace workspace;
    final Matrix data;
    final Matrix slope;
    final double[] output;

    Case(NetworkSpec spec) {
      network = Network.create(spec, TestProvider.get(), ElementType.FLOAT32, 7);
      workspace = network.workspace(BATCH);
      data = random(1);
      slope = random(2);
      output = workspace.forward(data).toArray();
      workspace.backward(slope);
    }

    private Matrix random(int seed) {
      Buffer buffer = network.provider().allocate(ElementType.FLOAT32, (long) BATCH * CHANNELS);
      Matrix matrix = Matrix.of(buffer, 0, BATCH, CHANNELS);
      RandomMatrices.fill(matrix, new Random(seed), 1);
      return matrix;
    }

    double[] gradients() {
      return Matrix.vector(workspace.gradients(), 0, (int) network.layout().length()).toArray();
    }

    @Override
    public void close() {
      workspace.close();
      network.close();
      data.buffer().close();
      slope.buffer().close();
    }
  }

  private static double distance(double[] a, double[] b) {
    double squares = 0;
    double size = 0;
    for (int i = 0; i < a.length; i++) {
      squares += (a[i] - b[i]) * (a[i] - b[i]);
      size += b[i] * b[i];
    }
    return Math.sqrt(squares / size);
  }

  /** The bounds are those of docs/kernels.md: 2⁻⁸ for outputs, four times that for gradients. */
  @Test
  void outputsAndGradientsAreNearThoseOfFloat32() {
    long before = NativeMemory.liveBytes();
    for (NetworkSpec.Builder builder : sums()) {
      for (Activation psi : List.of(Activation.IDENTITY, Activation.TANH)) {
        for (FeatureTransform phi :
            List.of(
                FeatureTransform.identity(),
                FeatureTransform.activation(Activation.TANH),
                FeatureTransform.mlp(4, Activation.GELU, CHANNELS))) {
          NetworkSpec spec = builder.activation(psi).features(phi).build();
          try (Case wide = new Case(spec);
              Case narrow = new Case(spec.toBuilder().historyType(HistoryType.BFLOAT16).build())) {
            String name = spec.kernel() + " " + spec.sum() + " " + psi + " " + phi;
            double error = distance(narrow.output, wide.output);
            assertThat(error).as(name).isLessThanOrEqualTo(Bfloat16.EPSILON).isPositive();
            assertThat(distance(narrow.gradients(), wide.gradients()))
                .as(name)
                .isLessThanOrEqualTo(4 * Bfloat16.EPSILON);
          }
        }
      }
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  private static double[] rounded(double[] values) {
    double[] rounded = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = Bfloat16.widen(Bfloat16.narrow(values[i]));
    }
    return rounded;
  }

  /** What is stored is what all later layers, the output and {@link Workspace#state} see. */
  @Test
  void everyLayerUsesTheRoundedFeatures() {
    for (NetworkSpec.Builder builder : sums().subList(0, 4)) {
      NetworkSpec spec = builder.noBias().historyType(HistoryType.BFLOAT16).build();
      try (Case c = new Case(spec)) {
        double[][] z = new double[DEPTH][];
        double[] x0 = c.workspace.state(0).toArray();
        assertThat(x0).isEqualTo(rounded(c.data.toArray()));
        for (int l = 1; l <= DEPTH; l++) {
          double[] x = c.workspace.state(l - 1).toArray();
          z[l - 1] = c.workspace.history().slice(l - 1).toArray();
          for (int i = 0; i < x.length; i++) {
            double feature = Math.tanh(x[i]);
            assertThat(z[l - 1][i]).isEqualTo(feature, within(Bfloat16.EPSILON * 1.001));
          }
          double[] expected = x0.clone();
          addSum(c.network, l, z, expected);
          double[] actual = c.workspace.state(l).toArray();
          assertThat(actual).isEqualTo(rounded(actual));
          for (int i = 0; i < expected.length; i++) {
            double tolerance = Bfloat16.EPSILON * Math.abs(expected[i]) + 1e-5;
            assertThat(actual[i]).isEqualTo(expected[i], within(tolerance));
          }
        }
        assertThat(c.output).isEqualTo(c.workspace.state(DEPTH).toArray());
      }
    }
  }

  private static double coefficient(Network network, int l, int k, int from, int to) {
    return switch (network.spec().kernel()) {
      case DepthKernel.Dense dense -> network.parameter("kernel." + l).get(k * CHANNELS + from, to);
      case DepthKernel.Scalar scalar -> from == to ? network.parameter("kernel." + l).get(0, k) : 0;
      default -> from == to ? network.parameter("kernel.lags").get(0, l - k - 1) : 0;
    };
  }

  private static void addSum(Network network, int l, double[][] z, double[] u) {
    for (int k = 0; k < l; k++) {
      for (int row = 0; row < BATCH; row++) {
        for (int from = 0; from < CHANNELS; from++) {
          for (int to = 0; to < CHANNELS; to++) {
            u[row * CHANNELS + to] +=
                coefficient(network, l, k, from, to) * z[k][row * CHANNELS + from] / DEPTH;
          }
        }
      }
    }
  }

  /**
   * The adjoint of x_l = x_0 + h Σ K z_k, z_k = tanh x_k at the stored states, each rounding having
   * the derivative 1: exact up to rounding of float32, not of bfloat16.
   */
  @Test
  void theAdjointIsExactForTheStoredHistory() {
    for (NetworkSpec.Builder builder : sums().subList(0, 4)) {
      NetworkSpec spec = builder.noBias().historyType(HistoryType.BFLOAT16).build();
      try (Case c = new Case(spec)) {
        double[] slope = c.slope.toArray();
        double[][] costate = new double[DEPTH + 1][];
        double[][] featureGradient = new double[DEPTH + 1][BATCH * CHANNELS];
        double[] initial = new double[BATCH * CHANNELS];
        for (int l = DEPTH; l >= 1; l--) {
          costate[l] = l == DEPTH ? slope : timesDerivative(c, l, featureGradient[l]);
          for (int i = 0; i < initial.length; i++) {
            initial[i] += costate[l][i];
          }
          spread(c.network, l, costate[l], featureGradient);
        }
        double[] first = timesDerivative(c, 0, featureGradient[0]);
        double[] actual = c.workspace.initialStateGradient().toArray();
        for (int i = 0; i < initial.length; i++) {
          assertThat(actual[i]).isEqualTo(initial[i] + first[i], within(1e-4));
        }
        checkKernelGradient(c, costate);
      }
    }
  }

  private static double[] timesDerivative(Case c, int l, double[] gradient) {
    double[] x = c.workspace.state(l).toArray();
    double[] product = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      product[i] = Activation.TANH.derivative(x[i]) * gradient[i];
    }
    return product;
  }

  private static void spread(Network network, int l, double[] delta, double[][] gradient) {
    for (int k = 0; k < l; k++) {
      for (int row = 0; row < BATCH; row++) {
        for (int from = 0; from < CHANNELS; from++) {
          for (int to = 0; to < CHANNELS; to++) {
            gradient[k][row * CHANNELS + from] +=
                coefficient(network, l, k, from, to) * delta[row * CHANNELS + to] / DEPTH;
          }
        }
      }
    }
  }

  private static void checkKernelGradient(Case c, double[][] delta) {
    History z = c.workspace.history();
    double[] lags = new double[DEPTH];
    for (int l = 1; l <= DEPTH; l++) {
      for (int k = 0; k < l; k++) {
        double pair = 0;
        for (int row = 0; row < BATCH; row++) {
          for (int i = 0; i < CHANNELS; i++) {
            pair += z.slice(k).get(row, i) * delta[l][row * CHANNELS + i] / DEPTH;
          }
        }
        switch (c.network.spec().kernel()) {
          case DepthKernel.Dense dense -> {
            double trace = 0;
            for (int i = 0; i < CHANNELS; i++) {
              trace += c.workspace.gradient("kernel." + l).get(k * CHANNELS + i, i);
            }
            assertThat(trace).isEqualTo(pair, within(1e-5));
          }
          case DepthKernel.Scalar scalar ->
              assertThat(c.workspace.gradient("kernel." + l).get(0, k))
                  .isEqualTo(pair, within(1e-5));
          default -> lags[l - k - 1] += pair;
        }
      }
    }
    if (c.network.spec().kernel() instanceof org.volterra.kernel.ScalarKernel.Convolution) {
      assertThat(c.workspace.gradient("kernel.lags").toArray()).containsExactly(lags, within(1e-4));
    }
  }

  /** z, x and, where ψ takes them, u; training adds gradients, which stay float32. */
  @Test
  void bytesAreHalved() {
    for (DepthKernel kernel : List.of(DepthKernel.dense(), pairs())) {
      SumChoice sum =
          kernel instanceof DepthKernel.Dense
              ? SumChoice.auto()
              : SumChoice.of(SumAlgorithm.DIRECT);
      NetworkSpec wide =
          NetworkSpec.builder(32, 100).kernel(kernel).activation(Activation.TANH).sum(sum).build();
      NetworkSpec narrow = wide.toBuilder().historyType(HistoryType.BFLOAT16).build();
      long slice = 8L * 32 * Float.BYTES;
      long[] allocated = new long[2];
      long before = NativeMemory.liveBytes();
      for (int i = 0; i < 2; i++) {
        try (Network network =
            Network.create(i == 0 ? wide : narrow, TestProvider.get(), ElementType.FLOAT32, 1)) {
          try (Workspace workspace = network.inference(8)) {
            assertThat(workspace.historyBytes()).isEqualTo(203 * slice / (i + 1));
            assertThat(workspace.historyBytes() - slice / (i + 1))
                .isEqualTo(2 * network.spec().historyBytes(ElementType.FLOAT32, 8));
            assertThat(workspace.memoryPlan().toString().contains("bytes of bfloat16 in memory"))
                .isEqualTo(i == 1);
          }
          try (Workspace workspace = network.workspace(8)) {
            allocated[i] = NativeMemory.liveBytes() - before;
            long transposed = i == 0 && kernel instanceof DepthKernel.Dense ? 200 : 0;
            assertThat(workspace.historyBytes())
                .isEqualTo((302 * slice) / (i + 1) + (101 + transposed) * slice);
          }
        }
      }
      long saved = 151 * slice + (kernel instanceof DepthKernel.Dense ? 200 * slice : 0);
      long scratch = 4 * slice + (kernel instanceof DepthKernel.Dense ? 8L * 512 : 101L * 256) * 4;
      assertThat(allocated[0] - allocated[1]).isBetween(saved - scratch, saved + 2 * slice);
      assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    }
  }

  @Test
  void printsWhatItIs() {
    NetworkSpec spec = builder(DepthKernel.dense(), null).historyType(HistoryType.BFLOAT16).build();
    assertThat(spec.toString())
        .contains("71 slices x 1 positions x 6 channels = 852 bytes in bfloat16");
    assertThat(NetworkSpec.fromProperties(spec.toProperties()).historyType())
        .isEqualTo(HistoryType.BFLOAT16);
    assertThat(spec.toProperties()).containsEntry("history", "bfloat16");
  }

  @Test
  void refusals() {
    for (String kernel :
        List.of("field(3)", "separable:2", "matrix*exponentials:2", "scalar + separable:1")) {
      NetworkSpec.Builder builder =
          builder(DepthKernel.parse(kernel), null).historyType(HistoryType.BFLOAT16);
      assertThatThrownBy(builder::build)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("historyType bfloat16: the sum of the kernel ");
    }
    NetworkSpec spec =
        builder(DepthKernel.trainableConvolution(t -> 1), SumAlgorithm.FFT)
            .historyType(HistoryType.BFLOAT16)
            .build();
    assertThatThrownBy(() -> Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("historyType bfloat16: needs a network of FLOAT32, not FLOAT64");
    long before = NativeMemory.liveBytes();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT32, 1)) {
      assertThatThrownBy(() -> network.workspace(1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("does not read a history of BFLOAT16");
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
    assertThatThrownBy(() -> HistoryType.parse("half"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("historyType 'half': must be native, bfloat16");
  }
}
