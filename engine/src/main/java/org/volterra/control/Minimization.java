package org.volterra.control;

import java.util.Arrays;

/** What a method of minimisation came to. Immutable. */
public final class Minimization {
  private final double[] minimiser;
  private final double[] values;
  private final double[] norms;
  private final int evaluations;
  private final boolean reached;

  private Minimization(
      double[] minimiser, double[] values, double[] norms, int evaluations, boolean reached) {
    this.minimiser = minimiser;
    this.values = values;
    this.norms = norms;
    this.evaluations = evaluations;
    this.reached = reached;
  }

  /** Records the course of a minimisation. */
  static final class Log {
    private final StoppingRule rule;
    private double[] values = new double[16];
    private double[] norms = new double[16];
    private int count;
    private boolean reached;
    int evaluations;

    Log(StoppingRule rule) {
      this.rule = rule;
    }

    /** Adds where an iteration begins, and says whether to stop there. */
    boolean add(double value, double norm) {
      if (count == values.length) {
        values = Arrays.copyOf(values, 2 * count);
        norms = Arrays.copyOf(norms, 2 * count);
      }
      values[count] = value;
      norms[count++] = norm;
      reached = value <= rule.target() || norm <= rule.tolerance() * norms[0];
      return reached || count > rule.iterations();
    }

    Minimization end(double[] minimiser) {
      return new Minimization(
          minimiser.clone(),
          Arrays.copyOf(values, count),
          Arrays.copyOf(norms, count),
          evaluations,
          reached);
    }
  }

  /**
   * Where it ended.
   *
   * @return a new array
   */
  public double[] minimiser() {
    return minimiser.clone();
  }

  /**
   * The value there.
   *
   * @return the last of {@link #values}
   */
  public double value() {
    return values[values.length - 1];
  }

  /**
   * The values at the start and after each iteration.
   *
   * @return a new array
   */
  public double[] values() {
    return values.clone();
  }

  /**
   * The norms of the gradient at the start and after each iteration, in the method's metric.
   *
   * @return a new array
   */
  public double[] norms() {
    return norms.clone();
  }

  /**
   * Iterations done.
   *
   * @return one less than there are values
   */
  public int iterations() {
    return values.length - 1;
  }

  /**
   * Evaluations of value and gradient.
   *
   * @return a count, line searches included
   */
  public int evaluations() {
    return evaluations;
  }

  /**
   * Whether the target or the tolerance was reached.
   *
   * @return false if iterations ran out, or no step made progress, which rounding forbids at last
   */
  public boolean reached() {
    return reached;
  }
}
