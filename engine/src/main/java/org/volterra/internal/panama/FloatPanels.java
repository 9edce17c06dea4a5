package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatGemm.COLUMNS;
import static org.volterra.internal.panama.FloatGemm.DEPTH;
import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatTile.WIDE;
import static org.volterra.internal.panama.FloatTile.rowBytes;

/**
 * A matrix in panels: the columns of a tile, row by row, and then those of the next tile. The last
 * panel is as wide as the tile that reads it, whatever is left of columns.
 */
@SuppressWarnings("cast")
final class FloatPanels extends Workshop.Bound {
  private Operand from;
  private Operand to;
  private int blocks;

  /** Columns of all panels together. */
  static int columns(int columns) {
    int last = columns % COLUMNS;
    return columns - last + (last == 0 ? 0 : rowBytes(last) / BYTES);
  }

  /** Whether panels are anything else than rows that lie one behind the other. */
  static boolean differFromRows(int columns) {
    return columns > COLUMNS || columns * BYTES != rowBytes(columns);
  }

  /** Bytes before a panel of a matrix with so many rows. */
  static long start(int panel, int rows) {
    return panel * (long) rows * (COLUMNS * BYTES);
  }

  /** Binds the copy of a matrix into panels. */
  FloatPanels with(Operand matrix, Operand panels) {
    from = matrix;
    to = panels;
    blocks = (matrix.rows + DEPTH - 1) / DEPTH;
    return this;
  }

  @Override
  void run(Workshop shop) {
    int count = (from.columns + COLUMNS - 1) / COLUMNS;
    shop.run(count * blocks, 2L * from.rows * from.columns, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int panel = task / blocks;
    int row = task % blocks * DEPTH;
    int rows = Math.min(DEPTH, from.rows - row);
    int column = panel * COLUMNS;
    int width = Math.min(COLUMNS, from.columns - column);
    int rowBytes = rowBytes(width);
    long source = from.start + row * from.stride + (long) column * BYTES;
    long target = to.start + start(panel, from.rows) + (long) row * rowBytes;
    if (width * BYTES == WIDE) {
      FloatPack.copyWide(from.segment, source, from.stride, rows, to.segment, target);
    } else {
      FloatPack.copy(from.segment, source, from.stride, rows, width, to.segment, target, rowBytes);
    }
  }
}
