package org.volterra.bench;

import java.util.concurrent.TimeUnit;

/**
 * How long each benchmark is repeated.
 *
 * @param name the word for reports
 * @param forks fresh virtual machines, at least 1
 * @param warmups iterations of each that are not counted, at least 0
 * @param iterations iterations of each that are counted, at least 1
 * @param milliseconds length of an iteration, at least 1; it ends with the call that passes it
 */
public record Effort(String name, int forks, int warmups, int iterations, long milliseconds) {
  /**
   * For a first look: one virtual machine, so that differences between machines' runs are not seen,
   * and as much time to warm up as the compilers need.
   */
  public static final Effort SHORT = new Effort("short", 1, 15, 5, 200);

  /** For results to keep, as in the annotations of the benchmarks. */
  public static final Effort FULL = new Effort("full", 3, 5, 5, 1000);

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one is too small
   */
  public Effort {
    if (forks < 1 || warmups < 0 || iterations < 1 || milliseconds < 1) {
      throw new IllegalArgumentException(
          "effort of "
              + forks
              + " forks, "
              + warmups
              + " + "
              + iterations
              + " iterations of "
              + milliseconds
              + " ms: all but the warmups must be at least 1");
    }
  }

  /**
   * The time that a benchmark will take.
   *
   * @param secondsPerStart start of a virtual machine, set-up and checks
   * @param secondsPerCall time of one call
   * @return seconds
   */
  public double seconds(double secondsPerStart, double secondsPerCall) {
    double iteration =
        Math.max(milliseconds / (double) TimeUnit.SECONDS.toMillis(1), secondsPerCall);
    return forks * (secondsPerStart + (warmups + iterations) * iteration);
  }
}
