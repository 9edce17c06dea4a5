package org.volterra.depth;

import java.util.Arrays;

/**
 * The grid t_l = T (l/L)^r, l = 0 … L, on the depth interval [0, T]: uniform for r = 1, refined
 * towards 0 for r &gt; 1.
 *
 * <p>Solutions of weakly singular equations behave like t^α at 0; with r = 1/α they are smooth
 * functions of l/L. Differences of nodes are computed without subtracting nodes.
 *
 * @param layers number of layers L, at least 1
 * @param horizon end T of the interval, positive and finite
 * @param grading exponent r, at least 1 and finite
 */
public record DepthGrid(int layers, double horizon, double grading) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one is out of range, or if the first step is too small for
   *     a normal number
   */
  public DepthGrid {
    if (layers < 1) {
      throw new IllegalArgumentException("layers " + layers + ": must be at least 1");
    }
    if (!(horizon > 0 && horizon < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("horizon " + horizon + ": must be positive and finite");
    }
    if (!(grading >= 1 && grading < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("grading " + grading + ": must be at least 1 and finite");
    }
    double first = horizon * Math.pow(1.0 / layers, grading);
    if (first < Double.MIN_NORMAL) {
      throw new IllegalArgumentException(
          "grading "
              + grading
              + ": with "
              + layers
              + " layers the first step, "
              + first
              + ", is below "
              + Double.MIN_NORMAL);
    }
  }

  /**
   * The uniform grid.
   *
   * @param layers number of layers L, at least 1
   * @param horizon end T of the interval, positive and finite
   * @throws IllegalArgumentException if one is out of range
   */
  public DepthGrid(int layers, double horizon) {
    this(layers, horizon, 1);
  }

  /**
   * Whether all steps are the same.
   *
   * @return true without grading
   */
  public boolean isUniform() {
    return grading == 1;
  }

  /**
   * The mean step T/L, the factor h that a network puts before its sum.
   *
   * @return h
   */
  public double step() {
    return horizon / layers;
  }

  /**
   * The length of a step.
   *
   * @param k from 0 to L − 1
   * @return t_{k+1} − t_k
   */
  public double step(int k) {
    return distance(k + 1, k);
  }

  /**
   * What the step after layer k weighs in a sum over the layers, relative to the mean step.
   *
   * @param k from 0 to L − 1
   * @return (t_{k+1} − t_k)/h
   */
  public double weight(int k) {
    return isUniform() ? 1 : step(k) / step();
  }

  /**
   * The depth of layer l.
   *
   * @param l from 0 to L
   * @return t_l
   */
  public double time(int l) {
    if (l == layers) {
      return horizon;
    }
    return isUniform() ? horizon * l / layers : horizon * Math.pow((double) l / layers, grading);
  }

  /**
   * The depths of all layers.
   *
   * @return a new array t_0 … t_L
   */
  public double[] times() {
    double[] times = new double[layers + 1];
    Arrays.setAll(times, this::time);
    return times;
  }

  /**
   * The distance of two layers to full relative precision: t_l (1 − (k/l)^r) by log1p and expm1.
   *
   * @param l from 1 to L
   * @param k from 0 to l
   * @return t_l − t_k
   */
  public double distance(int l, int k) {
    if (isUniform()) {
      return time(l - k);
    }
    return -time(l) * Math.expm1(grading * Math.log1p((double) (k - l) / l));
  }
}
