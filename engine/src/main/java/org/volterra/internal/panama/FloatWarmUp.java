package org.volterra.internal.panama;

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

  /** Initialised by the first large product, which waits for it. */
  private static final class Once {
    static final boolean DONE = run();

    private static boolean run() {
      try (NativeMemory memory = NativeMemory.allocate(SIZE)) {
        MemorySegment s = memory.segment();
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        return warm(FloatWarmUp::wide4, s, deadline)
            && warm(FloatWarmUp::narrow4, s, deadline)
            && warm(FloatWarmUp::wide1, s, deadline)
            && warm(FloatWarmUp::narrow1, s, deadline);
      }
    }

    /** Runs a tile until it is fast, or the time is over. */
    private static boolean warm(Tile tile, MemorySegment s, long deadline) {
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

  private interface Tile {
    void run(MemorySegment s);
  }

  /** Returns when the tiles are compiled, or after {@link #PATIENCE_NANOS}; later calls at once. */
  static boolean ensure() {
    return Once.DONE;
  }

  private static void wide4(MemorySegment s) {
    FloatTile.wide4(DEPTH, s, 0, WIDE, s, B, s, T, WIDE, s, T, WIDE);
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
