package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.PowerLaw;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** The power law by primitives, as devices with memory of their own compute it. */
class PowerLawValuesTest {
  private static final PowerLaw LAW = (PowerLaw) DepthKernel.powerLaw().function();
  private static final double[] THETA = {1.5, -0.7, 0.8};

  private static ParametricValues.Pairs pairs(DepthGrid grid) {
    return visitor ->
        NearTriangle.forEach(
            grid.layers(), 64, (index, l, k) -> visitor.pair(index, grid.time(l), grid.time(k)));
  }

  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  @ParameterizedTest
  void areThoseOfTheHost(ElementType type) {
    DepthGrid grid = new DepthGrid(150, 1, 1.5);
    double unit = type == ElementType.FLOAT32 ? 2e-6 : 1e-14;
    for (double[] theta : new double[][] {THETA, {-2, 3, -1.2}, {0, 0, 1}, {1, -5, 0}}) {
      try (SumCase c = new SumCase(type, grid.layers(), 1)) {
        Matrix parameters = c.matrix(1, 3);
        parameters.fill(theta);
        Matrix[] gradients = {c.matrix(1, 3), c.matrix(1, 3)};
        ParametricValues[] both = {
          new PowerLawValues(c.p, LAW, parameters, gradients[0]),
          new HostValues(LAW, parameters, gradients[1])
        };
        double[] slopes = new double[151 * 64];
        Random random = new Random(3);
        pairs(grid).forEach((index, t, s) -> slopes[index] = random.nextGaussian());
        double[][] values = new double[2][];
        for (int i = 0; i < 2; i++) {
          gradients[i].fill(new double[] {7, 7, 7});
          ParametricValues.Table table =
              both[i].table(c.memory.part("values" + i), "near", 151, 64, pairs(grid));
          assertThat(both[i].refresh()).isTrue();
          table.fill();
          values[i] = table.values().toArray();
          table.slopes().fill(slopes);
          table.drain();
          both[i].endGradient();
        }
        assertThat(both[0].present().at(0.9, 0.2)).isEqualTo(both[1].present().at(0.9, 0.2));
        pairs(grid)
            .forEach((index, t, s) ->
                assertThat(values[0][index])
                    .isCloseTo(
                        values[1][index], within(unit * Math.abs(values[1][index]) + 1e-30)));
        double size = Arrays.stream(values[1]).map(Math::abs).max().orElseThrow() + 1;
        assertThat(gradients[0].toArray())
            .containsExactly(gradients[1].toArray(), within(1000 * unit * size));
      }
    }
  }

  @Test
  void gradientsAreThoseOfDifferences() {
    DepthGrid grid = new DepthGrid(70, 1);
    try (SumCase c = new SumCase(ElementType.FLOAT64, grid.layers(), 1)) {
      Matrix parameters = c.matrix(1, 3);
      Matrix gradient = c.matrix(1, 3);
      ParametricValues law = new PowerLawValues(c.p, LAW, parameters, gradient);
      ParametricValues.Table table = law.table(c.memory, "near", 71, 64, pairs(grid));
      double[] slopes = new double[71 * 64];
      Random random = new Random(4);
      pairs(grid).forEach((index, t, s) -> slopes[index] = random.nextGaussian());
      table.slopes().fill(slopes);
      parameters.fill(THETA);
      table.fill();
      table.drain();
      for (int i = 0; i < 3; i++) {
        double difference = 0;
        for (int side = -1; side <= 1; side += 2) {
          parameters.fill(THETA);
          parameters.set(0, i, THETA[i] + side * 1e-5);
          table.fill();
          double[] values = table.values().toArray();
          for (int j = 0; j < slopes.length; j++) {
            difference += side * slopes[j] * values[j] / 2e-5;
          }
        }
        assertThat(gradient.get(0, i)).isCloseTo(difference, within(1e-7 * Math.abs(difference)));
      }
    }
  }
}
