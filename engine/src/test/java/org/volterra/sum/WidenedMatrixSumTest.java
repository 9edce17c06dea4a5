package org.volterra.sum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.volterra.depth.DepthParameter;
import org.volterra.memory.History;
import org.volterra.memory.NativeMemory;
import org.volterra.memory.Resources;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.testing.RandomMatrices;
import org.volterra.testing.TestProvider;

/** The sum of a dense kernel over features of bfloat16 against loops over the same features. */
class WidenedMatrixSumTest {
  private static final double SCALE = 0.7;

  private final Primitives p = TestProvider.get().primitives(ElementType.FLOAT32);
  private final Random random = new Random(29);

  private static Matrix matrix(Resources owner, int rows, int columns) {
    return Matrix.of(
        owner.own(TestProvider.get().allocate(ElementType.FLOAT32, (long) rows * columns)),
        0,
        rows,
        columns);
  }

  /**
   * Layers, rows, feature channels, channels: one block; a last one; bands of rows; wide slices.
   */
  @Test
  void sumsTransposesAndGradientsAreThoseOfTheStoredFeatures() {
    long before = NativeMemory.liveBytes();
    int[][] shapes = {
      {1, 1, 1, 1},
      {3, 5, 4, 3},
      {2, 3, 512, 2},
      {7, 4, 200, 5},
      {2, 300, 300, 3},
      {2, 140, 1000, 2}
    };
    for (int[] s : shapes) {
      try (Resources owner = new Resources()) {
        compare(owner, s[0], s[1], s[2], s[3]);
      }
    }
    assertThat(NativeMemory.liveBytes()).isEqualTo(before);
  }

  private void compare(Resources owner, int layers, int rows, int width, int channels) {
    History z = history(owner, ElementType.BFLOAT16, layers, rows, width);
    History slopes = history(owner, ElementType.FLOAT32, layers, rows, width);
    for (int k = 0; k <= layers; k++) {
      RandomMatrices.fill(z.slice(k), random, 1);
    }
    Matrix[] weights = new Matrix[layers];
    Matrix[] gradients = new Matrix[layers];
    for (int l = 1; l <= layers; l++) {
      weights[l - 1] = matrix(owner, l * width, channels);
      gradients[l - 1] = matrix(owner, l * width, channels);
      RandomMatrices.fill(weights[l - 1], random, 1);
      p.fill(Double.NaN, gradients[l - 1]);
    }
    CumulativeSum sum =
        new WidenedMatrixSum(
            p,
            SCALE,
            DepthParameter.perLayer(weights, gradients, 1),
            z,
            slopes,
            new SumMemory(TestProvider.get(), ElementType.FLOAT32, owner));
    Matrix u = matrix(owner, rows, channels);
    for (int l = 1; l <= layers; l++) {
      p.fill(0.5, u);
      sum.forward(l, sum.operand(u));
      close("sum", u, 0.5, SCALE, z.first(l).toArray(), weights[l - 1].toArray(), l * width);
    }
    double[][] expected = new double[rows][layers * width];
    for (int l = layers; l >= 1; l--) {
      RandomMatrices.fill(u, random, 1);
      sum.adjoint(l, sum.operand(u));
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < l * width; j++) {
          for (int c = 0; c < channels; c++) {
            expected[i][j] += SCALE * u.get(i, c) * weights[l - 1].get(j, c);
          }
        }
      }
      for (int j = 0; j < l * width; j++) {
        for (int c = 0; c < channels; c++) {
          double slope = 0;
          for (int i = 0; i < rows; i++) {
            slope += SCALE * z.first(l).get(i, j) * u.get(i, c);
          }
          near("gradient", gradients[l - 1].get(j, c), slope, rows);
        }
      }
    }
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < layers * width; j++) {
        near("transpose", slopes.first(layers).get(i, j), expected[i][j], layers * channels);
      }
    }
  }

  private static History history(
      Resources owner, ElementType type, int layers, int rows, int width) {
    return owner.own(
        History.allocate(
            TestProvider.get(), type, History.Layout.INTERLEAVED, layers + 1, rows, 1, width));
  }

  private static void close(
      String what, Matrix u, double begin, double scale, double[] z, double[] w, int inner) {
    for (int i = 0; i < u.rows(); i++) {
      for (int c = 0; c < u.columns(); c++) {
        double value = 0;
        for (int j = 0; j < inner; j++) {
          value += scale * z[i * inner + j] * w[j * u.columns() + c];
        }
        near(what, u.get(i, c), begin + value, inner);
      }
    }
  }

  private static void near(String what, double actual, double expected, int terms) {
    double tolerance = 0x1p-23 * (8 + 8 * Math.sqrt(terms)) * 4;
    if (!(Math.abs(actual - expected) <= tolerance)) {
      assertThat(actual).as("%s of %d terms within %s", what, terms, tolerance).isEqualTo(expected);
    }
  }
}
