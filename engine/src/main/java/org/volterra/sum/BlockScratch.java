package org.volterra.sum;

import org.volterra.spi.Matrix;

/** Scratch memory for blocks of coefficients and of their gradients. */
final class BlockScratch {
  /** Most layers that sum in a block. */
  static final int ROWS = 128;

  /** Most layers that are summed in a block. */
  static final int COLUMNS = 256;

  private BlockScratch() {}

  /** A matrix for a block of coefficients. */
  static Matrix get(SumMemory memory, int layers, int rows, int columns) {
    return part(memory, "block", layers, rows, columns);
  }

  /** A matrix for the gradients of a block. */
  static Matrix gradient(SumMemory memory, int layers, int rows, int columns) {
    return part(memory, "block.gradient", layers, rows, columns);
  }

  private static Matrix part(SumMemory memory, String name, int layers, int rows, int columns) {
    int height = Math.min(ROWS, layers + 1);
    int width = Math.min(COLUMNS, layers + 1);
    if (rows > height || columns > width) {
      throw new IllegalArgumentException(
          "block " + rows + " x " + columns + ": must be at most " + height + " x " + width);
    }
    Matrix all = memory.matrix(name, height, width);
    return Matrix.of(all.buffer(), 0, rows, columns);
  }
}
