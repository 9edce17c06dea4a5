package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.Workspace;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** Whole networks with every kernel and algorithm: gradients against central differences. */
class NetworkKernelsTest {
  private static final int CHANNELS = 3;
  private static final int ROWS = 4;

  private static DepthKernel kernel(String text) {
    return switch (text) {
      case "fixed-scalar" -> DepthKernel.scalar((t, s) -> Math.exp(s - 2 * t));
      case "fixed-convolution" -> DepthKernel.convolution(t -> Math.exp(-t));
      case "fixed-smooth" -> DepthKernel.smooth((t, s) -> 1 / (1 + t + s));
      case "fixed-separable" ->
          DepthKernel.separable(List.of(Math::cos, t -> 1), List.of(s -> s, Math::exp));
      default -> DepthKernel.parse(text);
    };
  }

  @CsvSource({
    "scalar, direct, 20",
    "scalar, blocked, 70",
    "fixed-scalar, blocked, 70",
    "convolution, direct, 20",
    "convolution, blocked, 70",
    "convolution, fft, 135",
    "fixed-convolution, fft, 70",
    "fractional:0.4, direct, 9",
    "fractional:0.4, fft, 135",
    "fractional:0.4, exponentials:1e-5, 90",
    "exponentials:3, exponentials, 40",
    "'fixed-exponentials(0.5:1,0.25:3)', exponentials, 20",
    "'fixed-exponentials(0.5:1,0.25:3)', fft, 70",
    "separable:2, separable, 40",
    "fixed-separable, separable, 20",
    "fixed-separable, blocked, 66",
    "fixed-smooth, hierarchical, 135",
    "fixed-smooth, direct, 12",
    "power-law, direct, 20",
    "power-law, blocked, 70",
    "power-law, hierarchical:1e-5, 135",
    "matrix*power-law, hierarchical, 70",
    "matrix*scalar, auto, 12",
    "matrix*convolution, fft, 135",
    "matrix*fractional:0.5, auto, 70",
    "scalar + matrix*exponentials:2, auto, 12",
    "'convolution + matrix*separable:2', blocked+separable, 70",
  })
  @ParameterizedTest
  void gradients(String kernel, String sum, int layers) {
    checkGradients(kernel, sum, layers, 1);
  }

  @CsvSource({
    "scalar, blocked, 70",
    "fractional:0.4, blocked, 70",
    "exponentials:3, exponentials, 40",
    "separable:2, separable, 40",
    "fixed-smooth, hierarchical, 135",
    "power-law, hierarchical, 135",
    "matrix*fractional:0.5, auto, 12",
    "scalar + matrix*exponentials:2, auto, 12",
  })
  @ParameterizedTest
  void gradientsOnGradedGrids(String kernel, String sum, int layers) {
    checkGradients(kernel, sum, layers, 2.5);
  }

  private static void checkGradients(String kernel, String sum, int layers, double grading) {
    NetworkSpec spec =
        NetworkSpec.builder(CHANNELS, layers)
            .grading(grading)
            .kernel(kernel(kernel))
            .sum(SumChoice.parse(sum))
            .activation(Activation.TANH)
            .build();
    Random random = new Random(5);
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 3);
        Workspace workspace = network.workspace(ROWS);
        Buffer data = random(random, ROWS * CHANNELS);
        Buffer slopes = random(random, ROWS * CHANNELS);
        Buffer direction = random(random, (int) network.layout().length())) {
      Matrix x = Matrix.of(data, 0, ROWS, CHANNELS);
      Matrix g = Matrix.of(slopes, 0, ROWS, CHANNELS);
      workspace.forward(x);
      workspace.backward(g);
      for (ParameterLayout.Group group : network.layout().groups().values()) {
        double exact = 0;
        for (ParameterLayout.Entry entry : group.entries()) {
          exact += inner(entry.in(direction), entry.in(workspace.gradients()));
        }
        double step = 1e-6;
        double up = move(network, workspace, group, direction, step, x, g);
        double down = move(network, workspace, group, direction, -step, x, g);
        assertThat(exact)
            .as("%s of %s by %s", group.name(), kernel, sum)
            .isCloseTo((up - down) / (2 * step), within(1e-7 * (1 + Math.abs(exact))));
      }
      Matrix part = Matrix.of(data, 0, 1, CHANNELS);
      double[] whole = workspace.forward(x).rows(0, 1).toArray();
      double[] single = workspace.forBatch(1).forward(part).toArray();
      for (int c = 0; c < CHANNELS; c++) {
        assertThat(single[c]).isCloseTo(whole[c], within(1e-12));
      }
    }
  }

  private static Buffer random(Random random, int length) {
    Buffer buffer = TestProvider.get().allocate(ElementType.FLOAT64, length);
    for (int i = 0; i < length; i++) {
      buffer.set(i, random.nextGaussian());
    }
    return buffer;
  }

  private static double inner(Matrix a, Matrix b) {
    double sum = 0;
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < a.columns(); j++) {
        sum += a.get(i, j) * b.get(i, j);
      }
    }
    return sum;
  }

  private static double move(
      Network network,
      Workspace workspace,
      ParameterLayout.Group group,
      Buffer direction,
      double step,
      Matrix x,
      Matrix g) {
    add(network, group, direction, step);
    double value = inner(workspace.forward(x), g);
    add(network, group, direction, -step);
    return value;
  }

  private static void add(
      Network network, ParameterLayout.Group group, Buffer direction, double step) {
    for (ParameterLayout.Entry entry : group.entries()) {
      Matrix values = entry.in(network.parameters());
      Matrix d = entry.in(direction);
      for (int i = 0; i < d.rows(); i++) {
        for (int j = 0; j < d.columns(); j++) {
          values.set(i, j, values.get(i, j) + step * d.get(i, j));
        }
      }
    }
  }

  @Test
  void refusesAlgorithmsThatDoNotFit() {
    for (String[] pair :
        new String[][] {
          {"scalar", "fft"},
          {"scalar", "hierarchical"},
          {"separable:2", "blocked"},
          {"exponentials:2", "fft"},
          {"convolution", "exponentials"},
          {"scalar + convolution", "fft"},
          {"dense", "direct"},
        }) {
      NetworkSpec spec =
          NetworkSpec.builder(2, 70).kernel(kernel(pair[0])).sum(SumChoice.parse(pair[1])).build();
      try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT32, 1)) {
        assertThatThrownBy(() -> network.workspace(2))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("sum " + pair[1]);
      }
    }
  }
}
