package org.volterra.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How values lie: order statistics, which one disturbed value does not move.
 *
 * @param low the lower quartile
 * @param median the median
 * @param high the upper quartile
 * @param medianLow lower end of the 95 % confidence interval of the median, NaN below six values
 * @param medianHigh upper end, NaN below six values
 * @param count number of values
 */
public record Spread(
    double low, double median, double high, double medianLow, double medianHigh, int count) {
  private static final double OUTSIDE = 0.025;
  private static final int MANY = 1000; // 2^-n must not underflow

  /**
   * Of values.
   *
   * @param values at least one, in any order, none of them NaN
   * @return their spread
   * @throws IllegalArgumentException if there is none, or a NaN
   */
  public static Spread of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values: none given, a spread needs at least one");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    if (Double.isNaN(sorted[n - 1])) {
      throw new IllegalArgumentException("values: NaN among " + n);
    }
    int rank = rankOfInterval(n);
    return new Spread(
        quantile(sorted, 0.25),
        quantile(sorted, 0.5),
        quantile(sorted, 0.75),
        rank < 0 ? Double.NaN : sorted[rank],
        rank < 0 ? Double.NaN : sorted[n - 1 - rank],
        n);
  }

  /**
   * Of the ratios a_i / b_i of pairs that were measured one after the other: what slows the machine
   * for a while slows both and leaves the ratio alone.
   *
   * @param a numerators
   * @param b denominators, as many, positive
   * @return their spread
   * @throws IllegalArgumentException if the numbers of values differ or are 0
   */
  public static Spread ofRatios(double[] a, double[] b) {
    if (a.length != b.length) {
      throw new IllegalArgumentException(
          "got " + a.length + " and " + b.length + " values: pairs need as many of both");
    }
    double[] ratios = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      ratios[i] = a[i] / b[i];
    }
    return of(ratios);
  }

  /** Linear interpolation between the values at positions 0 … n − 1; they may be infinite. */
  private static double quantile(double[] sorted, double q) {
    double at = q * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return at == below || sorted[below] == sorted[above]
        ? sorted[below]
        : sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  /**
   * The largest r for which the r-th and the r-th last value enclose the median of the distribution
   * with 95 %: the number of values below it is binomial, and nearly normal where there are many.
   * Negative if there is none.
   */
  private static int rankOfInterval(int n) {
    if (n > MANY) {
      return (int) (n / 2.0 - 1.96 * Math.sqrt(n) / 2) - 1;
    }
    double probability = Math.pow(0.5, n);
    double below = 0;
    int r = -1;
    while (below + probability <= OUTSIDE) {
      below += probability;
      r++;
      probability *= (n - r) / (r + 1.0);
    }
    return r;
  }

  /**
   * For result files.
   *
   * @return values that Gson can write
   */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("median", Json.number(median));
    json.put("lowerQuartile", Json.number(low));
    json.put("upperQuartile", Json.number(high));
    json.put("medianLow95", Json.number(medianLow));
    json.put("medianHigh95", Json.number(medianHigh));
    json.put("count", count);
    return json;
  }

  /** The median with its quartiles, such as {@code 2.31 (2.25-2.40)}. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.2f (%.2f-%.2f)", median, low, high);
  }
}
