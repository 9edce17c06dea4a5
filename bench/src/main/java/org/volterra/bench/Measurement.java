package org.volterra.bench;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One measured quantity of one point of a study, in the form that the history keeps.
 *
 * @param parameters what was measured, such as kernel, layers and threads
 * @param quantity which quantity with its unit, such as {@code gradient ms}
 * @param value the value; lower is better
 * @param low lower end of its interval, NaN if unknown
 * @param high upper end of its interval, NaN if unknown
 * @param forks fresh processes that it comes from
 */
public record Measurement(
    SortedMap<String, String> parameters,
    String quantity,
    double value,
    double low,
    double high,
    int forks) {
  /** Copies the map. */
  public Measurement {
    parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
  }

  /** A mean time with JMH's interval. */
  static Measurement of(Map<String, String> parameters, String method, Timing t, Effort effort) {
    return new Measurement(
        new TreeMap<>(parameters),
        method + " ms",
        t.milliseconds(),
        t.milliseconds() - t.error(),
        t.milliseconds() + t.error(),
        effort.forks());
  }

  /**
   * A median with its quartiles.
   *
   * @param parameters what was measured
   * @param quantity which quantity with its unit
   * @param spread median and quartiles
   * @param forks fresh processes that it comes from
   * @return the measurement
   */
  public static Measurement of(
      Map<String, String> parameters, String quantity, Spread spread, int forks) {
    return new Measurement(
        new TreeMap<>(parameters), quantity, spread.median(), spread.low(), spread.high(), forks);
  }
}
