package org.volterra.cuda;

import java.util.List;

/**
 * How a matrix product is spread over a device: the tile, and the pieces of the inner dimension,
 * whose products are added in order.
 *
 * <p>The plan is the cheapest by an estimate in cycles of a multiprocessor, of the one with the
 * most blocks: they run as many at a time as fit, at the rate that was measured for so many. The
 * bytes from memory take their time too, most of it meanwhile; pieces are written, and read again
 * by a second kernel. The numbers are those of an H200, where the estimate is within a tenth of
 * what was measured for products of dense layers; on other devices they are in about the same
 * proportion.
 *
 * @param tile the tile
 * @param piece the elements of the inner dimension of a piece, a multiple of 16 unless there is one
 *     piece alone
 * @param pieces their number
 */
record ProductPlan(ProductTile tile, int piece, int pieces) {
  private static final int SLICE = 16;
  private static final int SHORTEST_PIECE = 64;
  private static final int MOST_PIECES = 512;
  private static final long MOST_PARTIAL_BYTES = 64 << 20;

  /** Cycles of the kernel that adds the pieces, beside their bytes. */
  private static final double SECOND_LAUNCH = 5000;

  /** A multiprocessor's share of memory, and of the second-level cache, in a cycle. */
  private static final double MEMORY_BYTES = 14;

  private static final double CACHE_BYTES = 30;

  /** How much of the shorter of the two, multiplications and memory, the longer does not hide. */
  private static final double UNHIDDEN = 0.25;

  /** What a product is, and where. */
  record Shape(int m, int n, int k, boolean transposeB, int bytes, int multiprocessors) {
    /** Multiplications of a multiprocessor in a cycle. */
    private int units() {
      return bytes == 4 ? 128 : 64;
    }

    private double memoryCycles() {
      double elements = (double) m * k + (double) k * n + 2.0 * m * n;
      return elements * bytes / MEMORY_BYTES / multiprocessors;
    }
  }

  /** The cheapest plan; of several, the first tile with the fewest pieces. */
  static ProductPlan choose(Shape shape, List<ProductTile> tiles) {
    ProductPlan best = null;
    double least = Double.POSITIVE_INFINITY;
    for (ProductTile tile : tiles) {
      if (tile.isFlat() && shape.transposeB()) {
        continue;
      }
      long most = tile.isFlat() ? 1 : mostPieces(shape);
      for (long wanted = 1; wanted <= most; wanted++) {
        ProductPlan plan = of(tile, shape.k(), wanted);
        double cycles = plan.cycles(shape);
        if (cycles < least) {
          least = cycles;
          best = plan;
        }
      }
    }
    return best;
  }

  /** With so many pieces, or fewer where slices do not go into so many. */
  private static ProductPlan of(ProductTile tile, int k, long wanted) {
    int piece = wanted == 1 ? k : (int) (Grid.ceil(Grid.ceil(k, wanted), SLICE) * SLICE);
    return new ProductPlan(tile, piece, (int) Grid.ceil(k, piece));
  }

  private static long mostPieces(Shape s) {
    long fits = MOST_PARTIAL_BYTES / ((long) s.m() * s.n() * s.bytes());
    return Math.clamp(Math.min(s.k() / SHORTEST_PIECE, fits), 1, MOST_PIECES);
  }

  /** The estimate. */
  double cycles(Shape s) {
    long blocks = Grid.ceil(s.m(), tile.rows()) * Grid.ceil(s.n(), tile.columns()) * pieces;
    double each = (double) tile.rows() * tile.columns() * piece;
    double product = tile.cycles(Grid.ceil(blocks, s.multiprocessors()), each, s.units());
    double memory = s.memoryCycles();
    double sums = 0;
    if (pieces > 1) {
      double bytes = 2.0 * pieces * s.m() * s.n() * s.bytes();
      sums = SECOND_LAUNCH + bytes / CACHE_BYTES / s.multiprocessors();
    }
    return Math.max(product, memory) + UNHIDDEN * Math.min(product, memory) + sums;
  }
}
