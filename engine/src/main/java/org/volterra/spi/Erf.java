package org.volterra.spi;

/**
 * The complementary error function by one Chebyshev series over the whole half-line: with t = 2 / (2 + z), erfc(z) = t exp(−z² +
 * P(2t − 1)) for z ≥ 0. The coefficients were computed with 40 digits; the relative error is below 1e-13 as long as erfc does not
 * underflow, and below 5e-16 absolute.
 */
public final class Erf {
  /** 1 / sqrt(2 π). */
  private static final double INVERSE_SQRT_TWO_PI = 0.3989422804014327;

  private static final double[] CHEBYSHEV = {
    -0.651326859890854717, 0.64196979235649026, 0.0194764732041858363,
    -0.00956151478680863164, -0.000946595344482036866, 0.000366839497852761452,
    0.0000425233248069077716, -0.0000202785781125342432, -1.62429000464702551e-6,
    1.3036558355805232e-6, 1.56264417220661432e-8, -8.52380959149265425e-8,
    6.52905443909885151e-9, 5.05934349555146893e-9, -9.91364156493033077e-10,
    -2.27365122293183596e-10, 9.64679110201552779e-11, 2.39403808303910497e-12,
    -6.88602752649754374e-12, 8.94487927309063026e-13, 3.13092139934305233e-13,
    -1.12708223613681822e-13, 3.81090525528089667e-16, 7.10609761360020812e-15,
    -1.52302820144821847e-15, -9.45749457216497888e-17, 1.21023718931011699e-16,
    -2.81666308858967507e-17,
  };

  private Erf() {}

  /**
   * The complementary error function.
   *
   * @param x any number
   * @return erfc(x) in [0, 2]
   */
  public static double erfc(double x) {
    double z = Math.abs(x);
    double t = 2 / (2 + z);
    double u = 2 * t - 1;
    double b1 = 0;
    double b2 = 0;
    for (int j = CHEBYSHEV.length - 1; j > 0; j--) {
      double b = 2 * u * b1 - b2 + CHEBYSHEV[j];
      b2 = b1;
      b1 = b;
    }
    double e = t * Math.exp(-z * z + u * b1 - b2 + CHEBYSHEV[0]);
    return x >= 0 ? e : 2 - e;
  }

  /**
   * The Chebyshev coefficients of P, for providers that evaluate the series in vectors.
   *
   * @param index 0 to {@link #terms} − 1
   * @return the coefficient of the Chebyshev polynomial of that degree
   */
  public static double coefficient(int index) {
    return CHEBYSHEV[index];
  }

  /**
   * The number of coefficients that float64 needs; 14 are enough for float32.
   *
   * @return the length of the series
   */
  public static int terms() {
    return CHEBYSHEV.length;
  }

  /**
   * The distribution function of the standard normal law, Φ(x) = erfc(−x / √2) / 2.
   *
   * @param x any number
   * @return Φ(x) in [0, 1]
   */
  public static double normalDistribution(double x) {
    return 0.5 * erfc(-x * Math.sqrt(0.5));
  }

  /**
   * The density of the standard normal law.
   *
   * @param x any number
   * @return exp(−x²/2) / √(2π)
   */
  public static double normalDensity(double x) {
    return INVERSE_SQRT_TWO_PI * Math.exp(-0.5 * x * x);
  }
}
