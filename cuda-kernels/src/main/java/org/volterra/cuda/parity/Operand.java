package org.volterra.cuda.parity;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * The same matrix on the device under test and on the reference, each amid a band of NaN: reading
 * the band poisons results, and writing it is noticed.
 */
final class Operand implements AutoCloseable {
  /** Elements before and after a matrix, so that it does not begin at 16 bytes. */
  static final int BAND = 37;

  /** The same, so that it does. */
  static final int ALIGNED_BAND = 40;

  /** A number of elements that 16 bytes divide, and one that is a multiple of it. */
  private static final int PACK = 4;

  private final Matrix tested;
  private final Matrix reference;

  private Operand(Matrix tested, Matrix reference) {
    this.tested = tested;
    this.reference = reference;
  }

  /** Where operands live. */
  record Devices(ComputeProvider tested, ComputeProvider reference, RandomGenerator random) {
    /** Normal numbers, in rows with a gap that is drawn too. */
    Operand normal(ElementType type, int rows, int columns) {
      return of(type, rows, columns, random::nextGaussian);
    }

    /** Normal numbers, or NaN where a factor of 0 forbids that they are read. */
    Operand old(ElementType type, int rows, int columns, double beta) {
      return of(type, rows, columns, () -> beta == 0 ? Double.NaN : random.nextGaussian());
    }

    Operand of(ElementType type, int rows, int columns, Value value) {
      int gap = random.nextInt(3) * random.nextInt(20);
      return of(type, rows, columns, gap, value);
    }

    /** In rows that begin at multiples of 16 bytes. */
    Operand aligned(ElementType type, int rows, int columns, Value value) {
      int gap = PACK - columns % PACK;
      return of(type, rows, columns, ALIGNED_BAND, gap, value);
    }

    Operand of(ElementType type, int rows, int columns, int gap, Value value) {
      return of(type, rows, columns, BAND, gap, value);
    }

    Operand of(ElementType type, int rows, int columns, int band, int gap, Value value) {
      long stride = (long) columns + gap;
      double[] all = new double[Math.toIntExact(2L * band + rows * stride)];
      Arrays.fill(all, type == ElementType.INT32 ? Integer.MIN_VALUE : Double.NaN);
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          all[(int) (band + i * stride + j)] = value.next();
        }
      }
      Matrix there = matrix(tested, type, all, band, rows, columns, stride);
      return new Operand(there, matrix(reference, type, all, band, rows, columns, stride));
    }

    private static Matrix matrix(
        ComputeProvider provider,
        ElementType type,
        double[] all,
        int band,
        int rows,
        int columns,
        long stride) {
      Buffer buffer = provider.allocate(type, all.length);
      Matrix.vector(buffer, 0, all.length).fill(all);
      return new Matrix(buffer, band, rows, columns, stride);
    }
  }

  /** The next element. */
  interface Value {
    double next();
  }

  Matrix tested() {
    return tested;
  }

  Matrix reference() {
    return reference;
  }

  /** Compares what was written, and that nothing was written around it. */
  void compare(Comparison comparison, double absolute, double relative, String description) {
    comparison.compare(tested.toArray(), reference.toArray(), absolute, relative, description);
    compareOutside(comparison, description);
  }

  /** Compares what was written with other numbers, each within its own bound. */
  void compare(Comparison comparison, double[] expected, double[] bounds, String description) {
    comparison.compare(tested.toArray(), expected, bounds, description);
    compareOutside(comparison, description);
  }

  private void compareOutside(Comparison comparison, String description) {
    Buffer buffer = tested.buffer();
    double[] all = Matrix.vector(buffer, 0, Math.toIntExact(buffer.length())).toArray();
    for (int i = 0; i < all.length; i++) {
      long row = Math.floorDiv(i - tested.offset(), tested.stride());
      long column = Math.floorMod(i - tested.offset(), tested.stride());
      boolean inside = row >= 0 && row < tested.rows() && column < tested.columns();
      if (!inside && buffer.type() != ElementType.INT32 && !Double.isNaN(all[i])) {
        comparison.fail(description + ": element " + i + " outside of the matrix was written");
      }
    }
  }

  @Override
  public void close() {
    tested.buffer().close();
    reference.buffer().close();
  }
}
