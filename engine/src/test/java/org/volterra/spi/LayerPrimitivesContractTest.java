package org.volterra.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.testing.TestProvider;

/**
 * Products with what surrounds them in a layer are the single primitives one after the other, to
 * the last bit, and near those of the reference.
 */
class LayerPrimitivesContractTest {
  private static final long SEED = 20261126;
  private static final int[][] SIZES = {
    {1, 1, 1},
    {3, 5, 2},
    {8, 16, 40},
    {17, 33, 9},
    {31, 20, 64},
    {64, 64, 33},
    {65, 31, 700},
    {33, 96, 1100},
    {130, 68, 257},
    {5, 1200, 24}
  };

  private static final List<Activation> FUNCTIONS = List.of(Activation.values());

  private final Random random = new Random(SEED);

  private Guarded matrix(ElementType type, int rows, int columns) {
    return Guarded.random(type, rows, columns, 4 * random.nextInt(3) + random.nextInt(2), random);
  }

  private Guarded result(ElementType type, int rows, int columns) {
    return Guarded.of(type, rows, columns, 4 * random.nextInt(3), (i, j) -> Double.NaN);
  }

  private static double bound(ElementType type, int k) {
    return (type == ElementType.FLOAT32 ? 0x1p-23 : 0x1p-52) * (8 * k + 64);
  }

  private static Matrix of(Guarded g, boolean tested) {
    return g == null ? null : tested ? g.tested : g.reference;
  }

