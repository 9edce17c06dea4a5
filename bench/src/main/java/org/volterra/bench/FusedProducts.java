package org.volterra.bench;

import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The most that processors can do in float32: fused products of vectors that never leave the
 * registers. What a matrix product reaches of it is its share of the machine's peak; what two
 * threads reach beside one tells whether there are two cores for them.
 */
final class FusedProducts implements AutoCloseable {
  /** Floating-point operations of a thread in a run. */
  static final double FLOPS = 1e9;

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Sums that do not wait for each other: as many as two units with a latency of five need. */
  private static final int CHAINS = 12;

  private final ExecutorService pool;
  private final List<Callable<Float>> parts;

  /** For so many threads. */
  FusedProducts(int threads) {
    int turns = (int) Math.round(FLOPS / (2.0 * CHAINS * SPECIES.length()));
    pool = Executors.newFixedThreadPool(threads);
    parts = Collections.nCopies(threads, () -> run(turns));
  }

  /**
   * Runs {@link #FLOPS} operations on each thread.
   *
   * @return a number that depends on all of them
   */
  float run() {
    try {
      float sum = 0;
      for (Future<Float> part : pool.invokeAll(parts)) {
        sum += part.get();
      }
      return sum;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  @Override
  public void close() {
    pool.close();
  }

  private static float run(int turns) {
    FloatVector a = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector b = FloatVector.broadcast(SPECIES, 0.25f);
    FloatVector c0 = a;
    FloatVector c1 = a;
    FloatVector c2 = a;
    FloatVector c3 = a;
    FloatVector c4 = a;
    FloatVector c5 = a;
    FloatVector c6 = b;
    FloatVector c7 = b;
    FloatVector c8 = b;
    FloatVector c9 = b;
    FloatVector c10 = b;
    FloatVector c11 = b;
    for (int i = 0; i < turns; i++) {
      c0 = a.fma(c0, b);
      c1 = a.fma(c1, b);
      c2 = a.fma(c2, b);
      c3 = a.fma(c3, b);
      c4 = a.fma(c4, b);
      c5 = a.fma(c5, b);
      c6 = a.fma(c6, b);
      c7 = a.fma(c7, b);
      c8 = a.fma(c8, b);
      c9 = a.fma(c9, b);
      c10 = a.fma(c10, b);
      c11 = a.fma(c11, b);
    }
    FloatVector even = c0.add(c2).add(c4).add(c6).add(c8).add(c10);
    FloatVector odd = c1.add(c3).add(c5).add(c7).add(c9).add(c11);
    return even.add(odd).reduceLanes(VectorOperators.ADD);
  }
}
