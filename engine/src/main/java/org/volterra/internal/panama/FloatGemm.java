package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatTile.MIDDLE;
import static org.volterra.internal.panama.FloatTile.NARROW;
import static org.volterra.internal.panama.FloatTile.ROWS;
import static org.volterra.internal.panama.FloatTile.WIDE;

import java.lang.foreign.MemorySegment;

/**
 * The matrix product over register tiles of 4 rows and 4 vectors of columns; 3 or 2 vectors in the
 * last columns, and 2 where a CPU has few registers.
 *
 * <p>A is read in place; a transposed A is transposed, a band of rows at a time. Panels of B (the
 * columns of a tile) are read in place if the panel is the whole of B, C has few rows, or B comes
 * in panels ({@link FloatPanels}), and else packed. The inner dimension is cut into blocks of
 * {@link #DEPTH}; C takes up the blocks in order. Threads divide tiles of C, never the inner
 * dimension.
 */
@SuppressWarnings("cast")
final class FloatGemm extends Workshop.Bound {
  /** Inner dimension of a block: its panel of B stays in the second-level cache. */
  static final int DEPTH = 512;

  /** Columns of a panel. Vectors of 512 bits come with 32 registers: 16 sums, 4 of B, 1 of A. */
  static final int COLUMNS = (WIDTH == 64 ? 4 : 2) * LENGTH;

  private static final int NARROW_COLUMNS = 2 * LENGTH;

  /** Rows of a task: few, so that a block of A stays in the cache, or many where B is packed. */
  private static final int BAND = 64;

  private static final int WIDE_BAND = 256;

  /** Most rows of a product that reads B where it is: packing would cost more than it saves. */
  private static final int THIN_ROWS = 3;

  /** Where scratch memory has a row of zeros, after a tile. */
  private static final long ZEROS = ROWS * (long) WIDE;

  /** Where a packed panel of B and a transposed band of A lie in scratch memory. */
  private static final long PANEL = ZEROS + WIDE;

  private static final long PACKED_BAND = PANEL + DEPTH * (long) WIDE;

  private final FloatChain before = new FloatChain();
  private final FloatChain after = new FloatChain();
  private Operand slope;
  private float alpha;
  private float beta;
  private Operand a;
  private boolean transposeA;
  private Operand b;
  private boolean transposeB;
  private Operand c;
  private int depth;
  private boolean isPrepared;
  private boolean inPlace;
  private boolean readsApart;
  private int panelColumns;
  private int panels;
  private int columnTasks;
  private int rowsPerTask;

  /** Binds {@code c = alpha op(a) op(b) + beta c}; shapes are checked by the caller. */
  FloatGemm with(
      int threads,
      double factor,
      Operand left,
      boolean transposeLeft,
      Operand right,
      boolean transposeRight,
      double keep,
      Operand product) {
    isPrepared = false;
    return bind(threads, factor, left, transposeLeft, right, transposeRight, keep, product);
  }

  /** Binds {@code c = alpha a b + beta c} with b in panels; shapes are checked by the caller. */
  FloatGemm withPanels(
      int threads, double factor, Operand left, Operand panelsOfB, double keep, Operand product) {
    isPrepared = true;
    return bind(threads, factor, left, false, panelsOfB, false, keep, product);
  }

  private FloatGemm bind(
      int threads,
      double factor,
      Operand left,
      boolean transposeLeft,
      Operand right,
      boolean transposeRight,
      double keep,
      Operand product) {
    alpha = (float) factor;
    beta = (float) keep;
    a = left;
    transposeA = transposeLeft;
    depth = transposeA ? a.rows : a.columns;
    b = right;
    transposeB = transposeRight;
    c = product;
    inPlace = factor == 1 && (keep == 0 || keep == 1);
    readsApart = !isPrepared && !transposeB && c.columns > COLUMNS && c.rows <= THIN_ROWS;
    panelColumns = readsApart ? NARROW_COLUMNS : COLUMNS;
    panels = (c.columns + panelColumns - 1) / panelColumns;
    cut(threads);
    slope = null;
    before.clear();
    after.clear();
    return this;
  }

  /**
   * Whether tasks take an epilogue: those that compute whole rows of C. With parts of rows it takes
   * longer than one of its own, and a single column is a product of a matrix and a vector.
   */
  boolean takesEpilogue() {
    return columnTasks == 1 && c.columns > 1;
  }

  /** What is to be done with a block of C before its products are added. */
  FloatChain before() {
    return before;
  }

  /** What is to be done with a block of C that is complete, or of the slope if there is one. */
  FloatChain after() {
    return after;
  }

  /** The last rows of C, as many as the slope has columns, are to be transposed to the slope. */
  void transposing(Operand to) {
    slope = to;
  }

  @Override
  void run(Workshop shop) {
    long products = (long) c.rows * c.columns * depth;
    if (products >= FloatWarmUp.WORTHWHILE && !c.isWarm) {
      warmUp();
      c.isWarm = true;
    }
    shop.run((c.rows + rowsPerTask - 1) / rowsPerTask * columnTasks, products / 8, this);
  }

