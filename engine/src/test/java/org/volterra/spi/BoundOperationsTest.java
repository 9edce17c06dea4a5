package org.volterra.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.testing.TestProvider;

/** Operations that are bound once and run often are those that are called, to the last bit. */
class BoundOperationsTest {
  private static final long SEED = 20261127;
  private static final int[][] SIZES = {
    {1, 8, 8}, {3, 5, 2}, {17, 1, 9}, {40, 70, 33}, {8, 8, 1}, {200, 48, 64}
  };

  private final Random random = new Random(SEED);

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void eachRunReadsWhatLiesThere(ElementType type) {
    Primitives p = TestProvider.get().primitives(type);
    for (int[] size : SIZES) {
      try (Layer layer = new Layer(type, size[0], size[1], size[2])) {
        Runnable bound = p.bind(layer::compute);
        for (int run = 0; run < 3; run++) {
          double[] before = random.doubles(layer.all.size(), -1, 1).toArray();
          layer.all.fill(before);
          layer.compute(p);
          double[] called = layer.all.toArray();
          layer.all.fill(before);
          bound.run();
          assertThat(layer.all.toArray())
              .as("%d × %d × %d, run %d", size[0], size[1], size[2], run)
              .isEqualTo(called)
              .isNotEqualTo(before);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void shapesAreChecked(ElementType type) {
    Primitives p = TestProvider.get().primitives(type);
    try (Buffer buffer = TestProvider.get().allocate(type, 12)) {
      Matrix x = Matrix.of(buffer, 0, 2, 3);
      Matrix y = Matrix.of(buffer, 6, 2, 3);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> p.bind(q -> q.transpose(x, y)).run())
          .withMessageContaining("x");
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT32", "FLOAT64"})
  void memoryThatWasClosedIsNotTouched(ElementType type) {
    Primitives p = TestProvider.get().primitives(type);
    for (int size : new int[] {1, 3, 64, 300}) {
      Layer layer = new Layer(type, size, size, size);
      Runnable bound = p.bind(layer::compute);
      bound.run();
      layer.close();
      assertThatIllegalStateException().isThrownBy(bound::run).withMessageContaining("losed");
    }
  }

  /** A layer and the way back, with all operations that can be bound. */
  private static final class Layer implements AutoCloseable {
    private final Buffer buffer;
    private final Matrix all;
    private final Matrix a;
    private final Matrix aTransposed;
    private final Matrix b;
    private final Matrix prepared;
    private final Matrix[] results = new Matrix[7];
    private final Matrix row;
    private final Matrix vector;
    private final Matrix weights;
    private final Matrix deltaTransposed;
    private final Matrix gradients;
    private long end;

    Layer(ElementType type, int m, int n, int k) {
      ComputeProvider provider = TestProvider.get();
      int columns = provider.primitives(type).gemmPreparedColumns(n);
      buffer =
          provider.allocate(
              type, (2L * m + 2L * n + columns) * k + 11L * m * n + 3L * n * n + n + m);
      a = next(m, k);
      aTransposed = next(k, m);
      b = next(k, n);
      prepared = next(k, columns);
      for (int i = 0; i < results.length; i++) {
        results[i] = next(m, n);
      }
      row = next(1, n);
      vector = next(1, m);
      weights = next(2 * n, n);
      deltaTransposed = next(n, m);
      gradients = next(2 * n, m);
      all = Matrix.of(buffer, 0, 1, Math.toIntExact(end));
    }

    private Matrix next(int rows, int columns) {
      Matrix m = Matrix.of(buffer, end, rows, columns);
      end += m.size();
      return m;
    }

    void compute(ProductPrimitives q) {
      Activation tanh = Activation.TANH;
      Matrix sum = results[0];
      Matrix state = results[1];
      Matrix feature = results[2];
      Matrix source = results[3];
      Matrix slope = results[4];
      Matrix costate = results[5];
      Matrix delta = results[6];
      q.fill(0.5, row);
      q.addRow(0.25, row, 1, source);
      q.gemm(0.5, a, false, b, false, new Epilogue(row, sum, tanh, null, state, tanh, 1, feature));
      q.gemmPrepare(b, prepared);
      q.gemmPrepared(1, a, prepared, 0.5, feature);
      q.gemmPrepared(
          1, a, prepared, new Epilogue(row, sum, tanh, source, state, tanh, 0.5, feature));
      q.transpose(a, aTransposed);
      q.gemm(-0.5, aTransposed, true, b, false, 1, state);
      q.columnSums(1, state, 0.5, row);
      q.gemv(0.125, state, true, vector, 0.25, row);
      q.gemv(0.125, state, false, row, 0, vector);
      q.ger(0.5, vector, row, source);
      q.activate(tanh, source, feature);
      q.activateBackward(tanh, sum, feature, 0, delta);
      q.axpby(0.5, delta, 0, source);
      q.transpose(source, deltaTransposed);
      q.gemm(
          1,
          weights,
          deltaTransposed,
          1,
          gradients,
          new AdjointEpilogue(slope, 1, tanh, state, costate, null, tanh, sum, delta));
      q.gemm(1, a, true, delta, false, 0, b);
    }

    @Override
    public void close() {
      buffer.close();
    }
  }
}
