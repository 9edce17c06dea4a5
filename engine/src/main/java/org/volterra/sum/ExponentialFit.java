package org.volterra.sum;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * A function on [from, to] as a sum of exponentials Σ_r c_r e^(−λ_r t), with a bound of the error.
 *
 * <p>Rates lie in geometric progression between about 1/to and 1/from, beside 0; weights solve the
 * least-squares problem on a dense grid (QR factorisation) with a penalty for large weights, since
 * terms that cancel would be lost in rounding. The number of exponentials grows until the bound
 * holds. What cannot be had by decaying exponentials, such as a function that oscillates over the
 * whole interval, is refused.
 *
 * <p>The bound holds between the points of the grid: on each panel of a cover by intervals with
 * ratio at most 2 the error e is sampled at M = 64 Chebyshev points. Its interpolant of degree M −
 * 1 is split at degree d = 16; the first part is at most its largest sample times 1/cos(π d / 2M)
 * (H. Ehlich, K. Zeller, Schwankung von Polynomen zwischen Gitterpunkten, Math. Z. 86, 1964), the
 * second at most the sum of its coefficients. That e is its interpolant to rounding is assumed of
 * the given function; a coefficient tail that does not decay shows in the bound.
 *
 * @param weights c_r
 * @param rates λ_r
 * @param errorBound |a(t) − Σ_r c_r e^(−λ_r t)| is at most this on [from, to]
 */
public record ExponentialFit(List<Double> weights, List<Double> rates, double errorBound) {
  private static final int SAMPLES = 64;
  private static final int DEGREE = 16;
  private static final int MOST = 60;
  private static final double[] REACHES = {1, 4, 16};

  /** Σ |c_r| e^(−λ_r from) may be so many times the largest value. */
  private static final double MASS = 16;

  /** Copies the lists. */
  public ExponentialFit {
    weights = List.copyOf(weights);
    rates = List.copyOf(rates);
  }

  /**
   * Fits a function.
   *
   * @param a the function, smooth on [from, to]
   * @param from begin of the interval, positive
   * @param to end of the interval, greater than {@code from}
   * @param tolerance largest error, relative to the largest |a(t)|, at least 1e-13
   * @return the fit with the fewest exponentials that was found
   * @throws IllegalArgumentException if an argument is out of range, a value is not finite, or the
   *     tolerance is not reached; the message gives the error that was
   */
  public static ExponentialFit of(DoubleUnaryOperator a, double from, double to, double tolerance) {
    if (!(from > 0 && to > from && to < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "interval [" + from + ", " + to + "]: must be finite with 0 < from < to");
    }
    if (!(tolerance >= 1e-13 && tolerance < 1)) {
      throw new IllegalArgumentException("tolerance " + tolerance + ": must be in [1e-13, 1)");
    }
    double[] points = panels(from, to);
    double[] values = Arrays.stream(points).map(a).toArray();
    double size = Arrays.stream(values).map(Math::abs).max().orElseThrow();
    if (!Double.isFinite(size)) {
      throw new IllegalArgumentException("function: has a value that is not finite");
    }
    double goal = tolerance * Math.max(size, Double.MIN_NORMAL);
    double best = Double.POSITIVE_INFINITY;
    for (int count = 1; count <= MOST; count++) {
      for (double reach : REACHES) {
        double[] rates = rates(count, from, to, reach);
        double[] weights =
            LeastSquares.solve(
                exponentials(points, rates, from, tolerance),
                Arrays.copyOf(values, values.length + count));
        if (mass(weights, rates, from) > size * Math.max(MASS, 1e7 * tolerance)) {
          continue;
        }
        double bound = bound(points, values, weights, rates);
        best = Math.min(best, bound);
        if (bound <= goal) {
          return new ExponentialFit(boxed(weights), boxed(rates), bound);
        }
      }
    }
    throw new IllegalArgumentException(
        "tolerance "
            + tolerance
            + ": exponentials came to "
            + best / size
            + " of the largest value; the function may oscillate or not be smooth");
  }

  /**
   * The value of the sum.
   *
   * @param t argument
   * @return Σ_r c_r e^(−λ_r t)
   */
  public double at(double t) {
    double sum = 0;
    for (int r = 0; r < weights.size(); r++) {
      sum += weights.get(r) * Math.exp(-rates.get(r) * t);
    }
    return sum;
  }

  private static List<Double> boxed(double[] values) {
    List<Double> list = new ArrayList<>();
    for (double value : values) {
      list.add(value);
    }
    return list;
  }

  /** Chebyshev points of all panels. */
  private static double[] panels(double from, double to) {
    int panels = Math.max(4, (int) Math.ceil(Math.log(to / from) / Math.log(2)));
    double[] points = new double[panels * SAMPLES];
    for (int i = 0; i < panels; i++) {
      double left = from * Math.pow(to / from, (double) i / panels);
      double right = from * Math.pow(to / from, (i + 1.0) / panels);
      for (int j = 0; j < SAMPLES; j++) {
        double x = Math.cos(Math.PI * (j + 0.5) / SAMPLES);
        points[i * SAMPLES + j] = 0.5 * (left + right) + 0.5 * (right - left) * x;
      }
    }
    return points;
  }

  private static double[] rates(int count, double from, double to, double reach) {
    double[] rates = new double[count];
    double least = 1 / to / reach;
    double most = reach / from;
    for (int r = 1; r < count; r++) {
      double place = count == 2 ? 0.5 : (r - 1.0) / (count - 2);
      rates[r] = least * Math.pow(most / least, place);
    }
    return rates;
  }

  /** Σ |c_r| e^(−λ_r from), by which rounding errors grow. */
  private static double mass(double[] weights, double[] rates, double from) {
    double sum = 0;
    for (int r = 0; r < rates.length; r++) {
      sum += Math.abs(weights[r]) * Math.exp(-rates[r] * from);
    }
    return sum;
  }

  /** The exponentials at the points; below them what keeps the weights small. */
  private static double[][] exponentials(
      double[] points, double[] rates, double from, double tolerance) {
    double[][] columns = new double[rates.length][points.length + rates.length];
    for (int r = 0; r < rates.length; r++) {
      for (int i = 0; i < points.length; i++) {
        columns[r][i] = Math.exp(-rates[r] * points[i]);
      }
      columns[r][points.length + r] = tolerance * Math.exp(-rates[r] * from);
    }
    return columns;
  }

  private static double bound(double[] points, double[] values, double[] weights, double[] rates) {
    double[] errors = new double[points.length];
    for (int i = 0; i < points.length; i++) {
      double sum = 0;
      for (int r = 0; r < rates.length; r++) {
        sum += weights[r] * Math.exp(-rates[r] * points[i]);
      }
      errors[i] = values[i] - sum;
    }
    double bound = 0;
    for (int first = 0; first < errors.length; first += SAMPLES) {
      bound = Math.max(bound, panelBound(errors, first));
    }
    return bound;
  }

  private static double panelBound(double[] errors, int first) {
    double largest = 0;
    double tail = 0;
    for (int j = 0; j < SAMPLES; j++) {
      largest = Math.max(largest, Math.abs(errors[first + j]));
    }
    for (int k = DEGREE + 1; k < SAMPLES; k++) {
      double sum = 0;
      for (int j = 0; j < SAMPLES; j++) {
        sum += errors[first + j] * Math.cos(Math.PI * k * (j + 0.5) / SAMPLES);
      }
      tail += Math.abs(2 * sum / SAMPLES);
    }
    double factor = 1 / Math.cos(Math.PI * DEGREE / (2 * SAMPLES));
    return factor * (largest + tail) + tail;
  }
}
