package org.volterra.train;

import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Reads batches of a slow {@link InputSource}, the next one on a thread of its own while the last
 * one is computed. What it gives does not depend on what was asked for ahead. Confined to one
 * thread, but for that reading.
 */
final class Prefetcher implements AutoCloseable {
  /** Some samples in an order, and the seed of their variants. */
  static final class Request {
    private final Samples samples;
    private final int[] order;
    private final int from;
    private final int count;
    private final long draw;

    /** The samples {@code order[from] … order[from + count − 1]}. */
    Request(Samples samples, int[] order, int from, int count, long draw) {
      this.samples = samples;
      this.order = order;
      this.from = from;
      this.count = count;
      this.draw = draw;
    }

    Samples samples() {
      return samples;
    }

    int count() {
      return count;
    }

    /** The number of the i-th of the samples. */
    int sample(int i) {
      return order[from + i];
    }

    double[] read() {
      InputSource source = samples.source();
      double[] values = new double[Math.multiplyExact(count, source.width())];
      for (int i = 0; i < count; i++) {
        read(i, values, i * source.width());
      }
      return values;
    }

    /** Reads the i-th of the samples. */
    void read(int i, double[] target, int offset) {
      int sample = sample(i);
      long own = draw == InputSource.PLAIN ? InputSource.PLAIN : Seeds.draw(draw, sample);
      samples.source().read(sample, own, target, offset);
    }

    boolean isSame(Request other) {
      return samples == other.samples
          && Arrays.equals(order, other.order)
          && from == other.from
          && count == other.count
          && draw == other.draw;
    }
  }

  private Request expected;
  private FutureTask<double[]> reading;
  private Thread thread;

  /** Begins to read a batch; what was begun before is not wanted any more. */
  void begin(Request next) {
    close();
    expected = next;
    reading = new FutureTask<>(next::read);
    thread = Thread.ofPlatform().name("volterra-prefetch").daemon().start(reading);
  }

  /** The inputs of a batch, from what was begun if it is that. */
  double[] take(Request wanted) {
    if (expected == null || !expected.isSame(wanted)) {
      return wanted.read();
    }
    try {
      return reading.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a batch was read", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("a batch could not be read", e.getCause());
    } finally {
      expected = null;
    }
  }

  /** Waits for the thread, if there is one, which may be in the middle of a batch. */
  @Override
  public void close() {
    expected = null;
    if (thread != null) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      thread = null;
    }
  }
}
