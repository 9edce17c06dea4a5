package org.volterra.sum;

import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** Scratch memory for matrices of several shapes, one at a time, without gaps between rows. */
final class BlockScratch {
  /** Most layers that sum in a block. */
  static final int ROWS = 128;

  /** Most layers that are summed in a block. */
  static final int COLUMNS = 256;

  private final Matrix all;
  private final Views[][] shapes;

  /** For blocks of the coefficients of so many layers, or of their gradients. */
  BlockScratch(SumMemory memory, String name, int layers) {
    this(memory.matrix(name, Math.min(ROWS, layers + 1), Math.min(COLUMNS, layers + 1)));
  }

  /** Matrices in the memory of one that has no gaps, with at most its rows and columns. */
  BlockScratch(Matrix all) {
    this.all = all;
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

  /** A copy of a block of coefficients, row by row; valid until the next. */
  Matrix copy(Primitives p, PairCoefficients a, int l, int rows, int k, int columns) {
    Views block = get(rows, columns);
    for (int i = 0; i < rows; i++) {
      p.axpby(1, a.row(l + i, k, columns), 0, block.rows(i, 1));
    }
    return block.all();
  }
}
