package org.volterra.kernel;

/** The gamma, digamma and Mittag-Leffler functions, as far as fractional kernels need them. */
public final class SpecialFunctions {
  /** Lanczos' approximation with g = 7 and nine terms (SIAM J. Numer. Anal. B 1, 1964). */
  private static final double[] LANCZOS = {
    0.9999999999998099, 676.5203681218851, -1259.1392167224028, 771.3234287776531,
    -176.6150291621406, 12.507343278686905, -0.13857109526572012, 9.984369578019572e-6,
    1.5056327351493116e-7,
  };

  private static final double LANCZOS_G = 7;

  /** Least and greatest α &lt; 1 for which the trapezoidal sum has a moderate number of nodes. */
  private static final double LEAST_ALPHA = 0.01;

  private static final double GREATEST_ALPHA = 0.99;

  /**
   * e^(−38) &lt; 2⁻⁵⁴: where the sum's tails are cut, and the exponent of its discretisation error.
   */
  private static final double NEGLIGIBLE = 38;

  private SpecialFunctions() {}

  /**
   * The gamma function, with a relative error below 1e-13.
   *
   * @param x in (0, 140]
   * @return Γ(x)
   * @throws IllegalArgumentException if {@code x} is out of range
   */
  public static double gamma(double x) {
    if (!(x > 0 && x <= 140)) {
      throw new IllegalArgumentException("x " + x + ": gamma is computed for 0 < x <= 140");
    }
    if (x < 0.5) {
      return gamma(x + 1) / x;
    }
    double z = x - 1;
    double sum = LANCZOS[0];
    for (int i = 1; i < LANCZOS.length; i++) {
      sum += LANCZOS[i] / (z + i);
    }
    double base = z + LANCZOS_G + 0.5;
    return Math.sqrt(2 * Math.PI) * Math.pow(base, z + 0.5) * Math.exp(-base) * sum;
  }

  /**
   * The digamma function, the logarithmic derivative of Γ, with an absolute error below 1e-13 for x
   * ≥ 0.01: ψ(x) = ψ(x + 1) − 1/x up to x ≥ 10, and from there the asymptotic series (Abramowitz,
   * Stegun, 6.3.18).
   *
   * @param x in (0, 140]
   * @return ψ(x) = Γ'(x)/Γ(x)
   * @throws IllegalArgumentException if {@code x} is out of range
   */
  public static double digamma(double x) {
    if (!(x > 0 && x <= 140)) {
      throw new IllegalArgumentException("x " + x + ": digamma is computed for 0 < x <= 140");
    }
    double z = x;
    double shift = 0;
    for (; z < 10; z++) {
      shift -= 1 / z;
    }
    double r = 1 / (z * z);
    double series =
        r
            * (1.0 / 12
                - r
                    * (1.0 / 120
                        - r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132 - r * 691 / 32_760)))));
    return shift + Math.log(z) - 0.5 / z - series;
  }

  /**
   * The completely monotone Mittag-Leffler function E_α(−t^α), with a relative error below 1e-13.
   * It solves x(t) = 1 − (1/Γ(α)) ∫₀ᵗ (t − s)^(α−1) x(s) ds.
   *
   * <p>From the spectral representation (R. Gorenflo, F. Mainardi, Fractional Calculus, 1997), with
   * r = e^(y/α),
   *
   * <pre>  E_α(−t^α) = sin(απ)/(2πα) ∫ exp(−t e^(y/α)) / (cosh y + cos απ) dy over ℝ,</pre>
   *
   * <p>whose integrand is positive and analytic in a strip, so that the trapezoidal rule converges
   * exponentially and loses no digits.
   *
   * @param alpha α, in [0.01, 0.99] or 1
   * @param t at least 0 and finite
   * @return E_α(−t^α) in (0, 1]
   * @throws IllegalArgumentException if an argument is out of range
   */
  public static double mittagLeffler(double alpha, double t) {
    if (!(alpha >= LEAST_ALPHA && alpha <= GREATEST_ALPHA) && alpha != 1) {
      throw new IllegalArgumentException(
          "alpha " + alpha + ": must be in [" + LEAST_ALPHA + ", " + GREATEST_ALPHA + "] or 1");
    }
    if (!(t >= 0 && t < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("t " + t + ": must be at least 0 and finite");
    }
    if (alpha == 1) {
      return Math.exp(-t);
    }
    if (t == 0) {
      return 1;
    }
    // Half-width of the strip: exp(−t e^(y/α)) is bounded for |Im y| ≤ απ/2, poles at ±i(1 − α)π.
    double strip = 0.9 * Math.PI * Math.min(0.5 * alpha, 1 - alpha);
    double step = 2 * Math.PI * strip / NEGLIGIBLE;
    double cosine = Math.sin(0.5 * Math.PI * (1 - alpha));
    // The integrand rises like e^y, and falls like e^(−y) past 0 or faster past −α ln t.
    double peak = Math.min(0, -alpha * Math.log(t));
    long first = (long) Math.ceil((peak - NEGLIGIBLE) / step);
    long last = (long) Math.floor((peak + NEGLIGIBLE) / step);
    double sum = 0;
    for (long n = first; n <= last; n++) {
      double y = n * step;
      double sinh = Math.sinh(0.5 * y);
      sum += Math.exp(-t * Math.exp(y / alpha)) / (2 * (sinh * sinh + cosine * cosine));
    }
    return Math.sin(Math.PI * (1 - alpha)) / (2 * Math.PI * alpha) * step * sum;
  }
}
