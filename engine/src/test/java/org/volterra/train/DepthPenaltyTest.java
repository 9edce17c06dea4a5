package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

class DepthPenaltyTest {
  private static final double L0 = 0.3;
  private static final double L1 = 0.05;

  @Test
  void valueIsTheFormulaOnTheTriangle() {
    int layers = 4;
    double h = 1.0 / layers;
    NetworkSpec spec = NetworkSpec.builder(1, layers).noBias().build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1)) {
      double[][] theta = new double[layers + 1][layers];
      double mass = 0;
      double differences = 0;
      for (int l = 1; l <= layers; l++) {
        for (int k = 0; k < l; k++) {
          theta[l][k] = network.parameter("kernel." + l).get(k, 0);
          mass += theta[l][k] * theta[l][k];
          if (k > 0) {
            differences += square(theta[l][k] - theta[l][k - 1]);
          }
          if (k < l - 1) {
            differences += square(theta[l][k] - theta[l - 1][k]);
          }
        }
      }
      assertThat(value(network))
          .isCloseTo(0.5 * (L0 * h * h * mass + L1 * differences), within(1e-14));
    }
  }

  @Test
  void valueIsTheFormulaOnTheLine() {
    NetworkSpec spec =
        NetworkSpec.builder(1, 5)
            .kernel(DepthKernel.scalar((t, s) -> 1))
            .source(Source.linear(DepthDependence.field(2)))
            .horizon(2)
            .noBias()
            .build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT64, 1)) {
      double[] a = {0.5, -1, 2};
      for (int i = 0; i < 3; i++) {
        network.parameter("source.node." + i).set(0, 0, a[i]);
      }
      double spacing = 1;
      double expected =
          0.5 * (L0 * spacing * (0.25 + 1 + 4) + L1 / spacing * (square(1.5) + square(3)));
      assertThat(value(network)).isCloseTo(expected, within(1e-14));
    }
  }

  @Test
  void gradientIsThatOfTheValue() {
    for (DepthKernel kernel :
        List.of(
            DepthKernel.dense(),
            DepthKernel.field(3),
            DepthKernel.trainableScalar((t, s) -> t - s))) {
      NetworkSpec spec =
          NetworkSpec.builder(2, 4)
              .kernel(kernel)
              .source(Source.linear(DepthDependence.perLayer()))
              .bias(DepthDependence.field(2))
              .build();
      ComputeProvider provider = TestProvider.get();
      try (Network network = Network.create(spec, provider, ElementType.FLOAT64, 1);
          Buffer gradients = provider.allocate(ElementType.FLOAT64, network.layout().length());
          DepthPenalty penalty =
              new DepthPenalty(new DepthRegularizer(L0, L1), network, gradients);
          Buffer scalar = provider.allocate(ElementType.FLOAT64, 1)) {
        penalty.add(Matrix.vector(scalar, 0, 1));
        for (int i = 0; i < gradients.length(); i++) {
          double at = network.parameters().get(i);
          double step = 1e-3;
          network.parameters().set(i, at + step);
          double up = value(network);
          network.parameters().set(i, at - step);
          double down = value(network);
          network.parameters().set(i, at);
          boolean gap = network.layout().length() > 0 && isGap(network, i);
          assertThat(gradients.get(i))
              .as("%s, element %d", kernel, i)
              .isCloseTo(gap ? 0 : (up - down) / (2 * step), within(1e-10));
        }
      }
    }
  }

  private static boolean isGap(Network network, int index) {
    return network.layout().entries().values().stream()
        .noneMatch(e -> index >= e.offset() && index < e.offset() + e.size());
  }

  private static double value(Network network) {
    ComputeProvider provider = network.provider();
    try (Buffer gradients = provider.allocate(ElementType.FLOAT64, network.layout().length());
        Buffer scalar = provider.allocate(ElementType.FLOAT64, 1);
        DepthPenalty penalty = new DepthPenalty(new DepthRegularizer(L0, L1), network, gradients)) {
      penalty.add(Matrix.vector(scalar, 0, 1));
      return scalar.get(0);
    }
  }

  private static double square(double x) {
    return x * x;
  }

  @Test
  void badWeightsAreRefused() {
    assertThatThrownBy(() -> new DepthRegularizer(-1, 0)).hasMessageContaining("lambda0 -1.0");
    assertThatThrownBy(() -> new DepthRegularizer(0, Double.NaN))
        .hasMessageContaining("lambda1 NaN");
    assertThat(DepthRegularizer.none().isNone()).isTrue();
  }
}