  /** Has the loops that this product needs compiled. */
  private void warmUp() {
    int last = (c.columns - 1) % panelColumns + 1;
    if (readsApart) {
      FloatLoops.APART_1.ensure();
    } else {
      FloatLoops.tiles(c.rows, FloatTile.rowBytes(Math.min(c.columns, panelColumns)));
      FloatLoops.tiles(c.rows, FloatTile.rowBytes(last));
    }
    FloatLoops.FILL.ensure();
    if (transposeA || transposeB || slope != null) {
      FloatLoops.TRANSPOSE.ensure();
    }
    boolean isRead = isPrepared || readsApart;
    if (!transposeB && !isRead && (panels > 1 || b.stride != (long) c.columns * BYTES)) {
      boolean hasWhole = c.columns >= panelColumns && panelColumns * BYTES == WIDE;
      FloatLoops.copies(hasWhole, !hasWhole || c.columns % panelColumns != 0);
    }
    if (!inPlace || last * BYTES != FloatTile.rowBytes(last)) {
      FloatLoops.AXPBY.ensure();
    }
    before.warmUp();
    after.warmUp();
  }

  /**
   * Cuts C into tasks. Where each task packs its panels of B, there are no more bands of rows than
   * threads need: a panel that is packed meets as many rows as it can.
   */
  private void cut(int threads) {
    boolean isPacked = !isPrepared && !transposeA && panels > 1 && !readsApart;
    rowsPerTask = isPacked ? WIDE_BAND : BAND;
    int bands = (c.rows + rowsPerTask - 1) / rowsPerTask;
    columnTasks = Math.min(panels, Math.max(1, 4 * threads / bands));
    int tasks = bands * columnTasks;
    if (isPacked ? tasks % threads != 0 && tasks < 4 * threads : tasks < 2 * threads) {
      int parts = isPacked ? commonMultiple(threads, columnTasks) : 2 * threads;
      int height = Math.max(1, c.rows * columnTasks / parts);
      rowsPerTask = Math.min(rowsPerTask, (height + ROWS - 1) / ROWS * ROWS);
    }
  }

  /** The least multiple of a number of threads that is one of a number of tasks too. */
  private static int commonMultiple(int threads, int tasks) {
    int multiple = threads;
    while (multiple % tasks != 0) {
      multiple += threads;
    }
    return multiple;
  }

  @Override
  public void run(int task, Scratch scratch) {
    int first = task / columnTasks * rowsPerTask;
    int from = (int) ((long) panels * (task % columnTasks) / columnTasks);
    int to = (int) ((long) panels * (task % columnTasks + 1) / columnTasks);
    int end = Math.min(c.rows, first + rowsPerTask);
    before.block(first, end, 0, c.columns, scratch);
    block(first, end, from, to, scratch.segment);
    if (slope == null) {
      after.block(first, end, 0, c.columns, scratch);
    } else {
      int top = c.rows - slope.columns;
      int row = Math.max(first, top);
      if (row < end) {
        transpose(row, end, row - top, scratch.segment);
        after.block(0, slope.rows, row - top, end - row, scratch);
      }
    }
  }

  /** Rows of C to columns of the slope. */
  private void transpose(int row, int end, int to, MemorySegment t) {
    long at = slope.start + (long) to * BYTES;
    long from = c.start + row * c.stride;
    int rows = end - row;
    FloatPack.transpose(
        c.segment, from, c.stride, rows, c.columns, slope.segment, at, slope.stride, t);
  }

  /** A block of C: some rows, some panels of columns. */
  private void block(int firstRow, int endRow, int firstPanel, int endPanel, MemorySegment t) {
    if (isThin()) {
      for (int i = firstRow; i < endRow; i++) {
        FloatRowTile.thin(
            depth, a.segment, a.start + i * a.stride, b.segment, b.start, b.stride, t);
        add(t, 1, WIDTH, c.columns, beta, c.start + i * c.stride);
      }
      return;
    }
    FloatElementwise.fill(t, ZEROS, 0, WIDE);
    for (int p = 0; p < depth; p += DEPTH) {
      int k = Math.min(DEPTH, depth - p);
      if (transposeA) {
        long from = a.start + p * a.stride + (long) firstRow * BYTES;
        long next = (long) k * BYTES;
        FloatPack.transpose(
            a.segment, from, a.stride, k, endRow - firstRow, t, PACKED_BAND, next, t);
      }
      for (int panel = firstPanel; panel < endPanel; panel++) {
        int column = panel * panelColumns;
        int width = Math.min(panelColumns, c.columns - column);
        int rowBytes = FloatTile.rowBytes(width);
        long from = b.start + p * b.stride + (long) column * BYTES;
        if (isPrepared) {
          long at = b.start + FloatPanels.start(panel, depth) + (long) p * rowBytes;
          panel(firstRow, endRow, p, k, b.segment, at, rowBytes, column, width, t);
        } else if (!transposeB && b.stride == rowBytes && width * BYTES == rowBytes) {
          panel(firstRow, endRow, p, k, b.segment, from, rowBytes, column, width, t);
        } else if (readsApart && from + (k - 1) * b.stride + NARROW <= b.segment.byteSize()) {
          panel(firstRow, endRow, p, k, b.segment, from, b.stride, column, width, t);
        } else {
          pack(p, k, column, width, rowBytes, t);
          panel(firstRow, endRow, p, k, t, PANEL, rowBytes, column, width, t);
        }
      }
    }
  }

