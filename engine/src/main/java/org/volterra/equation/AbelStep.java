package org.volterra.equation;

/**
 * Integrals of (t_l − s)^(α−1) times 1, (t_{k+1} − s)/h_k and (s − t_k)/h_k over one step [t_k,
 * t_{k+1}], relative to the mean step, without cancellation.
 *
 * <p>With A = t_l − t_k, ρ = h_k/A in (0, 1] and s = t_k + h_k u they are h_k A^(α−1) times the
 * integrals of (1 − ρu)^(α−1) times 1, 1 − u and u over [0, 1]. Steps that are short beside their
 * distance use the binomial series, all of whose terms are positive; the others closed forms in 1 −
 * (1 − ρ)^β.
 *
 * @param factor h_k A^(α−1), relative to the mean step
 * @param ratio ρ
 * @param exponent α
 */
record AbelStep(double factor, double ratio, double exponent) {
  /**
   * Up to this ρ the series is used: 26 terms at most, and the closed forms lose one digit above.
   */
  private static final double SERIES_LIMIT = 0.25;

  /**
   * A step.
   *
   * @param grid the nodes
   * @param exponent α
   * @param l the node that sums
   * @param k the step's left node, less than l
   * @return the step
   */
  static AbelStep of(GradedGrid grid, double exponent, int l, int k) {
    double step = grid.step(k);
    double distance = grid.distance(l, k);
    double power = exponent == 1 ? 1 : Math.pow(distance, exponent - 1);
    return new AbelStep(step / grid.meanStep() * power, Math.min(step / distance, 1), exponent);
  }

  /** The integral of (t_l − s)^(α−1). */
  double constant() {
    return exponent == 1 ? factor : factor * complement(exponent) / (exponent * ratio);
  }

  /** The integral of (t_l − s)^(α−1) (t_{k+1} − s)/h_k. */
  double left() {
    if (exponent == 1) {
      return 0.5 * factor;
    }
    if (ratio <= SERIES_LIMIT) {
      return factor * series(true);
    }
    double difference =
        complement(exponent + 1) / (exponent + 1) - (1 - ratio) * complement(exponent) / exponent;
    return factor * difference / (ratio * ratio);
  }

  /** The integral of (t_l − s)^(α−1) (s − t_k)/h_k. */
  double right() {
    if (exponent == 1) {
      return 0.5 * factor;
    }
    if (ratio <= SERIES_LIMIT) {
      return factor * series(false);
    }
    double difference = complement(exponent) / exponent - complement(exponent + 1) / (exponent + 1);
    return factor * difference / (ratio * ratio);
  }

  /** 1 − (1 − ρ)^β. */
  private double complement(double beta) {
    return -Math.expm1(beta * Math.log1p(-ratio));
  }

  /** Σ_n (1−α)_n / n! ρⁿ times ∫ uⁿ (1 − u) du (left) or ∫ uⁿ⁺¹ du (right). */
  private double series(boolean left) {
    double sum = 0;
    double coefficient = 1;
    double term;
    int n = 0;
    do {
      term = coefficient / (left ? (n + 1.0) * (n + 2.0) : n + 2.0);
      sum += term;
      coefficient *= ratio * (n + 1 - exponent) / (n + 1);
      n++;
    } while (term > 0x1p-56 * sum);
    return sum;
  }
}
