package org.volterra.equation;

import java.util.List;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import org.volterra.kernel.DepthFunction;
import org.volterra.kernel.SpecialFunctions;

/** Ten Volterra equations of the second kind with known solutions. Immutable and thread-safe. */
public final class KnownEquations {
  private static final DepthFunction ONE = (t, s) -> 1;

  private static final List<KnownEquation> ALL =
      List.of(
          known(
              1,
              "exponential",
              "x = 1 + ∫ x",
              product(1, t -> 1, ONE, KnownEquations::state, Math::exp)),
          known(
              2,
              "sine",
              "x = t − ∫ (t−s) x",
              product(1, t -> t, (t, s) -> s - t, KnownEquations::state, Math::sin)),
          known(
              3,
              "separable",
              "x = t + ∫ t s x",
              product(
                  1,
                  t -> t,
                  (t, s) -> t * s,
                  KnownEquations::state,
                  t -> t * Math.exp(t * t * t / 3))),
          known(
              4,
              "sine-feature",
              "x = t² (1 + cos t²)/2 + ∫ s t² sin x",
              product(
                  1,
                  t -> 0.5 * t * t * (1 + Math.cos(t * t)),
                  (t, s) -> s * t * t,
                  (s, x) -> Math.sin(x),
                  t -> t * t)),
          known(5, "urysohn-tanh", "x = t − ln cosh(t²)/t + ∫ tanh(t x)", new UrysohnTanh()),
          known(
              6,
              "fading-memory",
              "x = 1 + ∫ exp(−2(t−s)) x",
              product(
                  1,
                  t -> 1,
                  (t, s) -> Math.exp(-2 * (t - s)),
                  KnownEquations::state,
                  t -> 2 - Math.exp(-t))),
          known(
              7,
              "quadratic",
              "x = 1 + ∫ x², T = 1/2",
              product(0.5, t -> 1, ONE, (s, x) -> x * x, t -> 1 / (1 - t))),
          mittagLeffler(0.3),
          mittagLeffler(0.5),
          mittagLeffler(0.7),
          known(
              9,
              "abel-linear",
              "x = t + (4/3) t^(3/2) − ∫ (t−s)^(−1/2) x",
              abel(t -> t + 4.0 / 3 * t * Math.sqrt(t), 0.5, -1, t -> t)),
          known(
              10,
              "abel-square",
              "x = t² + (16/15) t^(5/2) − ∫ (t−s)^(−1/2) x",
              abel(t -> t * t + 16.0 / 15 * t * t * Math.sqrt(t), 0.5, -1, t -> t * t)));

  private KnownEquations() {}

  /**
   * All equations, by number; number 8 stands there with the exponents 0.3, 0.5 and 0.7.
   *
   * @return twelve equations
   */
  public static List<KnownEquation> all() {
    return ALL;
  }

  /**
   * Finds equations by number, name or both.
   *
   * @param selector such as {@code 8}, {@code sine} or {@code 2-sine}
   * @return one equation, or all with that number
   * @throws IllegalArgumentException if there is none; the message lists all
   */
  public static List<KnownEquation> find(String selector) {
    List<KnownEquation> found =
        ALL.stream()
            .filter(e ->
                selector.equals(e.id())
                    || selector.equals(e.name())
                    || selector.equals(String.valueOf(e.number())))
            .toList();
    if (found.isEmpty()) {
      throw new IllegalArgumentException(
          "problem '"
              + selector
              + "' is unknown: choose a number in 1..10 or one of "
              + ALL.stream().map(KnownEquation::name).collect(Collectors.joining(", ")));
    }
    return found;
  }

  /** The feature φ(s, x) = x. */
  private static double state(double s, double x) {
    return x;
  }

  private static KnownEquation known(
      int number, String name, String formula, IntegralEquation equation) {
    return new KnownEquation(number, name, formula, equation, false);
  }

  private static KnownEquation mittagLeffler(double alpha) {
    return new KnownEquation(
        8,
        "mittag-leffler-" + alpha,
        "x = 1 − (1/Γ(α)) ∫ (t−s)^(α−1) x, α = " + alpha,
        abel(
            t -> 1,
            alpha,
            -1 / SpecialFunctions.gamma(alpha),
            t -> SpecialFunctions.mittagLeffler(alpha, t)),
        true);
  }

  private static IntegralEquation product(
      double horizon,
      DoubleUnaryOperator source,
      DepthFunction kernel,
      DoubleBinaryOperator feature,
      DoubleUnaryOperator exact) {
    return new Product(horizon, 1, source, kernel, feature, Optional.of(exact));
  }

  private static IntegralEquation abel(
      DoubleUnaryOperator source, double exponent, double factor, DoubleUnaryOperator exact) {
    return new Product(
        1, exponent, source, (t, s) -> factor, KnownEquations::state, Optional.of(exact));
  }

  private record Product(
      double horizon,
      double exponent,
      DoubleUnaryOperator g,
      DepthFunction k,
      DoubleBinaryOperator phi,
      Optional<DoubleUnaryOperator> solution)
      implements HammersteinEquation {
    @Override
    public double source(double t) {
      return g.applyAsDouble(t);
    }

    @Override
    public double kernel(double t, double s) {
      return k.at(t, s);
    }

    @Override
    public double feature(double s, double x) {
      return phi.applyAsDouble(s, x);
    }
  }

  /** Number 5, whose integrand is no product. */
  private record UrysohnTanh() implements IntegralEquation {
    @Override
    public double source(double t) {
      double half = Math.sinh(0.5 * t * t);
      return t == 0 ? 0 : t - Math.log1p(2 * half * half) / t;
    }

    @Override
    public double integrand(double t, double s, double x) {
      return Math.tanh(t * x);
    }

    @Override
    public double horizon() {
      return 1;
    }

    @Override
    public Optional<DoubleUnaryOperator> solution() {
      return Optional.of(t -> t);
    }
  }
}
