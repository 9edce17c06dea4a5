package org.volterra.spi;

/**
 * The complementary error function by one Chebyshev series over the whole half-line: with t = 2 /
 * (2 + z), erfc(z) = t exp(−z² + P(2t − 1)) for z ≥ 0. The coefficients were computed with 40
 * digits; the relative error is below 1e-13 as long as erfc does not underflow, and below 5e-16
 * absolute.
 */
public final class Erf {
  /** 1 / sqrt(2 π). */
  private static final double INVERSE_SQRT_TWO_PI = 0.3989422804014327;

  private static final double[] CHEBYSHEV = {
    -0.6513268598908547, 0.6419697923564902, 0.019476473204185836,
    -0.009561514786808632, -0.0009465953444820369, 0.00036683949785276145,
    4.252332480690777e-05, -2.0278578112534242e-05, -1.6242900046470256e-06,
    1.3036558355805232e-06, 1.5626441722066142e-08, -8.523809591492654e-08,
    6.5290544390988515e-09, 5.059343495551469e-09, -9.91364156493033e-10,
    -2.273651222931836e-10, 9.646791102015528e-11, 2.394038083039105e-12,
    -6.8860275264975435e-12, 8.94487927309063e-13, 3.1309213993430525e-13,
    -1.1270822361368182e-13, 3.8109052552808967e-16, 7.106097613600208e-15,
    -1.5230282014482184e-15, -9.45749457216498e-17, 1.210237189310117e-16,
    -2.816663088589675e-17,
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
