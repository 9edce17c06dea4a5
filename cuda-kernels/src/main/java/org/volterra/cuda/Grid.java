package org.volterra.cuda;

/**
 * How many blocks of how many threads.
 *
 * @param x blocks along the first dimension
 * @param y along the second, at most 65535
 * @param z along the third, at most 65535
 * @param blockX threads of a block along the first dimension
 * @param blockY threads along the second
 */
record Grid(int x, int y, int z, int blockX, int blockY) {
  /** Threads of a block that has no reason for another number. */
  static final int THREADS = 256;

  /** Lanes of a warp: the width of blocks that reduce. */
  static final int LANES = 32;

  /** Warps of blocks that reduce. */
  static final int WARPS = 8;

  static final int MOST = 65535;

  /** Blocks of (32, 8) threads. */
  static Grid ofWarps(long x, long y) {
    return new Grid(Math.toIntExact(x), Math.toIntExact(y), 1, LANES, WARPS);
  }

  /** For kernels of which so many warps, 1 or {@link #WARPS}, work on one row. */
  static Grid ofRows(long rows, int warps) {
    return ofWarps(ceil(rows * warps, WARPS), 1);
  }

  /** Blocks of 256 threads in one row. */
  static Grid ofThreads(long x, long y) {
    return new Grid(Math.toIntExact(x), Math.toIntExact(y), 1, THREADS, 1);
  }

  /**
   * For elementwise kernels: threads along a row that take 16 bytes each, rows side by side, and no
   * more blocks than keep a device busy.
   */
  static Grid elementwise(long rows, long columns, int width, long most) {
    long packs = ceil(columns, width);
    int blockX = (int) Math.min(THREADS, powerOfTwo(packs));
    int blockY = (int) Math.min(THREADS / blockX, powerOfTwo(rows));
    long x = Math.min(ceil(packs, blockX), most);
    long y = Math.min(ceil(rows, blockY), Math.clamp(most / x, 1, MOST));
    return new Grid((int) x, (int) y, 1, blockX, blockY);
  }

  /** For kernels that reduce a whole matrix: blocks of (32, 8), at most so many. */
  static Grid reduction(long rows, long columns, int width, long most) {
    long packs = ceil(columns, width);
    long x = Math.min(ceil(packs, rows == 1 ? THREADS : LANES), most);
    long y = rows == 1 ? 1 : Math.min(ceil(rows, WARPS), Math.clamp(most / x, 1, MOST));
    return ofWarps(x, y);
  }

  static long ceil(long n, long unit) {
    return (n + unit - 1) / unit;
  }

  /** The least power of two that is not below n, for n of at least 1. */
  static long powerOfTwo(long n) {
    return n <= 1 ? 1 : Long.highestOneBit(n - 1) << 1;
  }

  long blocks() {
    return (long) x * y * z;
  }

  @Override
  public String toString() {
    return "on " + x + " x " + y + " x " + z + " blocks of " + blockX + " x " + blockY + " threads";
  }
}
