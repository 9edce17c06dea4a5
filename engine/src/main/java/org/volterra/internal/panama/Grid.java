package org.volterra.internal.panama;

/**
 * A matrix cut into pieces of about {@link #GRAIN} elements, by its shape alone: bands of whole
 * rows, or pieces of one row where rows are longer. Pieces of a row begin at multiples of {@code
 * GRAIN}.
 */
final class Grid {
  static final int GRAIN = 1 << 14;

  final long rows;
  final long columns;
  private final long rowsPerTask;
  private final long piecesPerRow;

  Grid(long rows, long columns) {
    this.rows = rows;
    this.columns = columns;
    rowsPerTask = Math.max(1, GRAIN / columns);
    piecesPerRow = (columns + GRAIN - 1) / GRAIN;
  }

  int tasks() {
    return Math.toIntExact((rows + rowsPerTask - 1) / rowsPerTask * piecesPerRow);
  }

  long firstRow(int task) {
    return task / piecesPerRow * rowsPerTask;
  }

  long endRow(int task) {
    return Math.min(rows, firstRow(task) + rowsPerTask);
  }

  long firstColumn(int task) {
    return task % piecesPerRow * GRAIN;
  }

  /** The number of columns of the piece, at most {@link #GRAIN}. */
  int width(int task) {
    return (int) Math.min(columns - firstColumn(task), GRAIN);
  }
}
