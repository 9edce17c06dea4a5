package org.volterra.cuda;

import java.util.List;

/**
 * A tile of {@code gemm.cu} or {@code flat_gemm.cu} and what the choice among them has to know.
 *
 * @param name as in the kernel's name
 * @param rows of c that a block computes
 * @param columns of c that a block computes
 * @param threads of a block
 * @param sharedBytes the ring of slices
 * @param latency the cycles of a round of blocks beside its multiplications: until the first slices
 *     are there, and until the sums are written
 * @param rates the multiplications of a multiprocessor with so many blocks, less one, as a fraction
 *     of its peak; as many as fit it. Measured on an H200
 */
record ProductTile(
    String name,
    int rows,
    int columns,
    int threads,
    int sharedBytes,
    double latency,
    List<Double> rates) {

  private static final String FLAT = "flat";

  static final List<ProductTile> FLOAT32 =
      List.of(
          new ProductTile("wide", 128, 128, 256, 50_688, 9000, List.of(0.57, 0.684)),
          new ProductTile("long", 128, 128, 128, 33_792, 14_000, List.of(0.48, 0.707)),
          new ProductTile(
              "small", 64, 64, 64, 26_112, 11_000, List.of(0.27, 0.53, 0.57, 0.60, 0.62, 0.644)),
          new ProductTile(FLAT, 16, 512, 128, 0, 5000, List.of(0.15, 0.28, 0.40)));

  static final List<ProductTile> FLOAT64 =
      List.of(
          new ProductTile("wide", 128, 128, 256, 67_584, 9000, List.of(0.64)),
          new ProductTile("small", 64, 64, 128, 26_112, 11_000, List.of(0.34, 0.50, 0.58)),
          new ProductTile(FLAT, 16, 256, 128, 0, 5000, List.of(0.15, 0.28, 0.40)));

  /** Whether this is the tile of {@code flat_gemm.cu}: b is not transposed, k is not split. */
  boolean isFlat() {
    return name.equals(FLAT);
  }

  /** The cycles that a multiprocessor takes for blocks of so many multiplications each. */
  double cycles(long blocks, double multiplications, int units) {
    int resident = rates.size();
    double one = multiplications / units;
    int rest = (int) (blocks % resident);
    double full = (double) (blocks - rest) * one / rates.getLast();
    return full
        + (rest == 0 ? 0 : rest * one / rates.get(rest - 1))
        + Grid.ceil(blocks, resident) * latency;
  }
}
