package org.volterra.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.testing.TestProvider;

/** Products with prepared matrices are those with the matrices themselves, bit by bit. */
class PreparedProductsContractTest {
  private static final long SEED = 20261127;

  /** Rows, columns, inner dimension: around tiles, panels and blocks of all vector widths. */
  private static final int[][] SIZES = {
    {1, 1, 1}, {2, 1, 40}, {1, 8, 32}, {3, 5, 2}, {4, 16, 7}, {1, 31, 513}, {5, 32, 64},
    {2, 33, 12}, {17, 48, 9}, {6, 63, 100}, {4, 64, 1}, {31, 65, 20}, {3, 96, 511}, {64, 97, 64},
    {5, 128, 600}, {65, 130, 33}, {7, 192, 1025}, {130, 200, 57}, {64, 128, 2048}, {9, 1, 700}
  };

  private final Random random = new Random(SEED);

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void preparingChangesNoBit(ElementType type) {
    Primitives p = TestProvider.get().primitives(type);
    for (int[] size : SIZES) {
      int m = size[0];
      int n = size[1];
      int k = size[2];
      String what = Arrays.toString(size);
      int columns = p.gemmPreparedColumns(n);
      assertThat(columns).as(what).isGreaterThanOrEqualTo(n);
      int gap = n == 1 ? 0 : random.nextInt(3);
      try (Guarded a = Guarded.random(type, m, k, random.nextInt(3), random);
          Guarded b = Guarded.random(type, k, n, gap, random);
          Guarded prepared = Guarded.of(type, k, columns, 0, (i, j) -> Double.NaN);
          Guarded c = Guarded.random(type, m, n, random.nextInt(2), random);
          Guarded bias = Guarded.random(type, 1, n, 0, random);
          Guarded x = Guarded.of(type, m, n, 0, (i, j) -> Double.NaN)) {
        p.gemmPrepare(b.tested, prepared.tested);
        double[] old = c.tested.toArray();
        for (double beta : new double[] {0, 1, -0.5}) {
          c.tested.fill(old);
          p.gemm(0.75, a.tested, false, b.tested, false, beta, c.tested);
          double[] expected = c.tested.toArray();
          c.tested.fill(old);
          p.gemmPrepared(0.75, a.tested, prepared.tested, beta, c.tested);
          assertThat(c.tested.toArray()).as(what + beta).containsExactly(expected);
        }
        Epilogue epilogue =
            new Epilogue(
                bias.tested, c.tested, Activation.TANH, null, x.tested, Activation.RELU, 1, null);
        p.gemm(1, a.tested, false, b.tested, false, epilogue);
        double[] sums = c.tested.toArray();
        double[] states = x.tested.toArray();
        p.gemmPrepared(1, a.tested, prepared.tested, epilogue);
        assertThat(c.tested.toArray()).as(what).containsExactly(sums);
        assertThat(x.tested.toArray()).as(what).containsExactly(states);
        for (Guarded g : new Guarded[] {c, x, prepared}) {
          g.reference.fill(g.tested.toArray());
          g.check(what, 0, 0);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void shapesAreChecked(ElementType type) {
    Primitives p = TestProvider.get().primitives(type);
    int columns = p.gemmPreparedColumns(48);
    try (Guarded a = Guarded.random(type, 4, 10, 0, random);
        Guarded b = Guarded.random(type, 10, 48, 0, random);
        Guarded c = Guarded.random(type, 4, 48, 0, random);
        Guarded apart = Guarded.random(type, 10, columns, 1, random);
        Guarded low = Guarded.random(type, 9, columns, 0, random)) {
      assertThatThrownBy(() -> p.gemmPrepare(b.tested, apart.tested))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("prepared has rows %d elements apart: %d are needed", columns + 1, columns);
      assertThatThrownBy(() -> p.gemmPrepare(b.tested, low.tested))
          .hasMessage("prepared is 9 x %d: 10 x %d is needed", columns, columns);
      assertThatThrownBy(() -> p.gemmPrepared(1, a.tested, low.tested, 0, c.tested))
          .hasMessage("prepared is 9 x %d: 10 x %d is needed", columns, columns);
      Epilogue epilogue =
          new Epilogue(
              null, null, Activation.IDENTITY, null, c.tested, Activation.IDENTITY, 1, null);
      assertThatThrownBy(() -> p.gemmPrepared(1, a.tested, low.tested, epilogue))
          .hasMessage("prepared is 9 x %d: 10 x %d is needed", columns, columns);
    }
  }
}
