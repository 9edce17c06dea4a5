package org.volterra.spi;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.volterra.memory.HostBuffer;
import org.volterra.testing.TestProvider;

/**
 * The same matrix for the provider under test and for the reference, each amid a band of NaN:
 * reading the band poisons results, writing it is found out.
 */
final class Guarded implements AutoCloseable {
  private static final int BAND = 37;

  final Matrix tested;
  final Matrix reference;

  private Guarded(Matrix tested, Matrix reference) {
    this.tested = tested;
    this.reference = reference;
  }

  /** A matrix of normal random numbers with {@code gap} elements between its rows. */
  static Guarded random(ElementType type, int rows, int columns, int gap, Random random) {
    return of(type, rows, columns, gap, (i, j) -> random.nextGaussian());
  }

  /** A value of element (i, j). */
  interface Cell {
    double at(int i, int j);
  }

  static Guarded of(ElementType type, int rows, int columns, int gap, Cell cell) {
    long stride = (long) columns + gap;
    long length = 2L * BAND + rows * stride;
    Guarded g =
        new Guarded(
            matrix(TestProvider.allocate(type, length), rows, columns, stride),
            matrix(HostBuffer.allocate(type, length), rows, columns, stride));
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        double value = cell.at(i, j);
        g.tested.set(i, j, value);
        g.reference.set(i, j, value);
      }
    }
    return g;
  }

  private static Matrix matrix(Buffer buffer, int rows, int columns, long stride) {
    for (long i = 0; i < buffer.length(); i++) {
      buffer.set(i, buffer.type() == ElementType.INT32 ? Integer.MIN_VALUE : Double.NaN);
    }
    return new Matrix(buffer, BAND, rows, columns, stride);
  }

  /**
   * Asserts that the provider under test came within {@code absolute + relative * |expected|} and
   * left the band alone.
   */
  void check(String what, double absolute, double relative) {
    for (int i = 0; i < reference.rows(); i++) {
      for (int j = 0; j < reference.columns(); j++) {
        double expected = reference.get(i, j);
        double actual = tested.get(i, j);
        double tolerance = absolute + relative * Math.abs(expected);
        boolean same =
            Double.compare(expected, actual) == 0 || Math.abs(expected - actual) <= tolerance;
        assertTrue(
            same,
            () -> what + ": expected " + expected + ", got " + actual + " within " + tolerance);
      }
    }
    Buffer b = tested.buffer();
    if (b.type() != ElementType.INT32) {
      for (long i = 0; i < b.length(); i++) {
        long row = Math.floorDiv(i - tested.offset(), tested.stride());
        long column = Math.floorMod(i - tested.offset(), tested.stride());
        if (row < 0 || row >= tested.rows() || column >= tested.columns()) {
          long at = i;
          assertTrue(
              Double.isNaN(b.get(i)), () -> what + ": wrote element " + at + " outside the matrix");
        }
      }
    }
  }

  @Override
  public void close() {
    tested.buffer().close();
    reference.buffer().close();
  }
}
