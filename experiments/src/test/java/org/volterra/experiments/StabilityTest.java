package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.Engine;
import org.volterra.Model;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.train.Samples;

/** Networks of the same number of parameters, and what is measured of them. */
class StabilityTest {
  private static final int DEPTH = 5;
  private static final int WIDTH = 4;

  private static Samples samples() {
    return StudySamples.digits(1437).test();
  }

  private static double[] product(double[] x, double[] weight, double[] bias) {
    double[] y = bias.clone();
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < y.length; j++) {
        y[j] += x[i] * weight[i * y.length + j];
      }
    }
    return y;
  }

  /** The states of a network by their formulas, one sample. */
  private static double[][] states(Connectivity connectivity, Model model, double[] sample) {
    boolean plain = connectivity == Connectivity.PLAIN;
    double h =
        switch (connectivity) {
          case DENSE_STEP, RESIDUAL_STEP -> 1.0 / DEPTH;
          case DENSE_UNIT, RESIDUAL_UNIT, PLAIN -> 1;
        };
    double[][] x = new double[DEPTH + 1][];
    String first = plain ? "stage.0" : "input";
    x[0] =
        product(
            sample,
            model.parameter(first + ".weight").toArray(),
            model.parameter(first + ".bias").toArray());
    for (int l = 1; l <= DEPTH; l++) {
      double[] sum = new double[WIDTH];
      double[] bias = model.parameter(connectivity.bias(l)).toArray();
      boolean dense =
          connectivity == Connectivity.DENSE_STEP || connectivity == Connectivity.DENSE_UNIT;
      for (int k = dense ? 0 : l - 1; k < l; k++) {
        double[] z = new double[WIDTH];
        for (int i = 0; i < WIDTH; i++) {
          z[i] = Math.tanh(x[k][i]);
        }
        double[] weight =
            dense
                ? block(model.parameter("kernel." + l).toArray(), k)
                : model.parameter(connectivity.bias(l).replace("bias", "weight")).toArray();
        double[] term = product(z, weight, new double[WIDTH]);
        for (int i = 0; i < WIDTH; i++) {
          sum[i] += h * term[i];
        }
      }
      x[l] = new double[WIDTH];
      for (int i = 0; i < WIDTH; i++) {
        x[l][i] =
            switch (connectivity) {
              case DENSE_STEP -> x[0][i] + bias[i] + sum[i];
              case DENSE_UNIT, PLAIN -> bias[i] + sum[i];
              case RESIDUAL_STEP, RESIDUAL_UNIT -> x[l - 1][i] + sum[i] + h * bias[i];
            };
      }
    }
    return x;
  }

  private static double[] block(double[] rows, int k) {
    return Arrays.copyOfRange(rows, k * WIDTH * WIDTH, (k + 1) * WIDTH * WIDTH);
  }

  @ParameterizedTest
  @EnumSource
  void statesCostatesAndParametersAreTheNetworks(Connectivity connectivity) {
    Samples samples = samples();
    try (ComputeProvider provider = Engine.select();
        Model model =
            Model.create(
                connectivity.spec(WIDTH, DEPTH, samples.width(), samples.classes()),
                provider,
                ElementType.FLOAT64,
                2)) {
      StabilityProbe probe = new StabilityProbe(model, connectivity, DEPTH, samples);
      double[] squares = new double[DEPTH + 1];
      for (int n = 0; n < 16; n++) {
        double[][] x = states(connectivity, model, samples.select(n).inputs());
        for (int l = 0; l <= DEPTH; l++) {
          for (double v : x[l]) {
            squares[l] += v * v / (16 * WIDTH);
          }
        }
      }
      double[] norms = probe.stateNorms(0, 1, 2, 3, 4, 5);
      for (int l = 0; l <= DEPTH; l++) {
        assertThat(norms[l]).isCloseTo(Math.sqrt(squares[l]), within(1e-12));
      }
      // The last bias is added to x_L, times h in a residual network that is scaled.
      double last = connectivity == Connectivity.RESIDUAL_STEP ? 1.0 / DEPTH : 1;
      assertThat(probe.costates(DEPTH)[0]).isCloseTo(last, within(1e-12));
      double[] before = model.parameter(connectivity.outputWeight(DEPTH)).toArray();
      assertThat(probe.inputSensitivity(1)).isBetween(0.01, 100.0);
      assertThat(probe.parameterSensitivity(1)).isBetween(0.01, 100.0);
      assertThat(model.parameter(connectivity.outputWeight(DEPTH)).toArray())
          .containsExactly(before);
    }
  }

  @ParameterizedTest
  @EnumSource
  void widthsGiveTheParametersOfTheDenseNetwork(Connectivity connectivity) {
    long wanted = Connectivity.DENSE_STEP.spec(6, 40, 64, 10).layout().parameterCount();
    int width = connectivity.channels(wanted, 40, 64, 10);
    long found = connectivity.spec(width, 40, 64, 10).layout().parameterCount();
    assertThat((double) found / wanted).isBetween(0.96, 1.04);
  }
}
