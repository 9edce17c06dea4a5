package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatTile.MIDDLE;
import static org.volterra.internal.panama.FloatTile.NARROW;
import static org.volterra.internal.panama.FloatTile.ROWS;
import static org.volterra.internal.panama.FloatTile.WIDE;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import org.volterra.memory.NativeMemory;

/**
 * Brings the register tiles to the optimising compiler before the first large product.
 *
 * <p>The interpreter takes microseconds for each vector operation, so that a virtual machine that
 * meets a large product first would spend seconds in it before its counters call the compilers.
 * Here the same methods run with tiny products, which is a fraction of a second.
 */
final class FloatWarmUp {
  /** Products of at least this many multiplications are worth the time. */
  static final long WORTHWHILE = 1 << 19;

  /** Inner dimension of the tiny products: enough for the counters of loops. */
  private static final int DEPTH = 32;

  /** A compiled tile of this depth takes a fraction of a microsecond, an interpreted one many. */
  private static final long COMPILED_NANOS = 10_000;

  private static final long PATIENCE_NANOS = 5_000_000_000L;

  /** Where operands lie, and their bytes. */
  private static final long B = ROWS * (long) WIDE;

  private static final long T = B + DEPTH * (long) WIDE;
  private static final long SIZE = T + ROWS * (long) WIDE;

  private FloatWarmUp() {}

  /** Each is initialised by the first large product that takes this tile, which waits for it. */
  private static final class Wide4 {
    static final boolean DONE = warm(FloatWarmUp::wide4);
  }

  private static final class Middle4 {
    static final boolean DONE = warm(FloatWarmUp::middle4);
  }

  private static final class Narrow4 {
    static final boolean DONE = warm(FloatWarmUp::narrow4);
  }

  private static final class Wide1 {
    static final boolean DONE = warm(FloatWarmUp::wide1);
  }

  private static final class Middle1 {
    static final boolean DONE = warm(FloatWarmUp::middle1);
  }

  private static final class Narrow1 {
    static final boolean DONE = warm(FloatWarmUp::narrow1);
  }

  private static final class Apart1 {
    static final boolean DONE = warm(FloatWarmUp::apart1);
  }

  private interface Tile {
    void run(MemorySegment s);
  }

  /**
   * Returns when the tiles of a product are compiled, or after {@link #PATIENCE_NANOS} for each;
   * later calls at once.
   *
   * @param rows of the product
   * @param first bytes of a row of its first tile
   * @param last bytes of a row of its last tile
   * @param readsApart whether narrow tiles read rows of B that lie apart
   * @return whether all are compiled
   */
  static boolean ensure(int rows, int first, int last, boolean readsApart) {
    if (readsApart) {
      return Apart1.DONE;
    }
    return (rows < ROWS || (four(first) && four(last)))
        && (rows % ROWS == 0 || (one(first) && one(last)));
  }

  private static boolean four(int rowBytes) {
    return rowBytes == WIDE ? Wide4.DONE : rowBytes == MIDDLE ? Middle4.DONE : Narrow4.DONE;
  }

  private static boolean one(int rowBytes) {
    return rowBytes == WIDE ? Wide1.DONE : rowBytes == MIDDLE ? Middle1.DONE : Narrow1.DONE;
  }

  /** The same for the tiles that convolutions take from here. */
  static boolean ensure() {
    return ensure(ROWS + 1, WIDE, NARROW, false);
  }

  /** Runs a tile until it is fast, or the time is over. */
  private static boolean warm(Tile tile) {
    try (NativeMemory memory = NativeMemory.allocate(SIZE)) {
      MemorySegment s = memory.segment();
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      int fast = 0;
      for (int i = 0; fast < 8; i++) {
        long begin = System.nanoTime();
        tile.run(s);
        long end = System.nanoTime();
        if (end > deadline) {
          return false;
        }
        fast = end - begin < COMPILED_NANOS ? fast + 1 : 0;
        if (i > 1000) {
          LockSupport.parkNanos(100_000); // leaves the processor to the compiler
        }
      }
      return true;
    }
  }

  private static void wide4(MemorySegment s) {
    FloatTile.wide4(DEPTH, s, 0, WIDE, s, B, s, T, WIDE, s, T, WIDE);
  }

  private static void middle4(MemorySegment s) {
    FloatTile.middle4(DEPTH, s, 0, WIDE, s, B, s, T, WIDE, s, T, WIDE);
  }

  private static void middle1(MemorySegment s) {
    FloatTile.middle1(DEPTH, s, 0, s, B, s, T, s, T);
  }

  private static void apart1(MemorySegment s) {
    FloatTile.apart1(DEPTH, s, 0, s, B, NARROW, s, T, s, T);
  }

  private static void narrow4(MemorySegment s) {
    FloatTile.narrow4(DEPTH, s, 0, WIDE, s, B, s, T, WIDE, s, T, WIDE);
  }

  private static void wide1(MemorySegment s) {
    FloatTile.wide1(DEPTH, s, 0, s, B, s, T, s, T);
  }

  private static void narrow1(MemorySegment s) {
    FloatTile.narrow1(DEPTH, s, 0, s, B, s, T, s, T);
  }
}
