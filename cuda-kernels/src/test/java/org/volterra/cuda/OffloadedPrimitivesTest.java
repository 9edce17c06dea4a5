package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Offload;
import org.volterra.spi.Primitives;

/** Primitives on matrices that lie in memory of the host give the bits of those on the device. */
@FakeCudaExtension.Needed
final class OffloadedPrimitivesTest {
  /** Elements before a matrix and after each of its rows, that nobody may touch. */
  private static final int GAP = 4;

  @AfterEach
  void allMemoryIsReturned() {
    OffloadedSteps.allMemoryIsReturned();
  }

  /** Matrices of one type, on the device and, as far as that is wanted, in memory of the host. */
  private record Operands(
      ComputeProvider cuda, ElementType type, Offload offload, Resources resources) {
    Matrix matrix(boolean offloaded, int rows, int columns, long seed) {
      long stride = columns + (long) GAP;
      long length = GAP + rows * stride;
      Buffer buffer =
          resources.own(offloaded ? offload.allocate(type, length) : cuda.allocate(type, length));
      Matrix all = Matrix.vector(buffer, 0, Math.toIntExact(length));
      all.fill(new Random(seed).doubles(length, -1, 1).toArray());
      return new Matrix(buffer, GAP, rows, columns, stride);
    }
  }

  private static double[] contents(Matrix... matrices) {
    List<double[]> parts = new ArrayList<>();
    for (Matrix m : matrices) {
      parts.add(Matrix.vector(m.buffer(), 0, Math.toIntExact(m.buffer().length())).toArray());
    }
    return parts.stream().flatMapToDouble(Arrays::stream).toArray();
  }

  /** Work on operands of which the first may lie in memory of the host, and the second. */
  private interface Work {
    double[] run(Operands operands, boolean first, boolean second);
  }

  private static void compare(ElementType type, long wholeBytes, Work work) {
    for (boolean early : new boolean[] {false, true}) {
      FakeCuda.earlyCopies(early);
      try (ComputeProvider cuda = new CudaComputeProvider();
          Resources resources = new Resources()) {
        long bytes = cuda.offloadBytes(wholeBytes).orElseThrow();
        Offload offload = resources.own(cuda.offload(wholeBytes, bytes));
        Operands operands = new Operands(cuda, type, offload, resources);
        double[] expected = work.run(operands, false, false);
        assertThat(work.run(operands, true, true)).as("both").containsExactly(expected);
        assertThat(work.run(operands, true, false)).as("first").containsExactly(expected);
        assertThat(work.run(operands, false, true)).as("second").containsExactly(expected);
      }
    }
  }

  /** Rows of a warp and of a block, packed and not, in one turn of the grid and in several. */
  @ParameterizedTest
  @CsvSource({
    "5, 270, 12, FLOAT32",
    "3, 140, 7, FLOAT32",
    "3, 17, 1028, FLOAT32",
    "3, 17, 1025, FLOAT64",
    "1, 20, 12, FLOAT32"
  })
  void attentionOverSlices(int slices, int rows, int columns, ElementType type) {
    long whole = (long) type.bytes() * columns * (slices + rows / 8);
    compare(
        type,
        whole,
        (operands, first, second) -> {
          DepthPrimitives depth = operands.cuda().depth(type).orElseThrow();
          Matrix z = operands.matrix(first, slices, rows * columns, 1);
          Matrix dz = operands.matrix(second, slices, rows * columns, 2);
          Matrix query = operands.matrix(false, 1, columns, 3);
          Matrix y = operands.matrix(false, rows, columns, 4);
          Matrix dy = operands.matrix(false, rows, columns, 5);
          Matrix dquery = operands.matrix(false, 1, columns, 6);
          depth.attend(0.7, 1e-5, z, query, 1, y);
          depth.attendBackward(0.7, 1e-5, z, query, dy, dz, dquery);
          depth.attend(0.3, 1e-5, z, query, 0, dy);
          return contents(z, dz, y, dy, dquery);
        });
  }

  @ParameterizedTest
  @CsvSource({"64, 64, 60, 90, FLOAT32", "128, 128, 90, 45, FLOAT64"})
  void gradientsOfLags(int size, int rows, int slopeRows, int columns, ElementType type) {
    compare(
        type,
        16L * type.bytes() * rows,
        (operands, first, second) -> {
          Matrix x = operands.matrix(first, rows, columns, 1);
          Matrix dy = operands.matrix(second, slopeRows, columns, 2);
          Matrix lags = operands.matrix(false, 1, 2 * size - 1, 3);
          operands.cuda().primitives(type).toeplitzGradient(0.5, size, x, dy, lags);
          return contents(x, dy, lags);
        });
  }

  @Test
  void conversions() {
    compare(
        ElementType.FLOAT32,
        4L * 40,
        (operands, first, second) -> {
          Primitives p = operands.cuda().primitives(ElementType.FLOAT32);
          Operands halves =
              new Operands(
                  operands.cuda(), ElementType.BFLOAT16, operands.offload(), operands.resources());
          Matrix x = operands.matrix(first, 50, 37, 1);
          Matrix half = halves.matrix(second, 50, 37, 2);
          Matrix back = operands.matrix(first, 50, 37, 3);
          p.narrow(x, half);
          p.widen(half, back);
          return contents(half, back);
        });
  }
}