  /** Whether packing B would cost more than it saves, and its rows can be read as whole vectors. */
  private boolean isThin() {
    long end = b.start + (depth - 1) * b.stride + WIDTH;
    return c.rows <= THIN_ROWS
        && c.columns <= LENGTH
        && depth <= DEPTH
        && !transposeA
        && !transposeB
        && end <= b.segment.byteSize();
  }

  private void pack(int p, int k, int column, int width, int rowBytes, MemorySegment t) {
    if (transposeB) {
      long from = b.start + column * b.stride + (long) p * BYTES;
      FloatPack.transpose(b.segment, from, b.stride, width, k, t, PANEL, rowBytes, t);
    } else {
      long from = b.start + p * b.stride + (long) column * BYTES;
      if (width * BYTES == WIDE) {
        FloatPack.copyWide(b.segment, from, b.stride, k, t, PANEL);
      } else {
        FloatPack.copy(b.segment, from, b.stride, k, width, t, PANEL, rowBytes);
      }
    }
  }

  /** One panel of columns: all tiles from the first row to the end. */
  private void panel(
      int firstRow,
      int endRow,
      int p,
      int k,
      MemorySegment b,
      long j,
      long stride,
      int column,
      int width,
      MemorySegment t) {
    MemorySegment s = transposeA ? t : a.segment;
    long rowStride = transposeA ? (long) k * BYTES : a.stride;
    long from = transposeA ? PACKED_BAND : a.start + firstRow * a.stride + (long) p * BYTES;
    long to = c.start + firstRow * c.stride + (long) column * BYTES;
    int rowBytes = FloatTile.rowBytes(width);
    boolean direct = inPlace && width * BYTES == rowBytes;
    float keep = p == 0 ? beta : 1;
    boolean continues = direct && keep == 1;
    MemorySegment sums = continues ? c.segment : t;
    long step = continues ? c.stride : 0;
    int height;
    for (int i = firstRow; i < endRow; i += height) {
      height = endRow - i >= ROWS ? ROWS : 1;
      long at = continues ? to : ZEROS;
      if (direct) {
        tile(
            height, rowBytes, k, s, from, rowStride, b, j, stride, sums, at, step, c.segment, to,
            c.stride);
      } else {
        tile(height, rowBytes, k, s, from, rowStride, b, j, stride, sums, at, step, t, 0, rowBytes);
        add(t, height, rowBytes, width, keep, to);
      }
      from += height * rowStride;
      to += height * c.stride;
    }
  }

  private static void tile(
      int height,
      int rowBytes,
      int k,
      MemorySegment a,
      long i,
      long rowStride,
      MemorySegment b,
      long j,
      long stride,
      MemorySegment s,
      long from,
      long step,
      MemorySegment t,
      long to,
      long next) {
    if (stride != rowBytes) {
      FloatRowTile.apart1(k, a, i, b, j, stride, s, from, t, to);
    } else if (height == ROWS) {
      if (rowBytes == WIDE) {
        FloatTile.wide4(k, a, i, rowStride, b, j, s, from, step, t, to, next);
      } else if (rowBytes == MIDDLE) {
        FloatTile.middle4(k, a, i, rowStride, b, j, s, from, step, t, to, next);
      } else {
        FloatTile.narrow4(k, a, i, rowStride, b, j, s, from, step, t, to, next);
      }
    } else if (rowBytes == WIDE) {
      FloatRowTile.wide1(k, a, i, b, j, s, from, t, to);
    } else if (rowBytes == MIDDLE) {
      FloatRowTile.middle1(k, a, i, b, j, s, from, t, to);
    } else {
      FloatRowTile.narrow1(k, a, i, b, j, s, from, t, to);
    }
  }

  /** Adds a tile to C: {@code c = alpha t + keep c}. */
  private void add(MemorySegment t, int rows, int rowBytes, int width, float keep, long to) {
    if (rows > 1 && width % LENGTH != 0 && c.stride == (long) width * BYTES) {
      FloatPack.copy(t, 0, rowBytes, rows, width, t, 0, width * (long) BYTES);
      addRow(t, 0, rows * width, keep, to);
      return;
    }
    for (int r = 0; r < rows; r++) {
      addRow(t, (long) r * rowBytes, width, keep, to + r * c.stride);
    }
  }

  private void addRow(MemorySegment t, long from, int width, float keep, long to) {
    int whole = width / LENGTH * WIDTH;
    FloatElementwise.axpby(alpha, t, from, keep, c.segment, to, whole);
    for (int o = whole; o < width * BYTES; o += BYTES) {
      merge(t.get(LAYOUT, from + o) * alpha, keep, c.segment, to + o);
    }
  }
}
