package org.volterra.fit;

import java.util.List;
import java.util.Optional;
import org.volterra.depth.DepthOperator;

/**
 * Scalar kernels (t − s)^(α−1) k(t, s; θ) that depend smoothly on parameters. Immutable and
 * thread-safe.
 */
public sealed interface KernelFamily permits FractionalFamily, ExponentialFamily, FieldFamily {
  /**
   * The name by which a user selects the family.
   *
   * @return such as {@code exponentials:2}
   */
  String name();

  /**
   * The formula.
   *
   * @return plain text
   */
  String formula();

  /**
   * The names of the parameters.
   *
   * @return one for each parameter
   */
  List<String> parameterNames();

  /**
   * Where the parameters may lie.
   *
   * @return one for each parameter
   */
  List<ParameterRange> ranges();

  /**
   * Which parameter is α.
   *
   * @return an index, or −1 for α = 1
   */
  int exponentParameter();

  /**
   * The smooth part of the kernel.
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @param theta the parameters first
   * @return k(t, s)
   */
  double value(double t, double s, double[] theta);

  /**
   * The gradient of the smooth part.
   *
   * @param t in [0, T]
   * @param s in [0, t]
   * @param theta the parameters first
   * @param factor a factor
   * @param gradient factor · ∂k/∂θ is added
   */
  void gradient(double t, double s, double[] theta, double factor, double[] gradient);

  /**
   * Where fits may begin.
   *
   * @param horizon T
   * @return parameters, of which the fit tries all
   */
  List<double[]> starts(double horizon);

  /**
   * The operator A of the regulariser ½ θᵀAθ.
   *
   * @return the operator, or empty if parameters are few enough to need none
   */
  default Optional<DepthOperator> regularizer() {
    return Optional.empty();
  }

  /**
   * The whole kernel.
   *
   * @param t in (0, T]
   * @param s in [0, t)
   * @param theta the parameters first
   * @return (t − s)^(α−1) k(t, s)
   */
  default double kernel(double t, double s, double[] theta) {
    double exponent = exponentParameter() < 0 ? 1 : theta[exponentParameter()];
    return Math.pow(t - s, exponent - 1) * value(t, s, theta);
  }

  /**
   * Finds a family by its name.
   *
   * @param text {@code fractional}, {@code exponentials:M} or {@code field:N}
   * @param horizon T, the side of a field's triangle
   * @param lambda0 weight of a field's norm in L², positive
   * @param lambda1 weight of that of its gradient, not negative
   * @return the family
   * @throws IllegalArgumentException if there is none, or a number is out of range
   */
  static KernelFamily parse(String text, double horizon, double lambda0, double lambda1) {
    String[] parts = text.split(":", 2);
    boolean number = parts.length == 2 && parts[1].matches("\\d{1,4}");
    if (text.equals(FractionalFamily.NAME)) {
      return new FractionalFamily();
    }
    if (parts[0].equals(ExponentialFamily.NAME) && number) {
      return new ExponentialFamily(Integer.parseInt(parts[1]));
    }
    if (parts[0].equals(FieldFamily.NAME) && number) {
      return new FieldFamily(Integer.parseInt(parts[1]), horizon, lambda0, lambda1);
    }
    throw new IllegalArgumentException(
        "kernel '"
            + text
            + "' is unknown: choose fractional, exponentials:M with M terms, or field:N with N"
            + " intervals");
  }
}
