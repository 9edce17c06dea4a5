package org.volterra.bench;

/**
 * The measured cost of one call.
 *
 * @param milliseconds mean time of a call
 * @param error half the width of the 99.9 % confidence interval of the mean, NaN where there are
 *     too few iterations for one
 * @param garbageBytes bytes allocated in the Java heap by a call, NaN if unknown
 * @param flops counted floating-point operations of a call
 */
public record Timing(double milliseconds, double error, double garbageBytes, double flops) {
  /**
   * The speed.
   *
   * @return 10⁹ counted operations per second
   */
  public double gigaflops() {
    return flops / (milliseconds * 1e6);
  }
}
