package org.volterra.equation;

import java.util.function.DoubleUnaryOperator;
import org.volterra.depth.DepthGrid;

/**
 * Integrals of (t_l − s)^(α−1) times 1, (t_{k+1} − s)/h_k and (s − t_k)/h_k over one step [t_k,
 * t_{k+1}], relative to the mean step, without cancellation.
 *
 * <p>With A = t_l − t_k, ρ = h_k/A in (0, 1] and s = t_k + h_k u they are h_k A^(α−1) times the
 * integrals of (1 − ρu)^(α−1) times 1, 1 − u and u over [0, 1]. Steps that are short beside their
 * distance use the binomial series, all of whose terms are positive; the others closed forms in 1 −
 * (1 − ρ)^β.
 *
 * <p>Derivatives in α follow the same two branches: those of the series' terms are negative, so
 * that they do not cancel either.
 *
 * @param factor h_k A^(α−1), relative to the mean step
 * @param ratio ρ
 * @param distance A
 * @param exponent α
 */
record AbelStep(double factor, double ratio, double distance, double exponent) {
  /**
   * Up to this ρ the series is used: 26 terms at most, and the closed forms lose one digit above.
   */
  private static final double SERIES_LIMIT = 0.25;

  /** What (t_l − s)^(α−1) is multiplied with. */
  enum Factor {
    /** 1. */
    CONSTANT,
    /** (t_{k+1} − s)/h_k. */
    LEFT,
    /** (s − t_k)/h_k. */
    RIGHT;

    /** The integral of uⁿ times the factor over [0, 1]. */
    private double moment(int n) {
      return switch (this) {
        case CONSTANT -> 1 / (n + 1.0);
        case LEFT -> 1 / ((n + 1.0) * (n + 2.0));
        case RIGHT -> 1 / (n + 2.0);
      };
    }
  }

  /**
   * A step.
   *
   * @param grid the nodes
   * @param exponent α
   * @param l the node that sums
   * @param k the step's left node, less than l
   * @return the step
   */
  static AbelStep of(DepthGrid grid, double exponent, int l, int k) {
    double step = grid.step(k);
    double distance = grid.distance(l, k);
    double power = exponent == 1 ? 1 : Math.pow(distance, exponent - 1);
    return new AbelStep(
        step / grid.step() * power, Math.min(step / distance, 1), distance, exponent);
  }

  /** The integral of (t_l − s)^(α−1) times a factor. */
  double integral(Factor part) {
    if (exponent == 1) {
      return factor * part.moment(0);
    }
    return factor * (ratio <= SERIES_LIMIT ? series(part) : closed(part, this::complement));
  }

  /** The derivative of {@link #integral} in α. */
  double byExponent(Factor part) {
    double value = exponent == 1 ? part.moment(0) : integral(part) / factor;
    double slope =
        ratio <= SERIES_LIMIT ? seriesByExponent(part) : closed(part, this::complementSlope);
    return factor * (Math.log(distance) * value + slope);
  }

  /** The integral over [0, 1] from E(β) = (1 − (1 − ρ)^β)/β, or its derivative from that of E. */
  private double closed(Factor part, DoubleUnaryOperator complement) {
    double first = complement.applyAsDouble(exponent);
    if (part == Factor.CONSTANT) {
      return first / ratio;
    }
    double second = complement.applyAsDouble(exponent + 1);
    double difference = part == Factor.LEFT ? second - (1 - ratio) * first : first - second;
    return difference / (ratio * ratio);
  }

  /** (1 − (1 − ρ)^β)/β. */
  private double complement(double beta) {
    return -Math.expm1(beta * Math.log1p(-ratio)) / beta;
  }

  /** The derivative of (1 − (1 − ρ)^β)/β in β. */
  private double complementSlope(double beta) {
    double log = Math.log1p(-ratio);
    double power = ratio == 1 ? 0 : Math.exp(beta * log) * log;
    return -(power + complement(beta)) / beta;
  }

  /** Σ_n (1−α)_n / n! ρⁿ times the moments of the factor. */
  private double series(Factor part) {
    double sum = 0;
    double coefficient = 1;
    double term;
    int n = 0;
    do {
      term = coefficient * part.moment(n);
      sum += term;
      coefficient *= ratio * (n + 1 - exponent) / (n + 1);
      n++;
    } while (term > 0x1p-56 * sum);
    return sum;
  }

  /** The derivative of {@link #series} in α, term by term. */
  private double seriesByExponent(Factor part) {
    double sum = 0;
    double coefficient = 1;
    double slope = 0;
    double term;
    int n = 0;
    do {
      slope = ratio * ((n + 1 - exponent) * slope - coefficient) / (n + 1);
      coefficient *= ratio * (n + 1 - exponent) / (n + 1);
      n++;
      term = slope * part.moment(n);
      sum += term;
    } while (-term > -0x1p-56 * sum);
    return sum;
  }
}
