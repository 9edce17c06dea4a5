package org.volterra.study;

/**
 * The limit of values at growing depths, under the law J_L = J_∞ + c L^(−p): Richardson's
 * extrapolation with an unknown order.
 *
 * @param limit J_∞
 * @param order p
 * @param factor c
 * @param residual the greatest |J_L − J_∞ − c L^(−p)| over the points, relative to the range of the
 *     values
 */
public record LimitFit(double limit, double order, double factor, double residual) {
  private static final double LEAST_ORDER = 0.1;
  private static final double MOST_ORDER = 6;
  private static final int SCAN = 120;

  /**
   * Fits three or more points by least squares. Residuals are weighted with their depth, because
   * terms that the law leaves out matter least where layers are many.
   *
   * @param depths increasing numbers of layers
   * @param values as many values
   * @return the fit
   * @throws IllegalArgumentException if there are fewer than three points or one is not finite
   */
  public static LimitFit of(int[] depths, double[] values) {
    if (depths.length < 3 || depths.length != values.length) {
      throw new IllegalArgumentException(
          depths.length + " depths and " + values.length + " values: at least 3 of each");
    }
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i]) || depths[i] <= (i == 0 ? 0 : depths[i - 1])) {
        throw new IllegalArgumentException(
            "point "
                + i
                + " is "
                + values[i]
                + " at depth "
                + depths[i]
                + ": depths must increase, values be finite");
      }
    }
    double best = LEAST_ORDER;
    double least = Double.POSITIVE_INFINITY;
    double ratio = Math.pow(MOST_ORDER / LEAST_ORDER, 1.0 / SCAN);
    for (int i = 0; i <= SCAN; i++) {
      double p = LEAST_ORDER * Math.pow(ratio, i);
      double error = error(depths, values, p);
      if (error < least) {
        least = error;
        best = p;
      }
    }
    double low = Math.max(LEAST_ORDER, best / ratio);
    double high = Math.min(MOST_ORDER, best * ratio);
    double golden = 0.5 * (Math.sqrt(5) - 1);
    for (int i = 0; i < 60; i++) {
      double left = high - golden * (high - low);
      double right = low + golden * (high - low);
      if (error(depths, values, left) < error(depths, values, right)) {
        high = right;
      } else {
        low = left;
      }
    }
    double p = 0.5 * (low + high);
    double[] line = line(depths, values, p);
    return new LimitFit(line[0], p, line[1], Math.sqrt(line[2]));
  }

  private static double error(int[] depths, double[] values, double p) {
    return line(depths, values, p)[3];
  }

  /** Limit and factor at a given order, the largest relative square, and the weighted error. */
  private static double[] line(int[] depths, double[] values, double p) {
    double first = values[0];
    double scale = 0;
    for (double value : values) {
      scale = Math.max(scale, Math.abs(value - first));
    }
    if (scale == 0) {
      return new double[] {first, 0, 0, 0};
    }
    double ww = 0;
    double wx = 0;
    double wy = 0;
    double xx = 0;
    double xy = 0;
    for (int i = 0; i < depths.length; i++) {
      double x = Math.pow((double) depths[i] / depths[0], -p);
      double y = (values[i] - first) / scale;
      double w = weight(depths, i);
      ww += w;
      wx += w * x;
      wy += w * y;
      xx += w * x * x;
      xy += w * x * y;
    }
    double slope = (ww * xy - wx * wy) / (ww * xx - wx * wx);
    double start = (wy - slope * wx) / ww;
    double error = 0;
    double largest = 0;
    for (int i = 0; i < depths.length; i++) {
      double x = Math.pow((double) depths[i] / depths[0], -p);
      double r = (values[i] - first) / scale - start - slope * x;
      error += weight(depths, i) * r * r;
      largest = Math.max(largest, r * r);
    }
    return new double[] {
      first + scale * start, scale * slope * Math.pow(depths[0], p), largest, error
    };
  }

  private static double weight(int[] depths, int i) {
    double ratio = (double) depths[i] / depths[0];
    return ratio * ratio;
  }
}
