package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.volterra.memory.HostBuffer;
import org.volterra.testing.TestProvider;

/** The same bits for 1, 2 and 3 threads, and again when the code has been compiled. */
class ReproducibilityTest {
  private static final long SEED = 5;
  private static final int REPEATS = 12;

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT32", "FLOAT64"})
  void sameBits(ElementType type) {
    try (Results first = run(type, 1)) {
      for (int threads = 1; threads <= 3; threads++) {
        for (int i = 0; i < REPEATS; i++) {
          try (Results again = run(type, threads)) {
            first.assertSameBits(again, threads + " threads, repeat " + i + ", seed " + SEED);
          }
        }
      }
    }
  }

  private static Results run(ElementType type, int threads) {
    try (ComputeProvider provider = TestProvider.create(threads)) {
      Results all = new Results(type, provider, new Random(SEED));
      all.compute(provider.primitives(type));
      return all;
    }
  }

  /** Inputs and what every primitive made of them. */
  private static final class Results implements AutoCloseable {
    private final ElementType type;
    private final ComputeProvider provider;
    private final Random random;
    private final List<Matrix> all = new ArrayList<>();

    Results(ElementType type, ComputeProvider provider, Random random) {
      this.type = type;
      this.provider = provider;
      this.random = random;
    }

    private Matrix make(ElementType element, int rows, int columns) {
      int gap = random.nextInt(5);
      long stride = (long) columns + gap;
      Matrix m = new Matrix(provider.allocate(element, rows * stride), 0, rows, columns, stride);
      all.add(m);
      try (HostBuffer host = HostBuffer.allocate(element, rows * stride)) {
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < columns; j++) {
            host.set(i * stride + j, random.nextGaussian());
          }
        }
        m.buffer().upload(host.segment(), 0, 0, host.length());
      }
      return m;
    }

    void compute(Primitives p) {
      Matrix a = make(type, 75, 700);
      Matrix b = make(type, 700, 83);
      Matrix c = make(type, 75, 83);
      Matrix d = make(type, 75, 83);
      Matrix sums = make(ElementType.FLOAT64, 1, 1);
      p.gemm(0.5, a, false, b, false, 0.25, c);
      p.gemm(1, c, false, b, true, 1, a);
      p.gemm(1, a, true, c, false, 1, b);
      p.gemv(1, a, true, make(type, 1, 75), 1, make(type, 1, 700));
      p.gemv(1, a, false, make(type, 1, 700), 1, make(type, 1, 75));
      p.ger(0.5, make(type, 1, 75), make(type, 1, 700), a);
      p.axpby(1 / Math.sqrt(a.size()), a, 0, a);
      for (Activation f : Activation.values()) {
        p.activate(f, a, make(type, 75, 700));
        p.activateBackward(f, b, b, 1, make(type, 700, 83));
      }
      p.dot(1, a, a, 1, sums);
      p.columnSums(1, a, 1, make(type, 1, 700));
      p.softmax(a, a);
      p.sgd(c, d, make(type, 75, 83), 0.1, 0.9, 0.01, true);
      Matrix square = make(type, 75, 83);
      p.activate(Activation.SIGMOID, square, square);
      p.adam(c, d, make(type, 75, 83), square, 3, 0.1, 0.9, 0.999, 1e-8, 0.01);
    }

    void assertSameBits(Results other, String what) {
      for (int i = 0; i < all.size(); i++) {
        try (HostBuffer mine = download(all.get(i));
            HostBuffer others = download(other.all.get(i))) {
          long differs = mine.segment().mismatch(others.segment());
          assertEquals(-1, differs, what + ", matrix " + i + ", byte");
        }
      }
    }

    private static HostBuffer download(Matrix m) {
      HostBuffer host = HostBuffer.allocate(m.buffer().type(), m.buffer().length());
      m.buffer().download(0, host.segment(), 0, host.length());
      return host;
    }

    @Override
    public void close() {
      for (Matrix m : all) {
        m.buffer().close();
      }
    }
  }
}
