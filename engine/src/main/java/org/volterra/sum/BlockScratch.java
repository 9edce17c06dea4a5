package org.volterra.sum;

import org.volterra.memory.Views;
import org.volterra.spi.Matrix;

/** Scratch memory for blocks of coefficients or of their gradients, without gaps between rows. */
final class BlockScratch {
  /** Most layers that sum in a block. */
  static final int ROWS = 128;

  /** Most layers that are summed in a block. */
  static final int COLUMNS = 256;

  private final Matrix all;
  private final Views[][] shapes;

  BlockScratch(SumMemory memory, String name, int layers) {
    all = memory.matrix(name, Math.min(ROWS, layers + 1), Math.min(COLUMNS, layers + 1));
    shapes = new Views[all.rows() + 1][];
  }

  /** A matrix of that shape; all of them lie in the same memory. */
  Views get(int rows, int columns) {
    if (rows > all.rows() || columns > all.columns()) {
      throw new IllegalArgumentException(
          "block "
              + rows
              + " x "
              + columns
              + ": must be at most "
              + all.rows()
              + " x "
              + all.columns());
    }
    if (shapes[rows] == null) {
      shapes[rows] = new Views[all.columns() + 1];
    }
    Views known = shapes[rows][columns];
    if (known == null) {
      known = new Views(Matrix.of(all.buffer(), all.offset(), rows, columns));
      shapes[rows][columns] = known;
    }
    return known;
  }
}
