package org.volterra.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernels of axpby.cu, on the CPU, against a plain loop: equal in every bit. */
final class AxpbyKernelTest {
  private static final int[] GRID = {2, 2, 1};
  private static final int[] BLOCK = {32, 2, 1};
  private static final int[] ROWS = {0, 1, 3, 4, 5};
  private static final int[] COLUMNS = {0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 129};
  private static final int[] GAPS = {0, 1, 5};
  private static final double[] BETAS = {0, 1, -0.3};
  private static final double ALPHA = 0.7;

  @TempDir static Path folder;
  private static final Arena LIBRARY = Arena.ofShared();
  private static CpuKernels kernels;

  @BeforeAll
  static void compile() {
    NativeCompiler.assumePresent();
    Path library = NativeCompiler.library(Path.of("src/test/cpp/axpby.cpp"), folder);
    kernels = new CpuKernels(library, LIBRARY);
  }

  @AfterAll
  static void unload() {
    LIBRARY.close();
  }

  /** A shape around the tails of warps and blocks, with rows that leave a gap before the next. */
  private record Shape(int rows, int columns, int xStride, int yStride, double beta, long seed) {
    int elements(int stride) {
      return rows * stride;
    }
  }

  private interface Check {
    void of(Shape shape);
  }

  private static void forEachShape(Check check) {
    long seed = 1;
    for (int rows : ROWS) {
      for (int columns : COLUMNS) {
        for (int gap : GAPS) {
          for (double beta : BETAS) {
            check.of(new Shape(rows, columns, columns + gap, columns + 2 * gap, beta, seed++));
          }
        }
      }
    }
  }

  @Test
  void float32EqualsThePlainLoop() {
    forEachShape(s -> {
      try (Arena arena = Arena.ofConfined()) {
        Random random = new Random(s.seed());
        float[] x = new float[s.elements(s.xStride())];
        float[] y = new float[s.elements(s.yStride())];
        for (int i = 0; i < x.length; i++) {
          x[i] = random.nextFloat() - 0.5f;
        }
        for (int i = 0; i < y.length; i++) {
          y[i] = s.beta() == 0 ? Float.NaN : random.nextFloat() - 0.5f;
        }
        MemorySegment device = arena.allocateFrom(JAVA_FLOAT, y);
        float alpha = (float) ALPHA;
        float beta = (float) s.beta();
        launch(s, "axpby_f32", alpha, arena.allocateFrom(JAVA_FLOAT, x), beta, device);
        for (int i = 0; i < s.rows(); i++) {
          for (int j = 0; j < s.columns(); j++) {
            float xij = x[i * s.xStride() + j];
            int at = i * s.yStride() + j;
            y[at] = beta == 0 ? alpha * xij : Math.fma(alpha, xij, beta * y[at]);
          }
        }
        assertThat(device.toArray(JAVA_FLOAT)).as("%s", s).isEqualTo(y);
      }
    });
  }

  @Test
  void float64EqualsThePlainLoop() {
    forEachShape(s -> {
      try (Arena arena = Arena.ofConfined()) {
        Random random = new Random(s.seed());
        double[] x = random.doubles(s.elements(s.xStride()), -0.5, 0.5).toArray();
        double[] y = random.doubles(s.elements(s.yStride()), -0.5, 0.5).toArray();
        if (s.beta() == 0) {
          Arrays.fill(y, Double.NaN);
        }
        MemorySegment device = arena.allocateFrom(JAVA_DOUBLE, y);
        launch(s, "axpby_f64", ALPHA, arena.allocateFrom(JAVA_DOUBLE, x), s.beta(), device);
        for (int i = 0; i < s.rows(); i++) {
          for (int j = 0; j < s.columns(); j++) {
            double xij = x[i * s.xStride() + j];
            int at = i * s.yStride() + j;
            y[at] = s.beta() == 0 ? ALPHA * xij : Math.fma(ALPHA, xij, s.beta() * y[at]);
          }
        }
        assertThat(device.toArray(JAVA_DOUBLE)).as("%s", s).isEqualTo(y);
      }
    });
  }

  private static void launch(
      Shape s, String kernel, Object alpha, MemorySegment x, Object beta, MemorySegment y) {
    String failure =
        kernels.run(
            kernel,
            GRID,
            BLOCK,
            0,
            s.seed(),
            alpha,
            x,
            (long) s.xStride(),
            beta,
            y,
            (long) s.yStride(),
            (long) s.rows(),
            (long) s.columns());
    assertThat(failure).as("%s", s).isEmpty();
  }
}
