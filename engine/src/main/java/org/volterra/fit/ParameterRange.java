package org.volterra.fit;

/** Where a parameter may lie, and how a number without bounds becomes one there. */
public enum ParameterRange {
  /** Any number. */
  REAL {
    @Override
    double natural(double free) {
      return free;
    }

    @Override
    double slope(double free) {
      return 1;
    }

    @Override
    double free(double natural) {
      return natural;
    }
  },
  /** Positive numbers: e^u. */
  POSITIVE {
    @Override
    double natural(double free) {
      return Math.exp(free);
    }

    @Override
    double slope(double free) {
      return Math.exp(free);
    }

    @Override
    double free(double natural) {
      return Math.log(natural);
    }
  },
  /** Numbers between 0.01 and 1, as exponents α: a logistic function. */
  EXPONENT {
    @Override
    double natural(double free) {
      return LEAST_EXPONENT + (1 - LEAST_EXPONENT) / (1 + Math.exp(-free));
    }

    @Override
    double slope(double free) {
      double share = 1 / (1 + Math.exp(-free));
      return (1 - LEAST_EXPONENT) * share * (1 - share);
    }

    @Override
    double free(double natural) {
      return Math.log((natural - LEAST_EXPONENT) / (1 - natural));
    }
  };

  private static final double LEAST_EXPONENT = 0.01;

  /** The parameter. */
  abstract double natural(double free);

  /** Its derivative. */
  abstract double slope(double free);

  /** The inverse of {@link #natural}. */
  abstract double free(double natural);

  /**
   * Whether a number lies in the range.
   *
   * @param value a number
   * @return false also for NaN and infinities
   */
  public boolean contains(double value) {
    return Double.isFinite(value) && Double.isFinite(free(value));
  }
}
