package org.volterra.memory;

import org.volterra.spi.Matrix;

/**
 * The blocks of one matrix, each made when it is first asked for and then kept, so that passes over
 * the same layers leave no garbage. Not thread-safe.
 */
public final class Views {
  private static final int LEAST = 16;

  private final Matrix all;
  private Matrix[] table = new Matrix[LEAST];
  private int count;

  /**
   * No blocks yet.
   *
   * @param all the matrix
   */
  public Views(Matrix all) {
    this.all = all;
  }

  /**
   * The whole matrix.
   *
   * @return what the blocks are blocks of
   */
  public Matrix all() {
    return all;
  }

  /**
   * Some rows.
   *
   * @param row first row
   * @param height number of rows
   * @return the view, the same object in every call
   * @throws IllegalArgumentException if they exceed the matrix
   */
  public Matrix rows(int row, int height) {
    return block(row, 0, height, all.columns());
  }

  /**
   * Some columns.
   *
   * @param column first column
   * @param width number of columns
   * @return the view, the same object in every call
   * @throws IllegalArgumentException if they exceed the matrix
   */
  public Matrix columns(int column, int width) {
    return block(0, column, all.rows(), width);
  }

  /**
   * A block.
   *
   * @param row first row
   * @param column first column
   * @param height number of rows
   * @param width number of columns
   * @return the view, the same object in every call
   * @throws IllegalArgumentException if the block exceeds the matrix
   */
  public Matrix block(int row, int column, int height, int width) {
    long offset = all.offset() + row * all.stride() + column;
    int place = place(table, offset, height, width);
    if (table[place] != null) {
      return table[place];
    }
    Matrix made = all.block(row, column, height, width);
    if (2 * ++count > table.length) {
      grow();
      place = place(table, offset, height, width);
    }
    table[place] = made;
    return made;
  }

  private void grow() {
    Matrix[] larger = new Matrix[2 * table.length];
    for (Matrix m : table) {
      if (m != null) {
        larger[place(larger, m.offset(), m.rows(), m.columns())] = m;
      }
    }
    table = larger;
  }

  /** Where a block is, or where it would go. */
  private static int place(Matrix[] table, long offset, int height, int width) {
    long mixed = (offset * 31 + height) * 31 + width;
    mixed *= 0x9e3779b97f4a7c15L;
    int place = (int) (mixed >>> 40) & table.length - 1;
    for (Matrix m = table[place]; m != null; m = table[place]) {
      if (m.offset() == offset && m.rows() == height && m.columns() == width) {
        break;
      }
      place = place + 1 & table.length - 1;
    }
    return place;
  }
}
