package org.volterra.fit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Sums of exponentials Σ c_r e^(−λ_r (t − s)), λ_r &gt; 0.
 *
 * @param terms M, from 1 to 16
 */
public record ExponentialFamily(int terms) implements KernelFamily {
  static final String NAME = "exponentials";
  private static final int MOST_TERMS = 16;

  /**
   * Checks the argument.
   *
   * @throws IllegalArgumentException if {@code terms} is out of range
   */
  public ExponentialFamily {
    if (terms < 1 || terms > MOST_TERMS) {
      throw new IllegalArgumentException(
          "exponentials:" + terms + ": the number of terms must be in 1.." + MOST_TERMS);
    }
  }

  @Override
  public String name() {
    return NAME + ":" + terms;
  }

  @Override
  public String formula() {
    return "K(t, s) = Σ c_r exp(−λ_r (t − s)), r = 1 … " + terms;
  }

  @Override
  public List<String> parameterNames() {
    List<String> names = new ArrayList<>();
    for (int r = 1; r <= terms; r++) {
      Collections.addAll(names, "c" + r, "lambda" + r);
    }
    return names;
  }

  @Override
  public List<ParameterRange> ranges() {
    List<ParameterRange> ranges = new ArrayList<>();
    for (int r = 0; r < terms; r++) {
      Collections.addAll(ranges, ParameterRange.REAL, ParameterRange.POSITIVE);
    }
    return ranges;
  }

  @Override
  public int exponentParameter() {
    return -1;
  }

  @Override
  public double value(double t, double s, double[] theta) {
    double sum = 0;
    for (int r = 0; r < 2 * terms; r += 2) {
      sum += theta[r] * Math.exp(-theta[r + 1] * (t - s));
    }
    return sum;
  }

  @Override
  public void gradient(double t, double s, double[] theta, double factor, double[] gradient) {
    for (int r = 0; r < 2 * terms; r += 2) {
      double power = factor * Math.exp(-theta[r + 1] * (t - s));
      gradient[r] += power;
      gradient[r + 1] -= theta[r] * (t - s) * power;
    }
  }

  @Override
  public List<double[]> starts(double horizon) {
    List<double[]> starts = new ArrayList<>();
    for (double slowest : new double[] {0.3, 1.5}) {
      for (double mass : new double[] {-4, -1, -0.2, 0.2, 1}) {
        double[] theta = new double[2 * terms];
        for (int r = 0; r < terms; r++) {
          double decay = slowest * Math.pow(6, r);
          theta[2 * r] = mass / terms / horizon * decay / -Math.expm1(-decay);
          theta[2 * r + 1] = decay / horizon;
        }
        starts.add(theta);
      }
    }
    return starts;
  }
}
