package org.volterra.cuda.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.BlockRow;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * Products with what surrounds them in a layer, against the single primitives of the same device to
 * the last bit, and products with blocks against those of the same matrices side by side.
 */
final class LayerChecks {
  /** Rows, columns, and the length and number of blocks. */
  private static final int[][] SIZES = {{5, 7, 16, 3}, {33, 130, 80, 9}, {68, 132, 96, 8}};

  /** The same for many multiprocessors: warpgroups take the first, one piece is enough for one. */
  private static final int[][] LARGE = {{1024, 256, 256, 5}, {4096, 256, 64, 1}, {128, 64, 64, 40}};

  private static final List<Activation> FUNCTIONS = List.of(Activation.values());

  private final ComputeProvider device;
  private final RandomGenerator random;
  private final ElementType type;
  private final Primitives p;
  private final int[][] sizes;

  LayerChecks(ComputeProvider device, RandomGenerator random, ElementType type, boolean large) {
    this.device = device;
    this.random = random;
    this.type = type;
    this.p = device.primitives(type);
    this.sizes = large ? concat() : SIZES;
  }

  private static int[][] concat() {
    List<int[]> all = new ArrayList<>(List.of(SIZES));
    all.addAll(List.of(LARGE));
    return all.toArray(int[][]::new);
  }

  int rounds() {
    return 2 * sizes.length;
  }

  void run(int round, Comparison comparison) {
    int[] size = sizes[round / 2];
    try (Resources resources = new Resources()) {
      if (round % 2 == 0) {
        layer(size, round, resources, comparison);
      } else {
        adjoint(size, round, resources, comparison);
      }
    }
  }

  private Matrix matrix(int rows, int columns, Resources resources) {
    Matrix m =
        Matrix.of(resources.own(device.allocate(type, (long) rows * columns)), 0, rows, columns);
    m.fill(random.doubles(m.size(), -1, 1).toArray());
    return m;
  }

  private void layer(int[] size, int round, Resources resources, Comparison comparison) {
    int m = size[0];
    int n = size[1];
    int k = size[2] * size[3];
    Matrix a = matrix(m, k, resources);
    Matrix b = matrix(k, n, resources);
    Matrix bias = matrix(1, n, resources);
    Matrix source = matrix(m, n, resources);
    for (boolean hasSum : new boolean[] {false, true}) {
      Matrix[] results = new Matrix[3];
      for (int i = hasSum ? 0 : 1; i < results.length; i++) {
        results[i] = matrix(m, n, resources);
      }
      Activation f = hasSum ? function(round) : Activation.IDENTITY;
      Epilogue e =
          new Epilogue(
              bias, results[0], f, source, results[1], function(round + 1), 0.75, results[2]);
      e.begin(p);
      p.gemm(0.5, a, false, b, false, 1, e.target());
      e.end(p);
      List<double[]> single = values(results);
      p.gemm(0.5, a, false, b, false, e);
      compare(values(results), single, "layer " + m + " x " + n + " x " + k, comparison);
    }
  }

  private static Activation function(int number) {
    return FUNCTIONS.get(number % FUNCTIONS.size());
  }

  private void adjoint(int[] size, int round, Resources resources, Comparison comparison) {
    int m = size[0];
    int n = size[1];
    int length = size[2];
    int count = size[3];
    long step = (long) n * length;
    int blocks = 1 + 2 * (count - 1) + (count - 1) * (count - 2) / 2;
    Matrix a = matrix(m, length * count, resources);
    BlockRow row =
        new BlockRow(matrix(blocks * n, length, resources).rows(0, n), 2 * step, step, count);
    Matrix b = matrix(n, length * count, resources);
    for (int j = 0; j < count; j++) {
      p.axpby(1, row.block(j), 0, b.block(0, j * length, n, length));
    }
    Matrix state = matrix(m, n, resources);
    Matrix sum = matrix(m, n, resources);
    Matrix initial = matrix(m, n, resources);
    Matrix[] results = {matrix(m, n, resources), matrix(m, n, resources), matrix(m, n, resources)};
    AdjointEpilogue e =
        new AdjointEpilogue(
            results[0],
            0.75,
            function(round),
            state,
            results[1],
            initial,
            function(round + 2),
            sum,
            results[2]);
    double[] before = initial.toArray();
    p.gemm(0.5, a, false, b, true, 0, e.slope());
    double[] joined = e.slope().toArray();
    p.gemm(0.5, a, row, AdjointEpilogue.of(e.slope()));
    String what = "adjoint " + m + " x " + n + " x " + count + " blocks of " + length;
    double unit = type == ElementType.FLOAT32 ? 0x1p-24 : 0x1p-53;
    double bound = unit * (2 * length * count + 8);
    comparison.compare(e.slope().toArray(), joined, bound, bound, "blocks of " + what);
    e.end(p);
    List<double[]> single = values(results[0], results[1], results[2], initial);
    initial.fill(before);
    p.gemm(0.5, a, row, e);
    List<double[]> fused = values(results[0], results[1], results[2], initial);
    compare(fused, single, what, comparison);
  }

  private static List<double[]> values(Matrix... results) {
    List<double[]> all = new ArrayList<>();
    for (Matrix m : results) {
      if (m != null) {
        all.add(m.toArray());
      }
    }
    return all;
  }

  private static void compare(
      List<double[]> actual, List<double[]> expected, String what, Comparison comparison) {
    for (int i = 0; i < expected.size(); i++) {
      comparison.compare(actual.get(i), expected.get(i), 0, 0, "result " + i + " of " + what);
    }
  }
}
