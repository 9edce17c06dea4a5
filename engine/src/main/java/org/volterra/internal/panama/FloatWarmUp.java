package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;
import jdk.incubator.vector.FloatVector;
import org.volterra.memory.NativeMemory;

/**
 * Brings one loop over vectors to the optimising compiler before it meets much work.
 *
 * <p>Interpreted, or compiled without optimisation, a vector operation is a dozen calls of the
 * vector API and takes microseconds. Methods of that API are called so often then that they reach
 * the one thread of the optimising compiler before the loops that need them, and it compiles
 * hundreds of them for nothing: in optimised loops nothing is left of them. What brings a method to
 * that compiler is the number of its calls. So each loop is called here some thousand times with
 * nothing to do, when it returns at once, and only now and then with a few vectors, from which the
 * compiler learns how it branches.
 *
 * <p>What a loop must be like: it returns at once if there is nothing to do, before its first
 * vector operation and before the loop, which would be one that hardly ever turns to the compiler.
 * What it does not meet here, such as the other branch of a condition, is not compiled. It calls
 * the vector API directly, or methods that do nothing else: the compiler inlines others only where
 * they are called in a fair share of the calls of the loop, or if they were called a thousand times
 * by themselves. What it calls an operation of is a vector that was loaded or broadcast, not one
 * that the loop carries from turn to turn, of which the compiler does not know the class.
 */
final class FloatWarmUp {
  /** Products of at least this many multiplications are worth the time. */
  static final long WORTHWHILE = 1 << 18;

  /** And elementwise operations on at least this many elements. */
  static final long LEAST_ELEMENTS = 1 << 11;

  /** Vectors of a turn that has something to do. */
  static final int VECTORS = 16;

  /** Calls with nothing to do for each that has. */
  private static final int CALLS = 512;

  /**
   * Calls before each look whether the compiler is done: those of code that the first compiler had
   * not yet given its counters did not count.
   */
  private static final int CALLS_WHILE_WAITING = 1024;

  /** So many rounds of them reach the compiler, if it is idle. */
  private static final int ROUNDS = 12;

  /** Rounds that are not compiled; the very first also loads classes. */
  private static final int FIRST_ROUNDS = 4;

  /** A loop is compiled when it is so many times faster than in the beginning. */
  private static final int SPEEDUP = 64;

  /** Or when it takes less than this, call and clock included, if it was compiled before. */
  private static final long FAST_NANOS = 1500;

  /** Copies of a vector, fewer than bring their methods to the optimising compiler. */
  private static final int COPIES = 4000;

  private static final int COPIES_TOGETHER = 64;

  private static final long PAUSE_NANOS = 50_000;

  /** Pauses between looks whether the compiler is done; they grow, since slow calls cost. */
  private static final long SHORTEST_WAIT_NANOS = 500_000;

  private static final long LONGEST_WAIT_NANOS = 2_500_000;
  private static final long PATIENCE_NANOS = 2_000_000_000L;

  /** Bytes of the memory that a loop may use, and of each of four operands in it. */
  static final long PART = 4 * VECTORS * (long) FloatSpecies.WIDTH;

  private static volatile boolean impatient;

  private final Loop loop;
  private volatile boolean done;

  /** Calls a loop. */
  @FunctionalInterface
  interface Loop {
    /**
     * Calls it several times.
     *
     * @param s memory of four operands
     * @param w arrays
     * @param vectors what it is to work on
     * @param times the number of calls
     */
    void run(MemorySegment s, FloatBlocks w, int vectors, int times);
  }

  FloatWarmUp(Loop loop) {
    this.loop = loop;
  }

  Loop loop() {
    return loop;
  }

  /**
   * Copies vectors in native memory, often enough that the compiler trusts what it knows of the
   * methods that read and write them (a thousand calls): of which class segments are.
   */
  private static final class Segments {
    static final boolean KNOWN = copy();

    private static boolean copy() {
      try (NativeMemory memory = NativeMemory.allocate(PART)) {
        MemorySegment s = memory.segment();
        for (int i = 0; i < COPIES; i++) {
          FloatVector.fromMemorySegment(SPECIES, s, 0, ORDER).intoMemorySegment(s, 0, ORDER);
          if (i % COPIES_TOGETHER == 0) {
            LockSupport.parkNanos(PAUSE_NANOS); // for the first compiler, which adds counters
          }
        }
      }
      return true;
    }
  }

  /**
   * Returns when the loop is compiled, or after some time; later calls at once. Where one loop was
   * not compiled in time, others are not waited for.
   */
  void ensure() {
    if (!done) {
      warm();
    }
  }

  private synchronized void warm() {
    if (done) {
      return;
    }
    try (NativeMemory memory = NativeMemory.allocate(4 * PART)) {
      if (Segments.KNOWN && !isFast(memory.segment(), new FloatBlocks())) {
        impatient = true;
      }
    } finally {
      done = true;
    }
  }

  private boolean isFast(MemorySegment s, FloatBlocks w) {
    long slow = bringToCompiler(s, w);
    if (impatient) {
      return true;
    }
    long limit = Math.max(slow / SPEEDUP, FAST_NANOS);
    long pause = SHORTEST_WAIT_NANOS;
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < deadline) {
      loop.run(s, w, 0, CALLS_WHILE_WAITING);
      time(s, w, 1); // to the caches
      if (time(s, w, 1) < limit) {
        time(s, w, VECTORS);
        if (time(s, w, VECTORS) < limit) {
          return true;
        }
      }
      LockSupport.parkNanos(pause);
      pause = Math.min(pause + pause / 8, LONGEST_WAIT_NANOS);
    }
    return false;
  }

  /** Calls the loop often enough; returns how long it takes when it is not compiled. */
  private long bringToCompiler(MemorySegment s, FloatBlocks w) {
    long slow = Long.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      loop.run(s, w, 0, CALLS);
      long time = time(s, w, VECTORS);
      if (round > 0 && round <= FIRST_ROUNDS) {
        slow = Math.min(slow, time);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    return slow;
  }

  private long time(MemorySegment s, FloatBlocks w, int vectors) {
    long begin = System.nanoTime();
    loop.run(s, w, vectors, 1);
    return System.nanoTime() - begin;
  }
}
