package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatTile.ROWS;
import static org.volterra.internal.panama.FloatTile.ROW_BYTES;

import java.lang.foreign.MemorySegment;

/**
 * The matrix product over register tiles of 8 rows and 2 vectors.
 *
 * <p>A is read in place, one element at a time, whatever its layout. B is read in place where a row
 * of a panel (2 vectors of columns) is contiguous; panels of a transposed B, and the last,
 * incomplete panel, are packed into scratch memory. The inner dimension is cut into blocks of
 * {@link #DEPTH}; C takes up the blocks in order. Threads divide tiles of C, never the inner
 * dimension.
 */
@SuppressWarnings("cast")
final class FloatGemm extends Workshop.Reusable {
  /** Inner dimension of a block: its panel of B stays in the second-level cache. */
  static final int DEPTH = 512;

  private static final int COLUMNS = 2 * LENGTH;
  private static final int BAND = 64;
  private static final long PANEL = FloatTile.ROWS * (long) ROW_BYTES;

  private double alpha;
  private double beta;
  private Operand a;
  private long rowStride;
  private long step;
  private Operand b;
  private boolean transposeB;
  private Operand c;
  private int depth;
  private int panels;
  private int columnTasks;
  private int rowsPerTask;

  /** {@code c = alpha op(a) op(b) + beta c}; shapes are checked by the caller. */
  void run(
      Workshop shop,
      double factor,
      Operand left,
      boolean transposeLeft,
      Operand right,
      boolean transposeRight,
      double keep,
      Operand product) {
    alpha = factor;
    beta = keep;
    a = left;
    rowStride = transposeLeft ? BYTES : a.stride;
    step = transposeLeft ? a.stride : BYTES;
    depth = transposeLeft ? a.rows : a.columns;
    b = right;
    transposeB = transposeRight;
    c = product;
    panels = (c.columns + COLUMNS - 1) / COLUMNS;
    int bands = (c.rows + BAND - 1) / BAND;
    long work = (long) c.rows * c.columns * depth / 8;
    columnTasks = Math.min(panels, Math.max(1, 4 * shop.threads() / bands));
    int rowTasks = columnTasks >= shop.threads() || panels > 1 ? bands : (c.rows + ROWS - 1) / ROWS;
    rowsPerTask = rowTasks == bands ? BAND : ROWS;
    shop.run(rowTasks * columnTasks, work, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int first = task / columnTasks * rowsPerTask;
    int from = (int) ((long) panels * (task % columnTasks) / columnTasks);
    int to = (int) ((long) panels * (task % columnTasks + 1) / columnTasks);
    block(first, Math.min(c.rows, first + rowsPerTask), from, to, scratch.segment);
  }

  /** A block of C: some rows, some panels of columns. */
  private void block(
      int firstRow, int endRow, int firstPanel, int endPanel, MemorySegment scratch) {
    for (int p = 0; p < depth; p += DEPTH) {
      int k = Math.min(DEPTH, depth - p);
      float keep = (float) (p == 0 ? beta : 1);
      for (int panel = firstPanel; panel < endPanel; panel++) {
        int column = panel * COLUMNS;
        int width = Math.min(COLUMNS, c.columns - column);
        if (transposeB || width < COLUMNS) {
          pack(p, k, column, width, scratch);
          panel(firstRow, endRow, p, k, scratch, PANEL, ROW_BYTES, column, width, keep, scratch);
        } else {
          long at = b.start + p * b.stride + (long) column * BYTES;
          panel(firstRow, endRow, p, k, b.segment, at, b.stride, column, width, keep, scratch);
        }
      }
    }
  }

  private void pack(int p, int k, int column, int width, MemorySegment scratch) {
    if (transposeB) {
      long from = b.start + column * b.stride + (long) p * BYTES;
      FloatPack.transpose(b.segment, from, b.stride, width, k, scratch, PANEL, ROW_BYTES);
    } else {
      long from = b.start + p * b.stride + (long) column * BYTES;
      FloatPack.copy(b.segment, from, b.stride, k, width, scratch, PANEL, ROW_BYTES);
    }
  }

  /** One panel of columns: all tiles from the first row to the end. */
  private void panel(
      int firstRow,
      int endRow,
      int p,
      int k,
      MemorySegment panel,
      long at,
      long stride,
      int column,
      int width,
      float keep,
      MemorySegment t) {
    int i = firstRow;
    long from = a.start + firstRow * rowStride + p * step;
    while (i < endRow) {
      int rows = endRow - i >= ROWS ? ROWS : endRow - i >= 4 ? 4 : 1;
      switch (rows) {
        case ROWS -> FloatTile.rows8(k, a.segment, from, rowStride, step, panel, at, stride, t);
        case 4 -> FloatTile.rows4(k, a.segment, from, rowStride, step, panel, at, stride, t);
        default -> FloatTile.rows1(k, a.segment, from, rowStride, step, panel, at, stride, t);
      }
      long to = c.start + i * c.stride + (long) column * BYTES;
      if (width == COLUMNS) {
        addTile(t, rows, (float) alpha, keep, c.segment, to, c.stride);
      } else {
        addEdge(t, rows, width, (float) alpha, keep, c.segment, to, c.stride);
      }
      i += rows;
      from += rows * rowStride;
    }
  }

  private static void addTile(
      MemorySegment t, int rows, float alpha, float keep, MemorySegment c, long to, long stride) {
    for (int r = 0; r < rows; r++) {
      long from = (long) r * ROW_BYTES;
      merge(load(t, from).mul(alpha), keep, c, to + r * stride);
      merge(load(t, from + WIDTH).mul(alpha), keep, c, to + r * stride + WIDTH);
    }
  }

  private static void addEdge(
      MemorySegment t,
      int rows,
      int width,
      float alpha,
      float keep,
      MemorySegment c,
      long to,
      long stride) {
    for (int r = 0; r < rows; r++) {
      for (int j = 0; j < width; j++) {
        float value = t.get(LAYOUT, (long) r * ROW_BYTES + (long) j * BYTES) * alpha;
        merge(value, keep, c, to + r * stride + (long) j * BYTES);
      }
    }
  }
}
