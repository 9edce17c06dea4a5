package org.volterra.internal.panama;

/**
 * An elementwise operation that is bound to its operands: to be run over all of them, or over one
 * block within another job.
 */
abstract class BlockJob extends Workshop.Bound {
  private final Grid grid = new Grid();
  private int rows;
  private int columns;
  private boolean isFlat;
  private int weight;

  /**
   * Says what {@link #run(Workshop)} goes over.
   *
   * @param flat whether all operands lie without gaps, so that they may be taken as one row
   * @param load what an element counts for, in elements read or written
   */
  final void shape(int height, int width, boolean flat, int load) {
    rows = height;
    columns = width;
    isFlat = flat;
    weight = load;
  }

  /** Computes some rows and columns; blocks may be computed at once by several threads. */
  abstract void block(long firstRow, long endRow, long firstColumn, int width, Scratch scratch);

  /** Has the loops of a block compiled, if that was not done before. */
  abstract void warmUp();

  /** The same, where whole rows that lie without gaps are taken as one. */
  final void rows(long firstRow, long endRow, long firstColumn, int width, Scratch scratch) {
    if (isFlat && width == columns) {
      block(0, 1, firstRow * width, Math.toIntExact((endRow - firstRow) * width), scratch);
    } else {
      block(firstRow, endRow, firstColumn, width, scratch);
    }
  }

  @Override
  final void run(Workshop shop) {
    long size = (long) rows * columns;
    if (size >= FloatWarmUp.LEAST_ELEMENTS) {
      warmUp();
    }
    grid.cut(isFlat ? 1 : rows, isFlat ? size : columns);
    shop.run(grid.tasks(), weight * size, this);
  }

  @Override
  public final void run(int task, Scratch scratch) {
    block(
        grid.firstRow(task), grid.endRow(task), grid.firstColumn(task), grid.width(task), scratch);
  }
}
