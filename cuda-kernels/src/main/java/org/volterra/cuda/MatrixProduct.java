package org.volterra.cuda;

import org.volterra.spi.BlockRow;
import org.volterra.spi.Matrix;

/**
 * The choice between {@link ExactProduct}, {@link HopperProduct} where that applies, and the
 * kernels of {@code tensor_gemm.cu}: of these the wide tile where it gives every multiprocessor a
 * block, the small one elsewhere; and the inner dimension in pieces, added in order, where the
 * tiles alone would leave the device idle.
 */
final class MatrixProduct {
  private static final int WIDE = 128;
  private static final int SMALL = 64;
  private static final int SLICE = 16;

  /** A piece of the inner dimension is at least so long. */
  private static final int SHORTEST_PIECE = 128;

  /** On tensor cores a wide tile is worth so long a piece of the inner dimension for itself. */
  private static final int WIDE_PIECE = 512;

  private static final int TENSOR_THREADS = 128;

  /** Four slices of both operands, as they lie in shared memory. */
  private static final int WIDE_RING_BYTES = 80 << 10;

  private static final int SMALL_RING_BYTES = 40 << 10;

  private static final long MOST_PARTIAL_BYTES = 64 << 20;

  /** Sizes are below this, so that tiles that stick out do not overflow. */
  private static final int MOST = Integer.MAX_VALUE - WIDE;

  /** Of a block of {@code sum_pieces}. */
  private static final int SUM_THREADS = 256;

  private final Launcher launcher;
  private final ExactProduct exact;
  private final boolean tensor;
  private final String family;
  private final HopperProduct hopper;

  MatrixProduct(Launcher launcher, ProductPrecision precision) {
    this.launcher = launcher;
    this.exact = new ExactProduct(launcher);
    this.tensor = launcher.width() == 4 && precision != ProductPrecision.FLOAT32;
    this.family = "gemm_" + precision + '_';
    TensorMaps maps = launcher.context().maps();
    this.hopper = tensor && maps != null ? new HopperProduct(launcher, maps, precision) : null;
  }

  void gemm(
      double alpha, Matrix a, boolean ta, Matrix b, boolean tb, double beta, Matrix c, int k) {
    gemm(Gemm.whole(alpha, a, ta, b, tb, beta, c, k));
  }

  void gemm(Gemm g) {
    if (hopper != null && hopper.takes(g)) {
      hopper.gemm(g);
      return;
    }
    int m = g.c().rows();
    int n = g.c().columns();
    int k = g.k();
    boolean wide = tensor && isWide(g.wholeRows(), g.wholeColumns(), k);
    int tile = wide ? WIDE : SMALL;
    if (Math.max(Math.max(m, n), k) > MOST || Grid.ceil(m, tile) > Grid.MOST) {
      throw new IllegalArgumentException(
          "product of "
              + m
              + " x "
              + n
              + " with inner dimension "
              + k
              + ": rows are at most "
              + Grid.MOST * tile
              + " and no size exceeds "
              + MOST);
    }
    if (!tensor) {
      exact.gemm(g);
      return;
    }
    int piece = piece(g.wholeRows(), g.wholeColumns(), k, tile);
    int pieces = (int) Grid.ceil(k, piece);
    long partial = g.partial(launcher, pieces);
    KernelArguments arguments = g.alpha(launcher.arguments()).matrix(g.a()).matrix(g.b());
    g.sizes(g.target(arguments, partial).address(partial), piece, 1);
    launcher.launch(
        "tensor_gemm",
        family + (wide ? "wide_" : "small_") + g.letters(),
        new Grid((int) Grid.ceil(n, tile), (int) Grid.ceil(m, tile), pieces, TENSOR_THREADS, 1),
        wide ? WIDE_RING_BYTES : SMALL_RING_BYTES);
    g.end(launcher, partial, pieces);
  }

  /** Whether kernels take such blocks: no slice reaches over the end of one. */
  static boolean takes(BlockRow blocks) {
    return blocks.first().columns() % SLICE == 0;
  }

  /** c = alpha * the sum of the pieces + beta * c. */
  static void sumPieces(
      Launcher launcher, double alpha, long partial, double beta, Matrix c, int pieces) {
    launcher
        .arguments()
        .scalar(alpha)
        .address(partial)
        .scalar(beta)
        .matrix(c)
        .int32(pieces)
        .int64(c.rows())
        .int64(c.columns());
    launcher.launch("gemm", "sum_pieces", sumGrid(launcher, c, pieces));
  }

  /** For kernels that add pieces: of few elements many pieces, so that threads share them. */
  static Grid sumGrid(Launcher launcher, Matrix c, int pieces) {
    int down = (int) Math.min(SUM_THREADS / Grid.LANES, Grid.powerOfTwo(pieces / 4));
    int across = SUM_THREADS / down;
    long packs = Grid.ceil(c.size(), launcher.width());
    long blocks = Math.min(Grid.ceil(packs, across), launcher.mostBlocks());
    return new Grid((int) blocks, 1, 1, across, down);
  }

  private boolean isWide(int m, int n, int k) {
    long each = Math.max(1, k / WIDE_PIECE);
    return m > SMALL && n > SMALL && tiles(m, n, WIDE) * each >= launcher.multiprocessors();
  }

  private static long tiles(int m, int n, int tile) {
    return Grid.ceil(m, tile) * Grid.ceil(n, tile);
  }

  private int piece(int m, int n, int k, int tile) {
    long wanted = Grid.ceil(2L * launcher.multiprocessors(), tiles(m, n, tile));
    long fits = MOST_PARTIAL_BYTES / ((long) m * n * launcher.type().bytes());
    long pieces = Math.clamp(Math.min(wanted, k / SHORTEST_PIECE), 1, Math.max(1, fits));
    return (int) (Grid.ceil(Grid.ceil(k, pieces), SLICE) * SLICE);
  }
}
