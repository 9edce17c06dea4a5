package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.testing.TestProvider;

/**
 * Every primitive of the provider under test against the reference, over sizes around each tail.
 */
class PrimitivesContractTest {
  private static final long SEED = 20261124;
  private static final int[] SIZES = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 48, 49, 63, 65, 100
  };
  private static final double[][] SCALARS = {{1, 0}, {1, 1}, {-0.5, 0}, {0.75, -2}, {0, 1}};

  private final Primitives[] tested = {
    TestProvider.get().primitives(ElementType.FLOAT32),
    TestProvider.get().primitives(ElementType.FLOAT64)
  };
  private final ScalarProvider scalar = new ScalarProvider();
  private final Random random = new Random(SEED);

  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "FLOAT64"})
  @ParameterizedTest
  @Retention(RetentionPolicy.RUNTIME)
  @interface EachType {}

  @SuppressWarnings("EnumOrdinal") // an index of this test alone
  private Primitives tested(ElementType type) {
    return tested[type.ordinal()];
  }

  private static double epsilon(ElementType type) {
    return type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52;
  }

  private Guarded matrix(ElementType type, int rows, int columns) {
    return Guarded.random(type, rows, columns, random.nextInt(3) * random.nextInt(20), random);
  }

  /** Random contents, or NaN where they must not be read. */
  private Guarded old(ElementType type, int rows, int columns, double beta) {
    return Guarded.of(
        type,
        rows,
        columns,
        random.nextInt(20),
        (i, j) -> beta == 0 ? Double.NaN : random.nextGaussian());
  }

  private int size() {
    return SIZES[random.nextInt(SIZES.length)];
  }

  private static String name(String what, Object... facts) {
    return what + " " + Arrays.toString(facts) + ", seed " + SEED;
  }

  @EachType
  void gemm(ElementType type) {
    for (int round = 0; round < 250; round++) {
      int m = size();
      int n = size();
      int k = round % 10 == 0 ? 500 + random.nextInt(600) : size();
      gemm(
          type,
          m,
          n,
          k,
          (round & 1) != 0,
          (round & 2) != 0,
          SCALARS[random.nextInt(SCALARS.length)]);
    }
    gemm(type, 64, 1500, 64, false, true, SCALARS[0]);
    gemm(type, 700, 64, 64, true, false, SCALARS[3]);
    gemm(type, 130, 130, 1100, false, false, SCALARS[3]);
    for (int rows = 1; rows <= 4; rows++) {
      gemm(type, rows, 150 + 33 * rows, 700, false, false, SCALARS[rows]);
      gemm(type, rows, 128, 600, rows % 2 == 0, false, SCALARS[0]);
      gemm(type, 70 * rows, 1, 90, false, rows % 2 == 0, SCALARS[rows]);
    }
  }

  private void gemm(ElementType type, int m, int n, int k, boolean ta, boolean tb, double[] s) {
    try (Guarded a = matrix(type, ta ? k : m, ta ? m : k);
        Guarded b = matrix(type, tb ? n : k, tb ? k : n);
        Guarded c = old(type, m, n, s[1])) {
      tested(type).gemm(s[0], a.tested, ta, b.tested, tb, s[1], c.tested);
      scalar.primitives(type).gemm(s[0], a.reference, ta, b.reference, tb, s[1], c.reference);
      double tolerance = epsilon(type) * (2 * k + 8);
      c.check(name("gemm", type, m, n, k, ta, tb, s[0], s[1]), tolerance, 4 * epsilon(type));
    }
  }

  @EachType
  void gemv(ElementType type) {
    for (int round = 0; round < 120; round++) {
      int m = size();
      int n = round % 7 == 0 ? 1000 + random.nextInt(3000) : size();
      boolean transpose = (round & 1) != 0;
      double[] s = SCALARS[round % SCALARS.length];
      try (Guarded a = matrix(type, m, n);
          Guarded x = matrix(type, 1, transpose ? m : n);
          Guarded y = old(type, 1, transpose ? n : m, s[1])) {
        tested(type).gemv(s[0], a.tested, transpose, x.tested, s[1], y.tested);
        scalar.primitives(type).gemv(s[0], a.reference, transpose, x.reference, s[1], y.reference);
        int k = transpose ? m : n;
        double tolerance = epsilon(type) * (2 * k + 8);
        y.check(name("gemv", type, m, n, transpose, s[0], s[1]), tolerance, 4 * epsilon(type));
      }
    }
  }

  @EachType
  void ger(ElementType type) {
    for (int round = 0; round < 60; round++) {
      int m = size();
      int n = round % 9 == 0 ? 40000 / m : size();
      try (Guarded x = matrix(type, 1, m);
          Guarded y = matrix(type, 1, n);
          Guarded a = matrix(type, m, n)) {
        tested(type).ger(-0.7, x.tested, y.tested, a.tested);
        scalar.primitives(type).ger(-0.7, x.reference, y.reference, a.reference);
        a.check(name("ger", type, m, n), 20 * epsilon(type), 4 * epsilon(type));
      }
    }
  }

  @EachType
  void transpose(ElementType type) {
    for (int round = 0; round < 80; round++) {
      int m = size();
      int n = round % 9 == 0 ? 40000 / m : size();
      try (Guarded x = matrix(type, m, n);
          Guarded y = old(type, n, m, 0)) {
        tested(type).transpose(x.tested, y.tested);
        scalar.primitives(type).transpose(x.reference, y.reference);
        y.check(name("transpose", type, m, n), 0, 0);
      }
    }
  }

  @EachType
  void toeplitz(ElementType type) {
    for (int round = 0; round < 60; round++) {
      int size = round == 0 ? 4096 : 2 << (round % 9);
      int n = round == 0 ? 1 : round % 7 == 0 ? 300 : size();
      int lags = round % 3 == 0 ? 2 * size - 1 : 1 + random.nextInt(2 * size - 1);
      int rows = round % 2 == 0 ? size : 1 + random.nextInt(size);
      int columns = round % 5 == 0 ? size : 1 + random.nextInt(size);
      boolean transpose = round % 4 < 2;
      double beta = round % 3;
      try (Guarded c = matrix(type, 1, lags);
          Guarded prepared = old(type, 1, 4 * size, 0);
          Guarded x = matrix(type, columns, n);
          Guarded y = old(type, rows, n, beta)) {
        Primitives reference = scalar.primitives(type);
        tested(type).toeplitzPrepare(c.tested, prepared.tested);
        reference.toeplitzPrepare(c.reference, prepared.reference);
        tested(type).toeplitz(0.5, prepared.tested, transpose, x.tested, beta, y.tested);
        reference.toeplitz(0.5, prepared.reference, transpose, x.reference, beta, y.reference);
        String what = name("toeplitz", type, size, rows, columns, n, lags, transpose);
        y.check(what, 8 * epsilon(type) * size, 4 * epsilon(type));
        tested(type).toeplitzGradient(2, size, x.tested, y.tested, c.tested);
        reference.toeplitzGradient(2, size, x.reference, y.reference, c.reference);
        c.check(
            what + " gradient",
            200 * epsilon(type) * size * Math.sqrt(size * n),
            4 * epsilon(type));
      }
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> {
          try (Guarded x = matrix(type, 3, 3)) {
            tested(type).toeplitzGradient(1, 3, x.tested, x.tested, x.tested.rows(0, 1));
          }
        });
  }

  @EachType
  void linear(ElementType type) {
    for (int round = 0; round < 150; round++) {
      int m = size();
      int n = round % 30 == 0 ? 40000 / m : size();
      double[] s = SCALARS[round % SCALARS.length];
      Primitives reference = scalar.primitives(type);
      try (Guarded x = matrix(type, m, n);
          Guarded row = matrix(type, 1, n);
          Guarded y = old(type, m, n, s[1])) {
        tested(type).axpby(s[0], x.tested, s[1], y.tested);
        reference.axpby(s[0], x.reference, s[1], y.reference);
        y.check(name("axpby", type, m, n, s[0], s[1]), 20 * epsilon(type), 0);
        tested(type).addRow(s[0], row.tested, s[1], y.tested);
        reference.addRow(s[0], row.reference, s[1], y.reference);
        y.check(name("addRow", type, m, n, s[0], s[1]), 60 * epsilon(type), 0);
        tested(type).addRow(x.tested, row.tested, y.tested);
        reference.addRow(x.reference, row.reference, y.reference);
        y.check(name("addRow", type, m, n), 0, 0);
        tested(type).columnSums(s[0], x.tested, s[1], row.tested);
        reference.columnSums(s[0], x.reference, s[1], row.reference);
        double tolerance = epsilon(type) * (2 * m + 8);
        row.check(name("columnSums", type, m, n, s[0], s[1]), tolerance, 4 * epsilon(type));
        tested(type).fill(s[0], y.tested);
        reference.fill(s[0], y.reference);
        y.check(name("fill", type, m, n, s[0]), 0, 0);
      }
    }
  }

  @EachType
  void factorsOfRows(ElementType type) {
    Primitives reference = scalar.primitives(type);
    for (int round = 0; round < 60; round++) {
      int m = size();
      int n = round % 30 == 0 ? 40000 / m : size();
      try (Guarded x = matrix(type, round % 3 == 0 ? 1 : m, n);
          Guarded alpha = matrix(type, 1, m);
          Guarded beta = matrix(type, 1, m);
          Guarded rates = matrix(type, 1, n);
          Guarded times =
              Guarded.of(ElementType.FLOAT64, 1, m, 0, (i, j) -> random.nextDouble(-1, 2));
          Guarded y = matrix(type, m, n)) {
        beta.tested.set(0, m - 1, 0);
        beta.reference.set(0, m - 1, 0);
        y.tested.set(m - 1, 0, Double.NaN);
        y.reference.set(m - 1, 0, Double.NaN);
        tested(type).axpbyRows(alpha.tested, x.tested, beta.tested, y.tested);
        reference.axpbyRows(alpha.reference, x.reference, beta.reference, y.reference);
        y.check(name("axpbyRows", type, m, n, x.tested.rows()), 20 * epsilon(type), 0);
        tested(type).decays(times.tested, rates.tested, y.tested);
        reference.decays(times.reference, rates.reference, y.reference);
        y.check(name("decays", type, m, n), 0, 2 * epsilon(type));
        Matrix oneMore = Matrix.vector(y.tested.buffer(), 0, m + 1);
        assertThrows(
            IllegalArgumentException.class,
            () -> tested(type).axpbyRows(oneMore, x.tested, beta.tested, y.tested));
        assertThrows(
            IllegalArgumentException.class,
            () -> tested(type).decays(oneMore, rates.tested, y.tested));
      }
    }
  }

  @EachType
  void gatherRows(ElementType type) {
    for (int round = 0; round < 40; round++) {
      int m = size();
      int n = size();
      int k = size();
      try (Guarded x = matrix(type, m, n);
          Guarded y = old(type, k, n, 0);
          Guarded rows = Guarded.of(ElementType.INT32, 1, k, 0, (i, j) -> random.nextInt(m))) {
        tested(type).gatherRows(x.tested, rows.tested, y.tested);
        scalar.primitives(type).gatherRows(x.reference, rows.reference, y.reference);
        y.check(name("gatherRows", type, m, n, k), 0, 0);
        rows.tested.set(0, k - 1, m);
        assertThrows(
            IndexOutOfBoundsException.class,
            () -> tested(type).gatherRows(x.tested, rows.tested, y.tested));
      }
    }
  }

  @EachType
  void activations(ElementType type) {
    for (Activation f : Activation.values()) {
      for (int round = 0; round < 40; round++) {
        int m = size();
        int n = round == 0 ? 20000 / m : size();
        double beta = round % 2;
        Guarded.Cell cell = (i, j) -> 3 * random.nextGaussian();
        try (Guarded x = Guarded.of(type, m, n, random.nextInt(9), cell);
            Guarded dy = matrix(type, m, n);
            Guarded y = old(type, m, n, 0);
            Guarded dx = old(type, m, n, beta)) {
          tested(type).activate(f, x.tested, y.tested);
          scalar.primitives(type).activate(f, x.reference, y.reference);
          y.check(
              name("activate", f, type, m, n), 1e-43, type == ElementType.FLOAT32 ? 1e-6 : 1e-12);
          tested(type).activateBackward(f, x.tested, dy.tested, beta, dx.tested);
          scalar
              .primitives(type)
              .activateBackward(f, x.reference, dy.reference, beta, dx.reference);
          dx.check(
              name("activateBackward", f, type, m, n, beta),
              50 * epsilon(type),
              20 * epsilon(type));
          tested(type).activate(f, x.tested, x.tested);
          scalar.primitives(type).activate(f, x.reference, x.reference);
          x.check(
              name("activate in place", f, type, m, n),
              1e-43,
              type == ElementType.FLOAT32 ? 1e-6 : 1e-12);
        }
      }
    }
  }

  @EachType
  void reductions(ElementType type) {
    for (int round = 0; round < 100; round++) {
      int m = size();
      int n = round % 20 == 0 ? 40000 / m : size();
      double[] s = SCALARS[round % SCALARS.length];
      try (Guarded x = matrix(type, m, n);
          Guarded y = matrix(type, m, n);
          Guarded sum = old(ElementType.FLOAT64, 1, 1, s[1]);
          Guarded count = Guarded.random(ElementType.FLOAT64, 1, 1, 0, random)) {
        tested(type).dot(s[0], x.tested, y.tested, s[1], sum.tested);
        scalar.primitives(type).dot(s[0], x.reference, y.reference, s[1], sum.reference);
        sum.check(name("dot", type, m, n, s[0], s[1]), 1e-13 * Math.sqrt(m * n), 1e-14);
        for (Matrix z : new Matrix[] {x.tested, x.reference}) {
          z.set(m - 1, n - 1, Double.NaN);
          z.set(m / 2, 0, Double.POSITIVE_INFINITY);
          z.set(0, n / 2, Double.NEGATIVE_INFINITY);
        }
        tested(type).countNonFinite(x.tested, count.tested);
        scalar.primitives(type).countNonFinite(x.reference, count.reference);
        count.check(name("countNonFinite", type, m, n), 0, 0);
      }
    }
  }

  @EachType
  void softmax(ElementType type) {
    // The reference subtracts a logarithm of about 1000 from its argument.
    double tolerance = (type == ElementType.FLOAT32 ? 100 : 4000) * epsilon(type);
    for (int round = 0; round < 80; round++) {
      int m = size();
      int n = round % 20 == 0 ? 40000 / m : size();
      double spread = round % 3 == 0 ? 40 : 1;
      try (Guarded x =
              Guarded.of(
                  type, m, n, random.nextInt(9), (i, j) -> 1000 + spread * random.nextGaussian());
          Guarded y = old(type, m, n, 0);
          Guarded loss = Guarded.random(ElementType.FLOAT64, 1, 1, 0, random);
          Guarded labels = Guarded.of(ElementType.INT32, 1, m, 0, (i, j) -> random.nextInt(n))) {
        tested(type).softmax(x.tested, y.tested);
        scalar.primitives(type).softmax(x.reference, y.reference);
        y.check(name("softmax", type, m, n), tolerance, 0);
        double scale = 1.0 / m;
        tested(type).softmaxCrossEntropy(scale, x.tested, labels.tested, loss.tested, y.tested);
        scalar
            .primitives(type)
            .softmaxCrossEntropy(scale, x.reference, labels.reference, loss.reference, y.reference);
        y.check(name("softmaxCrossEntropy", type, m, n), tolerance, 0);
        loss.check(name("softmaxCrossEntropy loss", type, m, n), tolerance, tolerance);
        labels.tested.set(0, m - 1, n);
        assertThrows(
            IndexOutOfBoundsException.class,
            () ->
                tested(type)
                    .softmaxCrossEntropy(scale, x.tested, labels.tested, loss.tested, y.tested));
      }
    }
  }

  @EachType
  void optimisers(ElementType type) {
    for (int round = 0; round < 60; round++) {
      int m = size();
      int n = round % 20 == 0 ? 40000 / m : size();
      Guarded.Cell square = (i, j) -> Math.abs(random.nextGaussian());
      try (Guarded p = matrix(type, m, n);
          Guarded g = matrix(type, m, n);
          Guarded v = matrix(type, m, n);
          Guarded s = Guarded.of(type, m, n, 3, square)) {
        boolean nesterov = round % 2 == 0;
        tested(type).sgd(p.tested, g.tested, v.tested, 0.1, 0.9, 1e-3, nesterov);
        scalar
            .primitives(type)
            .sgd(p.reference, g.reference, v.reference, 0.1, 0.9, 1e-3, nesterov);
        p.check(name("sgd", type, m, n), 20 * epsilon(type), 0);
        v.check(name("sgd velocity", type, m, n), 20 * epsilon(type), 0);
        long step = 1L + round;
        tested(type)
            .adam(p.tested, g.tested, v.tested, s.tested, step, 1e-2, 0.9, 0.999, 1e-8, 0.1);
        scalar
            .primitives(type)
            .adam(
                p.reference,
                g.reference,
                v.reference,
                s.reference,
                step,
                1e-2,
                0.9,
                0.999,
                1e-8,
                0.1);
        v.check(name("adam first moment", type, m, n), 20 * epsilon(type), 0);
        s.check(name("adam second moment", type, m, n), 20 * epsilon(type), 0);
        p.check(name("adam", type, m, n), 100 * epsilon(type), 1000 * epsilon(type));
      }
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    Primitives f = tested(ElementType.FLOAT32);
    try (Guarded a = matrix(ElementType.FLOAT32, 3, 4);
        Guarded b = matrix(ElementType.FLOAT32, 3, 4);
        Guarded d = matrix(ElementType.FLOAT64, 3, 4)) {
      assertThrows(
          IllegalArgumentException.class,
          () -> f.gemm(1, a.tested, false, b.tested, false, 0, a.tested));
      assertThrows(IllegalArgumentException.class, () -> f.axpby(1, a.tested, 0, d.tested));
      b.tested.buffer().close();
      assertThrows(IllegalStateException.class, () -> f.axpby(1, a.tested, 0, b.tested));
    }
  }
}
