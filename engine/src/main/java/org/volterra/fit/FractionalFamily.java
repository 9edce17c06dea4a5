package org.volterra.fit;

import java.util.ArrayList;
import java.util.List;
import org.volterra.kernel.SpecialFunctions;

/** Abel's kernels c (t − s)^(α−1)/Γ(α): memory that fades like a power. */
public record FractionalFamily() implements KernelFamily {
  static final String NAME = "fractional";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String formula() {
    return "K(t, s) = c (t − s)^(α−1)/Γ(α)";
  }

  @Override
  public List<String> parameterNames() {
    return List.of("alpha", "c");
  }

  @Override
  public List<ParameterRange> ranges() {
    return List.of(ParameterRange.EXPONENT, ParameterRange.REAL);
  }

  @Override
  public int exponentParameter() {
    return 0;
  }

  @Override
  public double value(double t, double s, double[] theta) {
    return theta[1] / SpecialFunctions.gamma(theta[0]);
  }

  @Override
  public void gradient(double t, double s, double[] theta, double factor, double[] gradient) {
    double inverse = factor / SpecialFunctions.gamma(theta[0]);
    gradient[0] -= theta[1] * SpecialFunctions.digamma(theta[0]) * inverse;
    gradient[1] += inverse;
  }

  @Override
  public List<double[]> starts(double horizon) {
    List<double[]> starts = new ArrayList<>();
    for (double alpha : new double[] {0.3, 0.6, 0.9}) {
      for (double mass : new double[] {-4, -1, -0.2, 0.2, 1}) {
        // ∫ K ds over [0, T] is c T^α/Γ(α + 1).
        double whole = Math.pow(horizon, alpha) / SpecialFunctions.gamma(alpha + 1);
        starts.add(new double[] {alpha, mass / whole});
      }
    }
    return starts;
  }
}
