package org.volterra.sum;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.depth.DepthGrid;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** Every sum with a scalar kernel against double loops over all pairs, with its gradients. */
class ScalarKernelSumsTest {
  /** Lengths around block boundaries; the long ones in one type, and short for the reference. */
  static Stream<Arguments> lengths() {
    Stream.Builder<Arguments> all = Stream.builder();
    for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
      for (int layers : new int[] {1, 2, 3, 9, 63, 64, 65, 130}) {
        all.add(Arguments.of(type, layers));
      }
    }
    all.add(Arguments.of(ElementType.FLOAT64, 1000));
    if (!TestProvider.isReference()) {
      all.add(Arguments.of(ElementType.FLOAT32, 4096));
    }
    return all.build();
  }

  private static double pair(int l, int k, int layers) {
    return Math.cos(3.0 * l / layers + 5.0 * k / layers) / (1 + (double) (l - k) / layers);
  }

  private static double lag(int m) {
    return Math.sin(0.7 * m) / Math.sqrt(m);
  }

  private static int columns(int layers) {
    return layers > 200 ? 2 : 21;
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void givenCoefficients(ElementType type, int layers) {
    for (int algorithm = 0; algorithm < 3; algorithm++) {
      try (SumCase c = new SumCase(type, layers, columns(layers))) {
        PairCoefficients a =
            TriangleCoefficients.of(c.p, layers, (l, k) -> pair(l, k, layers), c.memory);
        c.run(exact(algorithm, a));
        c.check((l, k) -> pair(l, k, layers), type == ElementType.FLOAT32 ? 0x1p-24 : 0);
      }
    }
  }

  private static java.util.function.Function<SumCase, CumulativeSum> exact(
      int algorithm, PairCoefficients a) {
    return c ->
        switch (algorithm) {
          case 0 -> new ScalarSum(c.operands, a);
          case 1 -> new BlockedSum(c.operands, a, c.memory, BlockedSum.block(c.layers));
          case 2 -> new BlockedSum(c.operands, a, c.memory, 16);
          case 3 -> new RelaxedFftSum(c.operands, (LagCoefficients) a, c.memory, 64);
          default -> new RelaxedFftSum(c.operands, (LagCoefficients) a, c.memory, 8);
        };
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void trainableCoefficients(ElementType type, int layers) {
    for (int algorithm = 0; algorithm < 3; algorithm++) {
      try (SumCase c = new SumCase(type, layers, columns(layers))) {
        Matrix[] rows = new Matrix[layers];
        Matrix[] slopes = new Matrix[layers];
        for (int l = 1; l <= layers; l++) {
          rows[l - 1] = c.matrix(1, l);
          slopes[l - 1] = c.matrix(1, l);
          for (int k = 0; k < l; k++) {
            rows[l - 1].set(0, k, pair(l, k, layers));
          }
        }
        c.run(exact(algorithm, new TriangleCoefficients(c.p, rows, slopes, c.memory)));
        c.check((l, k) -> pair(l, k, layers), type == ElementType.FLOAT32 ? 0x1p-24 : 0);
        for (int l = 1; l <= layers; l += layers > 1000 ? 397 : layers > 200 ? 37 : 1) {
          for (int k = 0; k < l; k++) {
            c.near("gradient", slopes[l - 1].get(0, k), c.pairGradient(l, k), 4);
          }
        }
      }
    }
  }

  /** Features of bfloat16: the same bounds for the rounded features, also in several pieces. */
  @Test
  void narrowHistories() {
    int[][] shapes = {{1, 3}, {2, 1}, {3, 21}, {63, 5}, {64, 5}, {65, 5}, {130, 17}, {150, 1100}};
    for (int[] shape : shapes) {
      int layers = shape[0];
      for (int algorithm = 0; algorithm < 3; algorithm++) {
        try (SumCase c = new SumCase(ElementType.FLOAT32, ElementType.BFLOAT16, layers, shape[1])) {
          Matrix lags = c.matrix(1, layers);
          Matrix slopes = c.matrix(1, layers);
          for (int m = 1; m <= layers; m++) {
            lags.set(0, m - 1, lag(m));
          }
          c.run(exact(algorithm, new LagCoefficients(c.p, lags, slopes, c.memory)));
          c.check((l, k) -> lag(l - k), 0x1p-24);
          checkLagGradient(c, slopes);
        }
      }
    }
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void lags(ElementType type, int layers) {
    for (int algorithm = 0; algorithm < 5; algorithm++) {
      try (SumCase c = new SumCase(type, layers, columns(layers))) {
        Matrix lags = c.matrix(1, layers);
        Matrix slopes = c.matrix(1, layers);
        for (int m = 1; m <= layers; m++) {
          lags.set(0, m - 1, lag(m));
        }
        c.run(exact(algorithm, new LagCoefficients(c.p, lags, slopes, c.memory)));
        c.check((l, k) -> lag(l - k), type == ElementType.FLOAT32 ? 0x1p-24 : 0);
        checkLagGradient(c, slopes);
      }
    }
  }

  static void checkLagGradient(SumCase c, Matrix slopes) {
    for (int m = 1; m <= c.layers; m += c.layers > 1000 ? 517 : c.layers > 200 ? 61 : 1) {
      double sum = 0;
      double size = 0;
      for (int l = m; l <= c.layers; l++) {
        double term = c.pairGradient(l, l - m);
        sum += term;
        size += Math.abs(term);
      }
      c.near("lag gradient " + m, slopes.get(0, m - 1), sum, size);
    }
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void separable(ElementType type, int layers) {
    int rank = 3;
    try (SumCase c = new SumCase(type, layers, columns(layers))) {
      Matrix outer = c.matrix(layers, rank);
      Matrix inner = c.matrix(layers, rank);
      Matrix outerSlopes = c.matrix(layers, rank);
      Matrix innerSlopes = c.matrix(layers, rank);
      DepthGrid grid = new DepthGrid(layers, 1, 2);
      for (int l = 0; l < layers; l++) {
        for (int r = 0; r < rank; r++) {
          outer.set(l, r, Math.cos((r + 1) * grid.time(l + 1)));
          inner.set(l, r, Math.exp(-r * grid.time(l)));
        }
      }
      c.run(s -> new SeparableSum(s.operands, outer, inner, outerSlopes, innerSlopes, s.memory));
      c.check(
          (l, k) -> {
            double sum = 0;
            for (int r = 0; r < rank; r++) {
              sum += outer.get(l - 1, r) * inner.get(k, r);
            }
            return sum;
          },
          0);
      double size = 4 * Math.sqrt(layers);
      for (int l = 1; l <= layers; l += layers > 1000 ? 397 : layers > 200 ? 37 : 1) {
        for (int r = 0; r < rank; r++) {
          double sum = 0;
          for (int k = 0; k < l; k++) {
            sum += inner.get(k, r) * c.pairGradient(l, k);
          }
          c.near("outer gradient", outerSlopes.get(l - 1, r), sum, size);
          sum = 0;
          for (int m = l; m <= layers; m++) {
            sum += outer.get(m - 1, r) * c.pairGradient(m, l - 1);
          }
          c.near("inner gradient", innerSlopes.get(l - 1, r), sum, size);
        }
      }
    }
  }

  @MethodSource("lengths")
  @ParameterizedTest
  void exponentials(ElementType type, int layers) {
    for (double grading : new double[] {1, 2}) {
      double[] weights = {0.5, -0.25, 2};
      double[] rates = {0, 1.5, 20};
      DepthGrid grid = new DepthGrid(layers, 1, grading);
      double[] times = new double[layers + 1];
      Arrays.setAll(times, grid::time);
      try (SumCase c = new SumCase(type, layers, columns(layers))) {
        Matrix w = c.matrix(1, 3);
        Matrix lambda = c.matrix(1, 3);
        w.fill(weights);
        lambda.fill(rates);
        Matrix weightSlopes = c.matrix(1, 3);
        Matrix rateSlopes = c.matrix(1, 3);
        c.run(s ->
            new ExponentialSum(s.operands, times, w, lambda, weightSlopes, rateSlopes, s.memory));
        c.check(
            (l, k) -> {
              double sum = 0;
              for (int r = 0; r < 3; r++) {
                sum += weights[r] * Math.exp(-rates[r] * (times[l] - times[k]));
              }
              return sum;
            },
            0);
        if (layers <= 1000) {
          for (int r = 0; r < 3; r++) {
            double forWeight = 0;
            double forRate = 0;
            double size = 0;
            for (int l = 1; l <= layers; l++) {
              for (int k = 0; k < l; k++) {
                double t = times[l] - times[k];
                double term = c.pairGradient(l, k) * Math.exp(-rates[r] * t);
                forWeight += term;
                size += Math.abs(term);
                forRate -= weights[r] * t * term;
              }
            }
            c.near("weight gradient", weightSlopes.get(0, r), forWeight, size / Math.sqrt(layers));
            c.near("rate gradient", rateSlopes.get(0, r), forRate, 2 * size / Math.sqrt(layers));
          }
        }
      }
    }
  }
}
