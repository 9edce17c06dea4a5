package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Source;
import org.volterra.Workspace;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.BlockRow;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** Layers that are taken one by one: products with all that surrounds them, gathered adjoints. */
@FakeCudaExtension.Needed
final class CudaLayersTest {
  /** More than whole passes take. */
  private static final int CHANNELS = 80;

  private static final int LAYERS = 7;
  private static final int BATCH = 5;

  @AfterEach
  void allMemoryIsReturned() {
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  /** Rows, columns, length and number of blocks; the last are for warpgroups. */
  @ParameterizedTest
  @EnumSource
  void blocksGiveTheBitsOfTheSameMatricesSideBySide(ProductPrecision precision) {
    int[][] sizes = {
      {5, 7, 16, 3}, {70, 40, 48, 12}, {33, 130, 80, 9}, {68, 132, 96, 8}, {132, 260, 32, 20}
    };
    try (ComputeProvider cuda = new CudaComputeProvider(precision)) {
      for (int[] size : sizes) {
        same(cuda, ElementType.FLOAT32, size);
      }
      same(cuda, ElementType.FLOAT64, sizes[1]);
      same(cuda, ElementType.FLOAT64, sizes[2]);
    }
  }

  private static void same(ComputeProvider cuda, ElementType type, int[] size) {
    int m = size[0];
    int n = size[1];
    int length = size[2];
    int count = size[3];
    int first = 2;
    int blocks = first + (first + 1) * (count - 1) + (count - 1) * (count - 2) / 2 + 1;
    long step = (long) n * length;
    Random random = new Random(9);
    try (Buffer left = cuda.allocate(type, (long) m * length * count);
        Buffer right = cuda.allocate(type, blocks * step);
        Buffer joined = cuda.allocate(type, step * count);
        Buffer results = cuda.allocate(type, 2L * m * n)) {
      Matrix a = Matrix.of(left, 0, m, length * count);
      a.fill(random.doubles(a.size(), -1, 1).toArray());
      Matrix all = Matrix.of(right, 0, blocks * n, length);
      all.fill(random.doubles(all.size(), -1, 1).toArray());
      BlockRow row = new BlockRow(all.rows(first * n, n), (first + 1) * step, step, count);
      Matrix b = Matrix.of(joined, 0, n, length * count);
      Primitives p = cuda.primitives(type);
      for (int j = 0; j < count; j++) {
        p.axpby(1, row.block(j), 0, b.block(0, j * length, n, length));
      }
      Matrix expected = Matrix.of(results, 0, m, n);
      Matrix actual = Matrix.of(results, (long) m * n, m, n);
      p.gemm(0.5, a, false, b, true, 0, expected);
      long launches = FakeCuda.calls("cuLaunchKernel");
      p.gemm(0.5, a, row, AdjointEpilogue.of(actual));
      assertThat(FakeCuda.calls("cuLaunchKernel") - launches).isEqualTo(2);
      assertThat(actual.toArray()).isEqualTo(expected.toArray());
    }
  }

  private static NetworkSpec spec(String feature, String activation, String source, String rest) {
    NetworkSpec.Builder builder =
        NetworkSpec.builder(CHANNELS, LAYERS)
            .inputs(3)
            .outputs(2)
            .kernel(DepthKernel.dense())
            .features(
                feature.equals("none")
                    ? FeatureTransform.identity()
                    : FeatureTransform.activation(Activation.parse(feature)))
            .activation(Activation.parse(activation))
            .source(
                switch (source) {
                  case "zero" -> Source.zero();
                  case "linear" -> Source.linear(DepthDependence.perLayer());
                  default -> Source.initialState();
                });
    return switch (rest) {
      case "no bias" -> builder.noBias().build();
      case "field bias" -> builder.bias(DepthDependence.field(2)).build();
      case "positions" -> builder.positions(3).build();
      default -> builder.build();
    };
  }

  @ParameterizedTest
  @CsvSource({
    "tanh, identity, initial, ''",
    "none, identity, initial, no bias",
    "none, tanh, zero, ''",
    "gelu, softplus, initial, field bias",
    "silu, identity, linear, ''",
    "relu, tanh, linear, positions",
    "sigmoid, gelu, zero, no bias"
  })
  void networksAgreeWithTheReference(
      String feature, String activation, String source, String rest) {
    NetworkSpec spec = spec(feature, activation, source, rest);
    try (ComputeProvider cuda = new CudaComputeProvider();
        ComputeProvider reference = new ScalarProvider()) {
      for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
        double bound = type == ElementType.FLOAT32 ? 2e-5 : 1e-12;
        List<double[]> expected = passes(spec, reference, type);
        List<double[]> actual = passes(spec, cuda, type);
        assertThat(actual).hasSameSizeAs(expected);
        for (int k = 0; k < expected.size(); k++) {
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

  /** Output, states and gradients, for a whole batch and a smaller one. */
  private static List<double[]> passes(
      NetworkSpec spec, ComputeProvider provider, ElementType type) {
    List<double[]> results = new ArrayList<>();
    Random random = new Random(5);
    int rows = BATCH * spec.positions();
    try (Network network = Network.create(spec, provider, type, 3);
        Workspace workspace = network.workspace(BATCH);
        Buffer inputs = provider.allocate(type, rows * 3L);
        Buffer slopes = provider.allocate(type, rows * 2L)) {
      Matrix data = Matrix.of(inputs, 0, rows, 3);
      data.fill(random.doubles(data.size(), -2, 2).toArray());
      Matrix slope = Matrix.of(slopes, 0, rows, 2);
      slope.fill(random.doubles(slope.size(), -2, 2).toArray());
      for (int batch : new int[] {BATCH, BATCH - 2}) {
        Workspace part = workspace.forBatch(batch);
        int count = batch * spec.positions();
        results.add(part.forward(data.rows(0, count)).toArray());
        results.add(part.state(LAYERS).toArray());
        results.add(part.state(2).toArray());
        part.backward(slope.rows(0, count));
        results.add(gradients(network, part));
        results.add(part.initialStateGradient().toArray());
        results.add(part.historyGradient().slice(1).toArray());
      }
    }
    return results;
  }

  private static double[] gradients(Network network, Workspace workspace) {
    int length = Math.toIntExact(network.layout().length());
    return Matrix.vector(workspace.gradients(), 0, length).toArray();
  }

  @Test
  void aLayerTakesFewLaunchesAndAListenerChangesNoBit() {
    NetworkSpec spec = spec("tanh", "identity", "initial", "");
    try (ComputeProvider cuda = new CudaComputeProvider();
        Network network = Network.create(spec, cuda, ElementType.FLOAT32, 3);
        Workspace workspace = network.workspace(BATCH);
        Buffer inputs = cuda.allocate(ElementType.FLOAT32, BATCH * 3L);
        Buffer slopes = cuda.allocate(ElementType.FLOAT32, BATCH * 2L)) {
      Matrix data = Matrix.of(inputs, 0, BATCH, 3);
      data.fill(new Random(4).doubles(data.size(), -1, 1).toArray());
      Matrix slope = Matrix.of(slopes, 0, BATCH, 2);
      slope.fill(new Random(6).doubles(slope.size(), -1, 1).toArray());
      long before = FakeCuda.calls("cuLaunchKernel");
      workspace.forward(data);
      long forward = FakeCuda.calls("cuLaunchKernel");
      assertThat(forward - before).isLessThanOrEqualTo(2 * LAYERS + 5);
      workspace.backward(slope);
      assertThat(FakeCuda.calls("cuLaunchKernel") - forward).isLessThanOrEqualTo(5 * LAYERS + 15);
      double[] fused = gradients(network, workspace);
      List<Integer> heard = new ArrayList<>();
      workspace.backward(slope, (l, state, costate, hamiltonian) -> heard.add(l));
      assertThat(heard).hasSize(LAYERS + 1);
      assertThat(gradients(network, workspace)).isEqualTo(fused);
    }
  }
}
