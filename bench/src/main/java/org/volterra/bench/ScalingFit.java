package org.volterra.bench;

import java.util.Locale;

/**
 * A power law y = c·xᵖ fitted to points by least squares of the logarithms.
 *
 * @param exponent p
 * @param halfWidth half the width of the 95 % confidence interval of p (Student's t with n − 2
 *     degrees of freedom); NaN for two points
 * @param factor c
 * @param points number n of points
 */
public record ScalingFit(double exponent, double halfWidth, double factor, int points) {
  /** The 0.975 quantiles of Student's t distribution with 1, 2, … degrees of freedom. */
  private static final double[] QUANTILE = {
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
        2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
        2.045, 2.042
  };

  /**
   * Fits points.
   *
   * @param x positive, at least two different values
   * @param y positive, as many
   * @return the fit
   * @throws IllegalArgumentException if there are fewer than two different x, or a value is not
   *     positive and finite
   */
  public static ScalingFit of(double[] x, double[] y) {
    int n = x.length;
    if (n < 2 || y.length != n) {
      throw new IllegalArgumentException(
          "got " + n + " x and " + y.length + " y: a fit needs as many of each, at least 2");
    }
    double[] u = logarithms("x", x);
    double[] v = logarithms("y", y);
    double meanU = mean(u);
    double meanV = mean(v);
    double uu = 0;
    double uv = 0;
    for (int i = 0; i < n; i++) {
      uu += (u[i] - meanU) * (u[i] - meanU);
      uv += (u[i] - meanU) * (v[i] - meanV);
    }
    if (!(uu > 0)) {
      throw new IllegalArgumentException(
          "x: all " + n + " values are " + x[0] + ", a fit needs two different ones");
    }
    double exponent = uv / uu;
    double intercept = meanV - exponent * meanU;
    double residual = 0;
    for (int i = 0; i < n; i++) {
      double r = v[i] - intercept - exponent * u[i];
      residual += r * r;
    }
    double halfWidth = n == 2 ? Double.NaN : quantile(n - 2) * Math.sqrt(residual / (n - 2) / uu);
    return new ScalingFit(exponent, halfWidth, Math.exp(intercept), n);
  }

  private static double[] logarithms(String name, double[] values) {
    double[] logarithms = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      if (!(values[i] > 0 && values[i] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            name + "[" + i + "] is " + values[i] + ": must be positive and finite");
      }
      logarithms[i] = Math.log(values[i]);
    }
    return logarithms;
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  /** The quantile for more than 30 degrees of freedom by its expansion in 1/df. */
  private static double quantile(int degrees) {
    return degrees <= QUANTILE.length
        ? QUANTILE[degrees - 1]
        : 1.95996 + 2.3723 / degrees + 2.8225 / degrees / degrees;
  }

  /**
   * The value of the power law.
   *
   * @param x positive
   * @return c·xᵖ
   */
  public double at(double x) {
    return factor * Math.pow(x, exponent);
  }

  /** The exponent with its confidence interval, such as {@code 1.97 ± 0.05}. */
  @Override
  public String toString() {
    return Double.isNaN(halfWidth)
        ? String.format(Locale.ROOT, "%.2f", exponent)
        : String.format(Locale.ROOT, "%.2f ± %.2f", exponent, halfWidth);
  }
}
