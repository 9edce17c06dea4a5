package org.volterra.cuda;

import org.volterra.spi.Matrix;

/**
 * How the kernels of {@code gemv.cu} are spread over a device: a warp or a block for each row, and
 * rows or columns in pieces, added in order, where there are too few blocks.
 */
final class VectorProducts {
  /** A row longer than this is a block's work, a shorter one a warp's. */
  private static final int LONG_ROW = 1024;

  private static final int SHORTEST_PIECE = 4096;
  private static final int BLOCK_COLUMNS = 64;

  /**
   * For sums: blocks of 16 x 16 need few pieces, and take 66 to 94 % of the time of 64 x 4 on an
   * H200.
   */
  private static final int SUM_COLUMNS = 16;

  private static final int LEAST_TURNS = 8;

  /** Long rows that are a block's work together. */
  private static final int ROWS_OF_BLOCK = 4;

  private final Launcher launcher;

  VectorProducts(Launcher launcher) {
    this.launcher = launcher;
  }

  /** The warps that work on one row of so many columns. */
  static int warps(int columns) {
    return columns > LONG_ROW ? Grid.WARPS : 1;
  }

  /** y = alpha * a * x + beta * y. */
  void rows(double alpha, Matrix a, Matrix x, double beta, Matrix y) {
    rows(alpha, a, x, beta, y, a.rows());
  }

  /** The same for some of the rows, to the bits that the product of all would give them. */
  void rows(double alpha, Matrix a, Matrix x, double beta, Matrix y, int wholeRows) {
    int warps = warps(a.columns());
    int rowsOfBlock = warps == 1 ? Grid.WARPS : ROWS_OF_BLOCK;
    long groups = Grid.ceil(a.rows(), rowsOfBlock);
    long wholeGroups = Grid.ceil(wholeRows, rowsOfBlock);
    long pieces = piecesOfProduct(wholeGroups, a.columns() / SHORTEST_PIECE);
    long piece = Grid.ceil(Grid.ceil(a.columns(), pieces), Grid.LANES) * Grid.LANES;
    pieces = Grid.ceil(a.columns(), piece);
    long partial = partial(pieces, a.rows());
    launcher
        .arguments()
        .scalar(alpha)
        .matrix(a)
        .vector(x)
        .scalar(beta)
        .vector(y)
        .address(partial)
        .int32(warps)
        .int64(piece)
        .int64(a.rows())
        .int64(a.columns());
    launcher.launch("gemv", "row_products", Grid.ofWarps(groups, pieces));
    sumPartials(alpha, partial, beta, y, pieces);
  }

  /** How columns are spread: blocks across, and their threads with 16 bytes each. */
  private record Columns(long across, int blockX, int blockY, int width) {
    /** The same for so many of the columns. */
    Columns of(int columns) {
      return new Columns(Grid.ceil(columns, (long) blockX * width), blockX, blockY, width);
    }

    Grid blocks(long pieces) {
      return new Grid(Math.toIntExact(across), (int) pieces, 1, blockX, blockY);
    }

    int sharedBytes(int bytesOfSum) {
      return blockX * blockY * width * bytesOfSum;
    }
  }

  private Columns columns(long rows, long columns, int most) {
    int width = launcher.width();
    int blockX = (int) Math.min(most, Grid.powerOfTwo(Grid.ceil(columns, width)));
    int blockY = (int) Math.min(Grid.THREADS / blockX, Grid.powerOfTwo(rows));
    return new Columns(Grid.ceil(columns, (long) blockX * width), blockX, blockY, width);
  }

  /** y = alpha * aᵀ x + beta * y, or the sums of the columns where x is null. */
  void columns(double alpha, Matrix a, Matrix x, double beta, Matrix y) {
    columns(alpha, a, x, beta, y, a.columns());
  }

  /** The same for some of the columns, to the bits that the product of all would give them. */
  void columns(double alpha, Matrix a, Matrix x, double beta, Matrix y, int wholeColumns) {
    Columns whole = columns(a.rows(), wholeColumns, x == null ? SUM_COLUMNS : BLOCK_COLUMNS);
    Columns grid = whole.of(a.columns());
    long most = a.rows() / ((long) grid.blockY() * LEAST_TURNS);
    long pieces = piecesOfProduct(whole.across(), most);
    long piece = Grid.ceil(a.rows(), pieces);
    pieces = Grid.ceil(a.rows(), piece);
    long partial = partial(pieces, a.columns());
    KernelArguments arguments = launcher.arguments().scalar(alpha).matrix(a);
    if (x != null) {
      arguments.vector(x);
    }
    arguments
        .scalar(beta)
        .vector(y)
        .address(partial)
        .int64(piece)
        .int64(a.rows())
        .int64(a.columns());
    int bytes = x == null ? Double.BYTES : launcher.type().bytes();
    launcher.launch(
        "gemv",
        x == null ? "column_sums" : "column_products",
        grid.blocks(pieces),
        grid.sharedBytes(bytes));
    sumPartials(alpha, partial, beta, y, pieces);
  }

  /** y += the sums of the columns of a matrix in scratch, of few rows. */
  void addRows(long rows, long count, long stride, Matrix y) {
    Columns grid = columns(count, y.columns(), BLOCK_COLUMNS);
    launcher
        .arguments()
        .scalar(1)
        .address(rows)
        .int64(stride)
        .scalar(1)
        .vector(y)
        .address(0)
        .int64(count)
        .int64(count)
        .int64(y.columns());
    launcher.launch("gemv", "column_sums", grid.blocks(1), grid.sharedBytes(Double.BYTES));
  }

  /** a += alpha * x * yᵀ. */
  void rankOne(double alpha, Matrix x, Matrix y, Matrix a) {
    KernelArguments arguments = launcher.arguments().scalar(alpha).vector(x).vector(y).matrix(a);
    launcher.elementwise("gemv", "rank_one", arguments, false, a);
  }

  /** The pieces, at most so many, of what so many blocks do, that keep the device busy. */
  long pieces(long blocks, long most) {
    return clamp(Grid.ceil(blocksAtATime(), blocks), most);
  }

  /** The same for products with vectors: rather a few blocks less than a few that run alone. */
  private long piecesOfProduct(long blocks, long most) {
    return clamp((blocksAtATime() + blocks / 4) / blocks, most);
  }

  /** About as many blocks as run at a time. */
  private long blocksAtATime() {
    return 4L * launcher.multiprocessors();
  }

  private static long clamp(long pieces, long most) {
    return Math.clamp(pieces, 1, Math.clamp(most, 1, Grid.MOST));
  }

  private long partial(long pieces, long count) {
    return pieces == 1 ? 0 : launcher.context().scratch(pieces * count * Double.BYTES);
  }

  private void sumPartials(double alpha, long partial, double beta, Matrix y, long pieces) {
    if (pieces > 1) {
      addPartials(alpha, partial, beta, y, pieces);
    }
  }

  /** y = alpha * the sum of pieces of float64 numbers in scratch + beta * y. */
  void addPartials(double alpha, long partial, double beta, Matrix y, long pieces) {
    launcher
        .arguments()
        .scalar(alpha)
        .address(partial)
        .scalar(beta)
        .vector(y)
        .int32((int) pieces)
        .int64(y.columns());
    long blocks = Math.min(Grid.ceil(y.columns(), Grid.LANES), launcher.mostBlocks());
    launcher.launch("gemv", "sum_partials", Grid.ofWarps(blocks, 1));
  }
}