  private static Activation function(int i) {
    return FUNCTIONS.get(i % FUNCTIONS.size());
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void aLayerIsItsPrimitives(ElementType type) {
    for (int round = 0; round < 6 * SIZES.length; round++) {
      layer(type, SIZES[round % SIZES.length], round);
    }
  }

  private void layer(ElementType type, int[] size, int round) {
    int m = size[0];
    int n = size[1];
    int k = size[2];
    boolean linear = round % 3 == 0;
    boolean ta = round % 2 == 0;
    boolean tb = round % 5 == 1;
    double alpha = round % 4 == 0 ? 1 : -0.375;
    try (Guarded a = matrix(type, ta ? k : m, ta ? m : k);
        Guarded b = matrix(type, tb ? n : k, tb ? k : n);
        Guarded bias = round % 7 == 3 ? null : matrix(type, 1, n);
        Guarded g = round % 4 == 1 ? null : matrix(type, m, n);
        Guarded u = linear ? null : result(type, m, n);
        Guarded x = round % 11 == 5 && !linear ? null : result(type, m, n);
        Guarded z = x == null || round % 5 == 2 ? null : result(type, m, n)) {
      Epilogue[] both = new Epilogue[2];
      for (int i = 0; i < 2; i++) {
        both[i] =
            new Epilogue(
                of(bias, i == 0),
                of(u, i == 0),
                linear ? Activation.IDENTITY : function(round),
                of(g, i == 0),
                of(x, i == 0),
                function(round / 2),
                round % 3 == 1 ? 0.8125 : 1,
                of(z, i == 0));
      }
      Primitives tested = TestProvider.get().primitives(type);
      both[0].begin(tested);
      tested.gemm(alpha, a.tested, ta, b.tested, tb, 1, both[0].target());
      both[0].end(tested);
      Guarded[] results = {u, x, z};
      double[][] single = values(results);
      erase(results);
      tested.gemm(alpha, a.tested, ta, b.tested, tb, both[0]);
      assertThat(values(results)).as(Arrays.toString(size) + round).isDeepEqualTo(single);
      new ScalarProvider().primitives(type).gemm(alpha, a.reference, ta, b.reference, tb, both[1]);
      check(results, round + " " + Arrays.toString(size), bound(type, k));
    }
  }

  private static double[][] values(Guarded... results) {
    return Arrays.stream(results)
        .map(r -> r == null ? new double[0] : r.tested.toArray())
        .toArray(double[][]::new);
  }

  private static void erase(Guarded... results) {
    for (Guarded r : results) {
      if (r != null) {
        double[] nothing = new double[Math.toIntExact(r.tested.size())];
        Arrays.fill(nothing, Double.NaN);
        r.tested.fill(nothing);
      }
    }
  }

  private static void check(Guarded[] results, String what, double bound) {
    for (Guarded r : results) {
      if (r != null) {
        r.check(what, bound, bound);
      }
    }
  }

  @Test
  void theSourceMayLieInTheState() {
    for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
      try (Guarded a = matrix(type, 19, 300);
          Guarded b = matrix(type, 300, 12);
          Guarded x = matrix(type, 19, 12);
          Guarded z = result(type, 19, 12)) {
        for (boolean isTested : new boolean[] {true, false}) {
          Matrix state = of(x, isTested);
          Epilogue inPlace =
              new Epilogue(
                  null,
                  null,
                  Activation.IDENTITY,
                  state,
                  state,
                  Activation.TANH,
                  1,
                  of(z, isTested));
          Primitives p =
              isTested
                  ? TestProvider.get().primitives(type)
                  : new ScalarProvider().primitives(type);
          p.gemm(0.5, of(a, isTested), false, of(b, isTested), false, inPlace);
        }
        check(new Guarded[] {x, z}, "in place", bound(type, 300));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void theAdjointOfALayerIsItsPrimitives(ElementType type) {
    int[][] sizes = {
      {1, 1, 16, 1},
      {5, 3, 16, 4},
      {33, 20, 48, 3},
      {17, 64, 32, 12},
      {64, 65, 16, 6},
      {40, 48, 7, 3}
    };
    for (int round = 0; round < 4 * sizes.length; round++) {
      adjoint(type, sizes[round % sizes.length], round);
    }
  }

  /** The same epilogue of the tested matrices and of the reference. */
  private static AdjointEpilogue[] adjoints(
      int round, Guarded dz, Guarded x, Guarded lambda, Guarded initial, Guarded u, Guarded delta) {
    AdjointEpilogue[] both = new AdjointEpilogue[2];
    for (int i = 0; i < 2; i++) {
      boolean isTested = i == 0;
      both[i] =
          new AdjointEpilogue(
              of(dz, isTested),
              round % 2 == 0 ? 1 : 0.8125,
              x == null ? Activation.IDENTITY : function(round),
              of(x, isTested),
              of(lambda, isTested),
              of(initial, isTested),
              u == null ? Activation.IDENTITY : function(round / 2),
              of(u, isTested),
              of(delta, isTested));
    }
    return both;
  }

  private void adjoint(ElementType type, int[] size, int round) {
    int m = size[0];
    int n = size[1];
    int length = size[2];
    int count = size[3];
    long block = (long) n * length;
    int first = random.nextInt(3);
    int blockCount = (first + 1) * count + (count - 1) * (count - 2) / 2;
    boolean plain = round % 5 == 4;
    double alpha = 0.625;
    try (Guarded a = matrix(type, m, count * length);
        Guarded b = Guarded.random(type, blockCount * n, length, 0, random);
        Guarded dz = result(type, m, n);
        Guarded x = round % 3 == 1 ? null : matrix(type, m, n);
        Guarded lambda = plain ? null : result(type, m, n);
        Guarded initial = plain || round % 4 == 2 ? null : matrix(type, m, n);
        Guarded u = round % 4 == 1 ? null : matrix(type, m, n);
        Guarded delta = plain || round % 7 == 3 ? null : result(type, m, n)) {
      BlockRow[] blocks = new BlockRow[2];
      for (int i = 0; i < 2; i++) {
        Matrix begin = of(b, i == 0).rows(first * n, n);
        blocks[i] = new BlockRow(begin, (first + 1) * block, block, count);
      }
      AdjointEpilogue[] both = adjoints(round, dz, x, lambda, initial, u, delta);
      Primitives tested = TestProvider.get().primitives(type);
      double[] before = initial == null ? null : initial.tested.toArray();
      tested.gemm(alpha, a.tested, blocks[0], AdjointEpilogue.of(dz.tested));
      both[0].end(tested);
      double[][] single = values(dz, lambda, initial, delta);
      erase(dz, lambda, delta);
      if (initial != null) {
        initial.tested.fill(before);
      }
      tested.gemm(alpha, a.tested, blocks[0], both[0]);
      assertThat(values(dz, lambda, initial, delta)).as("round " + round).isDeepEqualTo(single);
      new ScalarProvider().primitives(type).gemm(alpha, a.reference, blocks[1], both[1]);
      Guarded[] results = {dz, lambda, initial, delta};
      check(results, round + " " + Arrays.toString(size), bound(type, count * length));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void theLastRowsAreTheSlopeTransposed(ElementType type) {
    int[][] sizes = {
      {1, 1, 1, 1},
      {5, 3, 9, 4},
      {64, 64, 64, 64},
      {64, 64, 256, 64},
      {33, 20, 75, 48},
      {70, 65, 210, 31},
      {130, 40, 200, 20}
    };
    for (int round = 0; round < 4 * sizes.length; round++) {
      lastRows(type, sizes[round % sizes.length], round);
    }
  }

  private void lastRows(ElementType type, int[] size, int round) {
    int m = size[0];
    int n = size[1];
    int rows = size[2];
    int k = size[3];
    double beta = round % 3 == 0 ? 0 : 1;
    boolean plain = round % 5 == 4;
    try (Guarded a = matrix(type, rows, k);
        Guarded b = matrix(type, k, m);
        Guarded c = matrix(type, rows, m);
        Guarded dz = result(type, m, n);
        Guarded x = round % 3 == 1 ? null : matrix(type, m, n);
        Guarded lambda = plain ? null : result(type, m, n);
        Guarded initial = plain || round % 4 == 2 ? null : matrix(type, m, n);
        Guarded u = round % 4 == 1 ? null : matrix(type, m, n);
        Guarded delta = plain || round % 7 == 3 ? null : result(type, m, n)) {
      AdjointEpilogue[] both = adjoints(round, dz, x, lambda, initial, u, delta);
      Primitives tested = TestProvider.get().primitives(type);
      double[] old = c.tested.toArray();
      double[] before = initial == null ? null : initial.tested.toArray();
      tested.gemm(1, a.tested, false, b.tested, false, beta, c.tested);
      tested.transpose(c.tested.rows(rows - n, n), dz.tested);
      both[0].end(tested);
      Guarded[] results = {c, dz, lambda, initial, delta};
      double[][] single = values(results);
      erase(dz, lambda, delta);
      c.tested.fill(old);
      if (initial != null) {
        initial.tested.fill(before);
      }
      tested.gemm(1, a.tested, b.tested, beta, c.tested, both[0]);
      assertThat(values(results)).as("round " + round).isDeepEqualTo(single);
      new ScalarProvider()
          .primitives(type)
          .gemm(1, a.reference, b.reference, beta, c.reference, both[1]);
      check(results, round + " " + Arrays.toString(size), bound(type, k));
    }
  }

  @Test
  void refusesWhatDoesNotFit() {
    ElementType type = ElementType.FLOAT32;
    Primitives p = TestProvider.get().primitives(type);
    try (Guarded a = matrix(type, 4, 6);
        Guarded b = matrix(type, 6, 5);
        Guarded x = matrix(type, 4, 5);
        Guarded wrong = matrix(type, 5, 4)) {
      Activation id = Activation.IDENTITY;
      Epilogue bad = new Epilogue(null, null, id, null, x.tested, id, 1, wrong.tested);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> p.gemm(1, a.tested, false, b.tested, false, bad))
          .withMessage("result is 5 x 4: 4 x 5 is needed");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Epilogue(null, null, Activation.TANH, null, x.tested, id, 1, null))
          .withMessageContaining("sum is null with activation tanh");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new Epilogue(null, x.tested, id, null, null, id, 1, a.tested))
          .withMessageContaining("state is null");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new BlockRow(x.tested, 1000, 0, 2))
          .withMessageContaining("exceed");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new BlockRow(x.tested, 1, 0, 0))
          .withMessageContaining("count is 0");
      BlockRow blocks = new BlockRow(b.tested, 0, 0, 1);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> p.gemm(1, a.tested, blocks, AdjointEpilogue.of(x.tested)))
          .withMessage("a is 4 x 6: 4 x 5 is needed");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> p.gemm(1, a.tested, b.tested, 0, x.tested, AdjointEpilogue.of(b.tested)))
          .withMessage("c is 4 x 5: 5 x 6 is needed");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> new AdjointEpilogue(x.tested, 1, id, null, null, x.tested, id, null, null))
          .withMessageContaining("costate is null");
    }
  }
}
