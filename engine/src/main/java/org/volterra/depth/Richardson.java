package org.volterra.depth;

/**
 * Richardson's estimate of an error from three depths, each a fixed number of times the one before:
 * if a result differs from its limit by c L^(−p), the differences d₁, d₂ of neighbouring depths
 * tell the order, r^p = d₁/d₂, and the error that is left at the deepest, d₂/(r^p − 1).
 *
 * @param order p; NaN if differences are no more than rounding, or do not shrink
 * @param error the estimate; infinite if differences do not shrink
 */
public record Richardson(double order, double error) {
  /** Below this order depths are not in the range of the law. */
  private static final double LEAST_ORDER = 0.1;

  /**
   * Estimates an error.
   *
   * @param coarse d₁, not negative
   * @param fine d₂, not negative
   * @param ratio r of the depths, greater than 1
   * @param mostOrder the order that theory allows: by chance d₂ may be much too small
   * @param rounding differences up to this are rounding
   * @return the estimate
   * @throws IllegalArgumentException if an argument is out of range
   */
  public static Richardson of(
      double coarse, double fine, double ratio, double mostOrder, double rounding) {
    if (!(coarse >= 0 && fine >= 0)) {
      throw new IllegalArgumentException(
          "differences " + coarse + " and " + fine + ": must not be negative");
    }
    if (!(ratio > 1 && mostOrder > LEAST_ORDER && rounding >= 0)) {
      throw new IllegalArgumentException(
          "ratio "
              + ratio
              + ", mostOrder "
              + mostOrder
              + ", rounding "
              + rounding
              + ": must be greater than 1, greater than "
              + LEAST_ORDER
              + ", and not negative");
    }
    if (fine <= rounding) {
      return new Richardson(Double.NaN, fine);
    }
    double seen = Math.log(coarse / fine) / Math.log(ratio);
    if (!(seen >= LEAST_ORDER)) {
      return new Richardson(Double.NaN, Double.POSITIVE_INFINITY);
    }
    double order = Math.min(seen, mostOrder);
    return new Richardson(order, fine / (Math.pow(ratio, order) - 1));
  }
}
