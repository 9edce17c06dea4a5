package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.volterra.testing.TestProvider;

/** Results worked out by hand, to which the reference answers as every other provider does. */
class PrimitivesByHandTest {
  private static final List<ElementType> TYPES = List.of(ElementType.FLOAT32, ElementType.FLOAT64);

  private final List<Matrix> made = new ArrayList<>();

  private Matrix of(ElementType type, int rows, double... values) {
    Matrix m = Matrix.of(TestProvider.allocate(type, values.length), 0, rows, values.length / rows);
    m.fill(values);
    made.add(m);
    return m;
  }

  @AfterEach
  void close() {
    for (Matrix m : made) {
      m.buffer().close();
    }
  }

  private static void assertIs(Matrix actual, double... expected) {
    assertArrayEquals(expected, actual.toArray(), 1e-6);
  }

  @Test
  void clipping() {
    for (ElementType type : TYPES) {
      Primitives p = TestProvider.get().primitives(type);
      Matrix squares = of(ElementType.FLOAT64, 1, 25);
      Matrix y = of(type, 2, 3, 4, 0, 6);
      p.clip(5, squares, y);
      assertIs(y, 3, 4, 0, 6);
      p.clip(2.5, squares, y);
      assertIs(y, 1.5, 2, 0, 3);
      p.clip(1, of(ElementType.FLOAT64, 1, Double.NaN), y);
      assertIs(y, 1.5, 2, 0, 3);
      p.clip(1, of(ElementType.FLOAT64, 1, Double.POSITIVE_INFINITY), y);
      assertIs(y, 0, 0, 0, 0);
    }
  }

  @Test
  void factorsOfRows() {
    for (ElementType type : TYPES) {
      Primitives p = TestProvider.get().primitives(type);
      Matrix alpha = of(type, 1, 2, -1);
      Matrix beta = of(type, 1, 0, 3);
      Matrix y = of(type, 2, Double.NaN, 5, 1, 2);
      p.axpbyRows(alpha, of(type, 1, 10, 20), beta, y);
      assertIs(y, 20, 40, -7, -14);
      p.axpbyRows(alpha, of(type, 2, 1, 2, 3, 4), beta, y);
      assertIs(y, 2, 4, -24, -46);
      p.decays(of(ElementType.FLOAT64, 1, 0, 0.5), of(type, 1, 2, -2), y);
      assertIs(y, 1, 1, Math.exp(-1), Math.exp(1));
    }
  }

  @Test
  void updatesWithGuards() {
    for (ElementType type : TYPES) {
      Primitives primitives = TestProvider.get().primitives(type);
      Matrix p = of(type, 1, 1, 2);
      Matrix g = of(type, 1, 1, -1);
      Matrix m = of(type, 1, 0, 0);
      Matrix v = of(type, 1, 0, 0);
      for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
        Matrix guard = of(ElementType.FLOAT64, 1, 3, bad);
        primitives.sgd(p, g, m, 0.5, 0, 0, false, guard);
        primitives.adam(p, g, m, v, 1, 0.5, 0.9, 0.999, 0, 0, guard);
        assertIs(p, 1, 2);
        assertIs(m, 0, 0);
        assertIs(v, 0, 0);
      }
      Matrix guard = of(ElementType.FLOAT64, 1, 3, -1e300);
      primitives.sgd(p, g, m, 0.5, 0, 0, false, guard);
      assertIs(p, 0.5, 2.5);
      m.fill(new double[2]);
      primitives.adam(p, g, m, v, 1, 0.5, 0.9, 0.999, 0, 0, guard);
      assertIs(p, 0, 3);
    }
  }

  @Test
  void products() {
    for (ElementType type : TYPES) {
      Primitives p = TestProvider.get().primitives(type);
      Matrix a = of(type, 2, 1, 2, 3, 4, 5, 6);
      Matrix b = of(type, 3, 1, 0, 2, 1, 0, 3);
      Matrix c = of(type, 2, 1, 1, 1, 1);
      p.gemm(2, a, false, b, false, -1, c);
      assertIs(c, 9, 21, 27, 45);
      Matrix square = of(type, 3, 9, 9, 9, 9, 9, 9, 9, 9, 9);
      p.gemm(1, a, true, b, true, 0, square);
      assertIs(square, 1, 6, 12, 2, 9, 15, 3, 12, 18);
      Matrix y = of(type, 1, 10, 20);
      p.gemv(1, a, false, of(type, 1, 1, 0, -1), 1, y);
      assertIs(y, 8, 18);
      Matrix z = of(type, 1, 0, 0, 1);
      p.gemv(1, a, true, of(type, 1, 2, 1), 3, z);
      assertIs(z, 6, 9, 15);
      p.ger(2, of(type, 1, 1, -1), of(type, 1, 1, 0, 2), a);
      assertIs(a, 3, 2, 7, 2, 5, 2);
    }
  }

  @Test
  void reductions() {
    for (ElementType type : TYPES) {
      Primitives p = TestProvider.get().primitives(type);
      Matrix a = of(type, 2, 1, 2, 3, 4, 5, 6);
      Matrix row = of(type, 1, 1, 1, 1);
      p.columnSums(1, a, -1, row);
      assertIs(row, 4, 6, 8);
      p.addRow(1, row, 2, a);
      assertIs(a, 6, 10, 14, 12, 16, 20);
      Matrix other = of(type, 2, 0, 0, 0, 0, 0, 0);
      p.addRow(a, row, other);
      assertIs(other, 10, 16, 22, 16, 22, 28);
      Matrix result = of(ElementType.FLOAT64, 1, 100);
      p.dot(0.5, row, row, 1, result);
      assertIs(result, 158);
      p.countNonFinite(of(type, 1, Double.NaN, 1, Double.NEGATIVE_INFINITY), result);
      assertIs(result, 160);
    }
  }

  @Test
  void softmaxOfEqualLogits() {
    for (ElementType type : TYPES) {
      Primitives p = TestProvider.get().primitives(type);
      Matrix x = of(type, 1, 7, 7, 7, 7);
      Matrix dx = of(type, 1, 0, 0, 0, 0);
      Matrix loss = of(ElementType.FLOAT64, 1, 1);
      p.softmaxCrossEntropy(2, x, of(ElementType.INT32, 1, 3), loss, dx);
      assertIs(loss, 1 + 2 * Math.log(4));
      assertIs(dx, 0.5, 0.5, 0.5, -1.5);
    }
  }

  @Test
  void optimisers() {
    for (ElementType type : TYPES) {
      Primitives p = TestProvider.get().primitives(type);
      Matrix w = of(type, 1, 1);
      Matrix v = of(type, 1, 2);
      p.sgd(w, of(type, 1, 3), v, 0.1, 0.5, 1, false);
      assertIs(v, 5);
      assertIs(w, 0.5);
      Matrix m = of(type, 1, 0);
      Matrix s = of(type, 1, 0);
      p.adam(w, of(type, 1, -4), m, s, 1, 0.25, 0.9, 0.999, 0, 0);
      assertIs(m, -0.4);
      assertIs(s, 0.016);
      assertIs(w, 0.75);
    }
  }
}
