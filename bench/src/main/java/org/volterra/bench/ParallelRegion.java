package org.volterra.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.volterra.internal.platform.WorkerPool;

/**
 * What does it cost to share work between threads: a region of empty tasks, one for each thread,
 * right after the last one? Before that it is checked that every task runs once.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgs = {
      "-Xms1g",
      "-Xmx1g",
      "--add-modules=jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
public class ParallelRegion {
  private static final int TRIALS = 1000;

  /** Threads that work on a region, the caller included. */
  @Param("2")
  public int threads;

  private WorkerPool pool;

  /** For JMH. */
  public ParallelRegion() {}

  /** Starts the threads and checks them. */
  @Setup(Level.Trial)
  public void setup() {
    pool = new WorkerPool(threads);
    AtomicInteger runs = new AtomicInteger();
    for (int i = 0; i < TRIALS; i++) {
      pool.run(threads, task -> runs.incrementAndGet());
    }
    if (runs.get() != TRIALS * threads) {
      throw new WrongResultException(
          TRIALS + " regions ran " + runs.get() + " tasks instead of " + TRIALS * threads);
    }
  }

  /** A region. */
  @Benchmark
  public void region() {
    pool.run(threads, ParallelRegion::nothing);
  }

  private static void nothing(int task) {}

  /** Ends the threads. */
  @TearDown(Level.Trial)
  public void close() {
    pool.close();
  }
}
