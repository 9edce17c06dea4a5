package org.volterra.cuda.parity;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.volterra.cuda.parity.Operand.Devices;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * Random cases of each primitive at sizes around the tails of vectors, warps and tiles. The bounds
 * are those of the contract in {@code docs/kernels.md}.
 */
final class PrimitiveChecks {
  private static final int[] SIZES = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 127, 128, 129
  };
  private static final double[][] SCALARS = {{1, 0}, {1, 1}, {-0.5, 0}, {0.75, -2}, {0, 1}};

  private final Devices devices;
  private final RandomGenerator random;
  private final ParityCheck.Extent extent;
  private final ElementType type;
  private final double epsilon;
  private final Side tested;
  private final Side reference;

  PrimitiveChecks(Devices devices, ElementType type, ParityCheck.Extent extent) {
    this.devices = devices;
    this.random = devices.random();
    this.extent = extent;
    this.type = type;
    this.epsilon = type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
    this.tested = new Side(devices.tested().primitives(type), true);
    this.reference = new Side(devices.reference().primitives(type), false);
  }

  /** One of the two devices. */
  private record Side(Primitives p, boolean tested) {
    Matrix of(Operand operand) {
      return tested ? operand.tested() : operand.reference();
    }
  }

  private void both(Consumer<Side> work) {
    work.accept(tested);
    work.accept(reference);
  }

  /** A check by its name; each of its calls makes one case. */
  record Check(String name, int rounds, Case one) {}

  /** Computes and compares one case. */
  interface Case {
    void run(int round, Comparison comparison);
  }

  /** All checks of the element type. */
  List<Check> all() {
    int many = extent.rounds();
    int few = Math.max(1, many / 3);
    List<Check> checks =
        new ArrayList<>(
            List.of(
                new Check("gemm", 4 * many, this::gemm),
                new Check("gemm, large", extent.largest().length, this::largeGemm),
                new Check("gemv", many, this::gemv),
                new Check("ger", many, this::ger),
                new Check("axpby, fill", many, this::axpby),
                new Check("transpose", many, this::transpose),
                new Check("addRow, columnSums", many, this::rows),
                new Check("gatherRows", many, this::gatherRows),
                new Check("dot", many, this::dot),
                new Check("countNonFinite", many, this::countNonFinite),
                new Check("softmax", many, this::softmax),
                new Check("clip", many, this::clip),
                new Check("sgd", many, this::sgd),
                new Check("adam", many, this::adam),
                new Check("toeplitz", many, this::toeplitz),
                new Check("axpbyRows", many, this::axpbyRows),
                new Check("decays", many, this::decays)));
    if (type == ElementType.FLOAT32) {
      checks.add(new Check("narrow, widen", many, this::convert));
    }
    for (Activation f : Activation.values()) {
      checks.add(new Check("activation " + f, few, (round, c) -> activation(f, round, c)));
    }
    return checks;
  }

  private int size() {
    return size(random);
  }

  /** A size around the tails. */
  static int size(RandomGenerator random) {
    return SIZES[random.nextInt(SIZES.length)];
  }

  /** A size, and now and then one that makes the matrix large. */
  private int size(int round, int rows) {
    return round % 10 == 0 ? extent.elements() / rows : size();
  }

  /** Factors of a product and of the old contents. */
  static double[] scalars(int round) {
    return SCALARS[round % SCALARS.length];
  }

  private void gemm(int round, Comparison comparison) {
    int k = round % 10 == 0 ? 500 + random.nextInt(600) : size();
    gemm(size(), size(), k, round, comparison);
  }

  private void largeGemm(int round, Comparison comparison) {
    int[] size = extent.largest()[round];
    gemm(size[0], size[1], size[2], round, comparison);
  }

  private void gemm(int m, int n, int k, int round, Comparison comparison) {
    boolean ta = (round & 1) != 0;
    boolean tb = (round & 2) != 0;
    double[] s = scalars(round);
    try (Operand a = devices.normal(type, ta ? k : m, ta ? m : k);
        Operand b = devices.normal(type, tb ? n : k, tb ? k : n);
        Operand c = devices.old(type, m, n, s[1])) {
      both(side -> side.p().gemm(s[0], side.of(a), ta, side.of(b), tb, s[1], side.of(c)));
      c.compare(
          comparison,
          epsilon * (2 * k + 8),
          4 * epsilon,
          m + " x " + n + " x " + k + (ta ? ", a transposed" : "") + (tb ? ", b transposed" : ""));
    }
  }

  private void gemv(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    boolean transpose = (round & 1) != 0;
    double[] s = scalars(round);
    try (Operand a = devices.normal(type, m, n);
        Operand x = devices.normal(type, 1, transpose ? m : n);
        Operand y = devices.old(type, 1, transpose ? n : m, s[1])) {
      both(side -> side.p().gemv(s[0], side.of(a), transpose, side.of(x), s[1], side.of(y)));
      int k = transpose ? m : n;
      String what = shape(m, n) + (transpose ? ", transposed" : "");
      y.compare(comparison, epsilon * (2 * k + 8), 4 * epsilon, what);
    }
  }

  private void ger(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    try (Operand x = devices.normal(type, 1, m);
        Operand y = devices.normal(type, 1, n);
        Operand a = devices.normal(type, m, n)) {
      both(side -> side.p().ger(-0.7, side.of(x), side.of(y), side.of(a)));
      a.compare(comparison, 20 * epsilon, 4 * epsilon, shape(m, n));
    }
  }

  private void axpby(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    double[] s = scalars(round);
    try (Operand x = devices.normal(type, m, n);
        Operand y = devices.old(type, m, n, s[1])) {
      both(side -> side.p().axpby(s[0], side.of(x), s[1], side.of(y)));
      y.compare(comparison, 20 * epsilon, 0, "axpby " + shape(m, n));
      both(side -> side.p().fill(s[0], side.of(y)));
      y.compare(comparison, 0, 0, "fill " + shape(m, n));
    }
  }

  private void axpbyRows(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    try (Operand x = devices.normal(type, round % 2 == 0 ? 1 : m, n);
        Operand alpha = devices.normal(type, 1, m);
        Operand beta = devices.normal(type, 1, m);
        Operand y = devices.normal(type, m, n)) {
      both(side -> side.p().axpbyRows(side.of(alpha), side.of(x), side.of(beta), side.of(y)));
      y.compare(comparison, 20 * epsilon, 0, shape(m, n));
    }
  }

  private void decays(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    try (Operand times = devices.of(ElementType.FLOAT64, 1, m, random::nextDouble);
        Operand rates = devices.normal(type, 1, n);
        Operand y = devices.old(type, m, n, 0)) {
      both(side -> side.p().decays(side.of(times), side.of(rates), side.of(y)));
      y.compare(comparison, 0, 2 * epsilon, shape(m, n));
    }
  }

  private void transpose(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    try (Operand x = devices.normal(type, m, n);
        Operand y = devices.old(type, n, m, 0)) {
      both(side -> side.p().transpose(side.of(x), side.of(y)));
      y.compare(comparison, 0, 0, shape(m, n));
    }
  }

  private void convert(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    try (Operand x = devices.normal(type, m, n);
        Operand half = devices.old(ElementType.BFLOAT16, m, n, 0)) {
      both(side -> side.p().narrow(side.of(x), side.of(half)));
      half.compare(comparison, 0, 0, "narrow " + shape(m, n));
      both(side -> side.p().widen(side.of(half), side.of(x)));
      x.compare(comparison, 0, 0, "widen " + shape(m, n));
    }
  }

  private void rows(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    double[] s = scalars(round);
    try (Operand x = devices.normal(type, m, n);
        Operand row = devices.normal(type, 1, n);
        Operand y = devices.old(type, m, n, s[1])) {
      both(side -> side.p().addRow(s[0], side.of(row), s[1], side.of(y)));
      y.compare(comparison, 60 * epsilon, 0, "addRow " + shape(m, n));
      both(side -> side.p().columnSums(s[0], side.of(x), s[1], side.of(row)));
      row.compare(
          comparison, 20 * epsilon * Math.sqrt(m), 4 * epsilon, "columnSums " + shape(m, n));
    }
  }

  private void gatherRows(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    int k = size();
    try (Operand x = devices.normal(type, m, n);
        Operand y = devices.old(type, k, n, 0);
        Operand indices = devices.of(ElementType.INT32, 1, k, 0, () -> random.nextInt(m))) {
      both(side -> side.p().gatherRows(side.of(x), side.of(indices), side.of(y)));
      y.compare(comparison, 0, 0, k + " of " + shape(m, n));
      indices.tested().set(0, k - 1, m);
      try {
        tested.p().gatherRows(x.tested(), indices.tested(), y.tested());
        comparison.fail("index " + m + " of " + m + " rows was taken");
      } catch (IndexOutOfBoundsException expected) {
        y.compare(comparison, 0, 0, "what a refused index leaves");
      }
    }
  }

  private void activation(Activation f, int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    double beta = round % 2;
    double relative = type == ElementType.FLOAT32 ? 1e-6 : 1e-12;
    try (Operand x = devices.of(type, m, n, () -> 3 * random.nextGaussian());
        Operand dy = devices.normal(type, m, n);
        Operand y = devices.old(type, m, n, 0);
        Operand dx = devices.old(type, m, n, beta)) {
      both(side -> side.p().activate(f, side.of(x), side.of(y)));
      y.compare(comparison, 1e-43, relative, shape(m, n));
      both(side -> side.p().activateBackward(f, side.of(x), side.of(dy), beta, side.of(dx)));
      dx.compare(comparison, 50 * epsilon, 20 * epsilon, "derivative, " + shape(m, n));
    }
  }

  private void dot(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    double[] s = scalars(round);
    try (Operand x = devices.normal(type, m, n);
        Operand y = devices.normal(type, m, n);
        Operand sum = devices.old(ElementType.FLOAT64, 1, 1, s[1])) {
      both(side -> side.p().dot(s[0], side.of(x), side.of(y), s[1], side.of(sum)));
      sum.compare(comparison, 1e-13 * Math.sqrt((double) m * n), 1e-14, shape(m, n));
    }
  }

  private void countNonFinite(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    double[] odd = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    Operand.Value value =
        () -> random.nextInt(9) == 0 ? odd[random.nextInt(3)] : random.nextGaussian();
    try (Operand x = devices.of(type, m, n, value);
        Operand count = devices.normal(ElementType.FLOAT64, 1, 1)) {
      both(side -> side.p().countNonFinite(side.of(x), side.of(count)));
      count.compare(comparison, 0, 0, shape(m, n));
    }
  }

  private void softmax(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    double spread = round % 3 == 0 ? 40 : 1;
    double scale = 1.0 / m;
    // The reference subtracts a logarithm of about 1000 from its argument.
    double bound = (type == ElementType.FLOAT32 ? 100 : 4000) * epsilon;
    try (Operand x = devices.of(type, m, n, () -> 1000 + spread * random.nextGaussian());
        Operand y = devices.old(type, m, n, 0);
        Operand loss = devices.normal(ElementType.FLOAT64, 1, 1);
        Operand labels = devices.of(ElementType.INT32, 1, m, 0, () -> random.nextInt(n))) {
      both(side -> side.p().softmax(side.of(x), side.of(y)));
      y.compare(comparison, bound, 0, shape(m, n));
      both(side ->
          side.p()
              .softmaxCrossEntropy(scale, side.of(x), side.of(labels), side.of(loss), side.of(y)));
      y.compare(comparison, bound, 0, "gradient of the cross-entropy, " + shape(m, n));
      loss.compare(comparison, bound, bound, "cross-entropy, " + shape(m, n));
    }
  }

  private void clip(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    try (Operand y = devices.normal(type, m, n);
        Operand squares = devices.of(ElementType.FLOAT64, 1, 1, () -> round % 4)) {
      both(side -> side.p().clip(1.2, side.of(squares), side.of(y)));
      y.compare(comparison, 4 * epsilon, 0, shape(m, n));
    }
  }

  private void sgd(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    boolean nesterov = round % 2 == 0;
    double loss = round % 3 == 0 ? Double.NaN : 1;
    try (Operand p = devices.normal(type, m, n);
        Operand g = devices.normal(type, m, n);
        Operand v = devices.normal(type, m, n);
        Operand guard = devices.of(ElementType.FLOAT64, 1, 2, () -> loss)) {
      both(side ->
          side.p()
              .sgd(side.of(p), side.of(g), side.of(v), 0.1, 0.9, 1e-3, nesterov, side.of(guard)));
      p.compare(comparison, 20 * epsilon, 0, "parameters, " + shape(m, n));
      v.compare(comparison, 20 * epsilon, 0, "velocity, " + shape(m, n));
    }
  }

  private void adam(int round, Comparison comparison) {
    int m = size();
    int n = size(round, m);
    try (Operand p = devices.normal(type, m, n);
        Operand g = devices.normal(type, m, n);
        Operand v = devices.normal(type, m, n);
        Operand s = devices.of(type, m, n, () -> Math.abs(random.nextGaussian()))) {
      both(side ->
          side.p()
              .adam(
                  side.of(p),
                  side.of(g),
                  side.of(v),
                  side.of(s),
                  1L + round,
                  1e-2,
                  0.9,
                  0.999,
                  1e-8,
                  0.1));
      v.compare(comparison, 20 * epsilon, 0, "first moment, " + shape(m, n));
      s.compare(comparison, 20 * epsilon, 0, "second moment, " + shape(m, n));
      p.compare(comparison, 100 * epsilon, 1000 * epsilon, "parameters, " + shape(m, n));
    }
  }

  private void toeplitz(int round, Comparison comparison) {
    int size = round == 0 ? extent.longest() : 2 << (round % 9);
    int n = round % 7 == 0 ? 33 : 1 + random.nextInt(8);
    int rows = round % 2 == 0 ? size : 1 + random.nextInt(size);
    boolean transpose = round % 4 < 2;
    double beta = round % 3;
    try (Operand lags = devices.normal(type, 1, 1 + random.nextInt(2 * size - 1));
        Operand prepared = devices.old(type, 1, 4 * size, 0);
        Operand x = devices.normal(type, 1 + random.nextInt(size), n);
        Operand y = devices.old(type, rows, n, beta)) {
      both(side -> {
        side.p().toeplitzPrepare(side.of(lags), side.of(prepared));
        side.p().toeplitz(0.5, side.of(prepared), transpose, side.of(x), beta, side.of(y));
      });
      String what = "size " + size + ", " + rows + " rows, " + n + " columns";
      y.compare(comparison, 8 * epsilon * size, 4 * epsilon, what);
      both(side -> side.p().toeplitzGradient(2, size, side.of(x), side.of(y), side.of(lags)));
      lags.compare(
          comparison,
          200 * epsilon * size * Math.sqrt((double) size * n),
          4 * epsilon,
          "gradient, " + what);
    }
  }

  private static String shape(int rows, int columns) {
    return rows + " x " + columns;
  }
}
