package org.volterra.spi;

import java.util.Objects;

/**
 * Matrices of one shape side by side, [B_0 B_1 …], as one factor of a product: they lie in one
 * buffer, and the distance from one to the next grows by the same number each time. So do the
 * matrices K_{l,k} of one k for all later layers l in the parameters of a dense kernel.
 *
 * @param first B_0
 * @param distance elements from B_0 to B_1
 * @param growth by how many elements each distance is longer than the one before
 * @param count the number of matrices, at least 1
 */
public record BlockRow(Matrix first, long distance, long growth, int count) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if there is no matrix, or the last exceeds the buffer
   */
  public BlockRow {
    Objects.requireNonNull(first, "first");
    if (count < 1) {
      throw new IllegalArgumentException("count is " + count + ": must be at least 1");
    }
    at(first, offset(first, distance, growth, count - 1));
  }

  private static long offset(Matrix first, long distance, long growth, int j) {
    return first.offset() + j * distance + growth * ((long) j * (j - 1) / 2);
  }

  private static Matrix at(Matrix first, long offset) {
    return new Matrix(first.buffer(), offset, first.rows(), first.columns(), first.stride());
  }

  /**
   * One of the matrices.
   *
   * @param j from 0 to count − 1
   * @return a view
   * @throws IndexOutOfBoundsException if there is none of this number
   */
  public Matrix block(int j) {
    return at(first, offset(first, distance, growth, Objects.checkIndex(j, count)));
  }

  /**
   * The columns of all matrices.
   *
   * @return their number
   */
  public int columns() {
    return Math.multiplyExact(first.columns(), count);
  }
}
