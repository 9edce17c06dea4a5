package org.volterra.bench;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How far apart two processors are: the time that a cache line takes to the other and back. Those
 * of a virtual machine can be moved by its host, from a common cache to none.
 */
final class CacheLine {
  private static final int BATCHES = 20;
  private static final int TRIPS = 100;

  private CacheLine() {}

  /**
   * Measures it with two threads that answer each other, in less than a millisecond.
   *
   * @return nanoseconds: the lower quartile over batches of round trips, since other programs can
   *     only make them longer
   */
  static double roundTrip() {
    AtomicInteger line = new AtomicInteger();
    Thread other = Thread.ofPlatform().daemon().start(() -> answer(line));
    double[] times = new double[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
      long begin = System.nanoTime();
      ask(line, i * TRIPS);
      times[i] = (double) (System.nanoTime() - begin) / TRIPS;
    }
    try {
      other.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it ends by itself
    }
    return Spread.of(times).low();
  }

  /** Odd numbers ask, even ones answer. */
  private static void ask(AtomicInteger line, int first) {
    for (int i = first; i < first + TRIPS; i++) {
      line.set(2 * i + 1);
      while (line.get() != 2 * i + 2) {
        Thread.onSpinWait();
      }
    }
  }

  private static void answer(AtomicInteger line) {
    for (int i = 0; i < BATCHES * TRIPS; i++) {
      while (line.get() != 2 * i + 1) {
        Thread.onSpinWait();
      }
      line.set(2 * i + 2);
    }
  }
}
