package org.volterra.internal.panama;

/**
 * A matrix cut into pieces of about {@link #GRAIN} elements, by its shape alone: bands of whole
 * rows, or pieces of one row where rows are longer. Pieces of a row begin at multiples of {@code
 * GRAIN}.
 */
final class Grid {
  static final int GRAIN = 1 << 14;

  private long rows;
  private long columns;
  private long rowsPerTask;
  private long piecesPerRow;

  /** Cuts a matrix of another shape from now on, so that one object serves many calls. */
  void cut(long newRows, long newColumns) {
    rows = newRows;
    columns = newColumns;
    rowsPerTask = Math.max(1, GRAIN / newColumns);
    piecesPerRow = (newColumns + GRAIN - 1) / GRAIN;
  }

  /** The number of columns of the matrix. */
  long columns() {
    return columns;
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
