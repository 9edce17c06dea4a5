package org.volterra.kernel;

/**
 * The power law c (1 + (t − s)/τ)^(−β) with θ = (c, log τ, β): a memory without a singularity,
 * whose strength, scale and order are learned.
 */
public final class PowerLaw implements ParametricFunction {
  static final String NAME = "power-law";

  PowerLaw() {}

  @Override
  public double at(double t, double s, double[] theta) {
    return theta[0] * Math.exp(-theta[2] * Math.log1p((t - s) * Math.exp(-theta[1])));
  }

  @Override
  public void addDerivative(double t, double s, double[] theta, double weight, double[] sum) {
    double lag = (t - s) * Math.exp(-theta[1]);
    double log = Math.log1p(lag);
    double power = weight * Math.exp(-theta[2] * log);
    sum[0] += power;
    sum[1] += power * theta[0] * theta[2] * lag / (1 + lag);
    sum[2] -= power * theta[0] * log;
  }
}
