package org.volterra.cuda;

import org.volterra.spi.BlockRow;
import org.volterra.spi.Matrix;

/**
 * Products by the kernels of {@code hopper_gemm.cu}, for devices of compute capability 9.0: when
 * they are worth it, and in how many pieces the inner dimension is then cut.
 */
final class HopperProduct {
  private static final int TILE_ROWS = 128;
  private static final int TILE_COLUMNS = 256;
  private static final int SLICE = 32;
  private static final int STAGES = 4;

  /** A ring of slices of both operands, and what its beginning is moved by at most. */
  private static final int SHARED_BYTES =
      STAGES * (TILE_ROWS + TILE_COLUMNS) * SLICE * Float.BYTES + (1 << 10);

  private static final int WARPGROUP = 128;

  /** Rows of a box of an operand that lies along the inner dimension. */
  private static final int ALONG = 128;

  /** Rows of a box of one that lies across. */
  private static final int ACROSS = SLICE;

  /** Smaller products are left to the kernels for smaller tiles. */
  private static final int LEAST_ROWS = 64;

  private static final int LEAST_COLUMNS = 65;
  private static final int LEAST_INNER = 256;

  /** Multiplications for each multiprocessor, below which smaller tiles spread better. */
  private static final long LEAST_EACH = 1 << 20;

  private static final int MOST_PIECES = 32;
  private static final long MOST_PARTIAL_BYTES = 64 << 20;

  /** What a block does beside multiplying slices, in the time of so many. */
  private static final int SLICES_AROUND = 6;

  /** What adding up the pieces takes beside its bytes, and the bytes in the time of a slice. */
  private static final int SLICES_TO_ADD = 4;

  private static final double BYTES_OF_SLICE = 3e6;

  private final Launcher launcher;
  private final TensorMaps maps;
  private final ProductPrecision precision;

  HopperProduct(Launcher launcher, TensorMaps maps, ProductPrecision precision) {
    this.launcher = launcher;
    this.maps = maps;
    this.precision = precision;
  }

  /** Whether a product is computed here: the whole is large enough, tensor maps can describe it. */
  boolean takes(Gemm g) {
    return g.wholeRows() >= LEAST_ROWS
        && g.wholeColumns() >= LEAST_COLUMNS
        && g.k() >= LEAST_INNER
        && (long) g.wholeRows() * g.wholeColumns() * g.k()
            >= LEAST_EACH * launcher.multiprocessors()
        && Grid.ceil(g.wholeRows(), TILE_ROWS) <= Grid.MOST
        && TensorMaps.canDescribe(g.a(), launcher.context().address(g.a()))
        && TensorMaps.canDescribe(g.b(), launcher.context().address(g.b()))
        && (g.blocks() == null || takes(g.blocks()));
  }

  /** Whether one map shows all blocks, as rows without gaps, of which no slice sees two. */
  private static boolean takes(BlockRow blocks) {
    Matrix first = blocks.first();
    int length = first.columns();
    return first.stride() == length
        && length % SLICE == 0
        && blocks.distance() > 0
        && blocks.growth() >= 0
        && blocks.distance() % length == 0
        && blocks.growth() % length == 0
        && allRows(blocks) <= Integer.MAX_VALUE;
  }

  /** The rows from the first block to the end of the last. */
  private static long allRows(BlockRow blocks) {
    Matrix first = blocks.first();
    long last = blocks.block(blocks.count() - 1).offset();
    return (last - first.offset()) / first.columns() + first.rows();
  }

  private static Matrix all(BlockRow blocks) {
    Matrix first = blocks.first();
    return Matrix.of(first.buffer(), first.offset(), (int) allRows(blocks), first.columns());
  }

  void gemm(Gemm g) {
    Matrix a = g.a();
    Matrix b = g.blocks() == null ? g.b() : all(g.blocks());
    Matrix c = g.c();
    int tilesAcross = (int) Grid.ceil(c.columns(), TILE_COLUMNS);
    int tilesDown = (int) Grid.ceil(c.rows(), TILE_ROWS);
    int piece = piece(g.wholeRows(), g.wholeColumns(), g.k());
    int pieces = (int) Grid.ceil(g.k(), piece);
    CudaContext context = launcher.context();
    long partial = g.partial(launcher, pieces);
    KernelArguments arguments = g.alpha(launcher.arguments());
    boolean rounds = precision == ProductPrecision.TF32;
    maps.describe(arguments.tensorMap(a), a, context.address(a), g.ta() ? ACROSS : ALONG, rounds);
    maps.describe(arguments.tensorMap(b), b, context.address(b), g.tb() ? ALONG : ACROSS, rounds);
    g.sizes(g.target(arguments, partial).address(partial), piece, b.columns());
    // Bfloat16, and rows that lie across, need a warpgroup that turns them.
    int warpgroups = g.ta() || !rounds ? 4 : 3;
    launcher.launch(
        "hopper_gemm",
        "gemm_" + precision + "_hopper_" + g.letters(),
        new Grid(tilesAcross, tilesDown, pieces, warpgroups * WARPGROUP, 1),
        SHARED_BYTES);
    g.end(launcher, partial, pieces);
  }

  /** The length of pieces that is done first: a block of each multiprocessor at a time. */
  private int piece(int rows, int columns, int k) {
    long tiles = Grid.ceil(columns, TILE_COLUMNS) * Grid.ceil(rows, TILE_ROWS);
    double bytes = (double) rows * columns * Float.BYTES;
    long slices = Grid.ceil(k, SLICE);
    long most = (long) Math.min(MOST_PARTIAL_BYTES / bytes, MOST_PIECES);
    long best = slices;
    double least = Double.POSITIVE_INFINITY;
    for (int pieces = 1; pieces <= Math.clamp(most, 1, slices); pieces++) {
      long each = Grid.ceil(slices, pieces);
      long rounds = Grid.ceil(tiles * pieces, launcher.multiprocessors());
      double time = rounds * (double) (each + SLICES_AROUND);
      if (pieces > 1) {
        time += SLICES_TO_ADD + (2.0 * pieces + 1) * bytes / BYTES_OF_SLICE;
      }
      if (time < least) {
        least = time;
        best = each;
      }
    }
    return (int) best * SLICE;
  }
}
