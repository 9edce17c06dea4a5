package org.volterra.kernel;

import java.util.List;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.volterra.depth.DepthGrid;

/** A kernel a(t, s) times the identity: a number for every pair of layers. */
public sealed interface ScalarKernel extends DepthKernel
    permits DepthKernel.Scalar,
        ScalarKernel.Convolution,
        ScalarKernel.Fractional,
        ScalarKernel.Exponentials,
        ScalarKernel.Separable,
        ScalarKernel.Smooth,
        ScalarKernel.Parametric {
  /** The most exponentials or products of a kernel. */
  int MAX_RANK = 1000;

  /**
   * The coefficient a_{l,k} of a pair of layers, or its initial value if it depends on parameters.
   *
   * @param grid the layers' depths
   * @param l layer that sums, from 1 to L
   * @param k layer that is summed, from 0 to l − 1
   * @return a_{l,k}
   */
  double coefficient(DepthGrid grid, int l, int k);

  /**
   * Whether the coefficients depend on parameters.
   *
   * @return false if they are given
   */
  boolean trainable();

  /**
   * A function of t − s.
   *
   * @param function the function, or the initial values of its trainable samples
   * @param trainable whether the samples at the lags h … T of a uniform grid are parameters
   */
  record Convolution(DoubleUnaryOperator function, boolean trainable) implements ScalarKernel {
    /** Checks the arguments. */
    public Convolution {
      Objects.requireNonNull(function, "function");
    }

    @Override
    public double coefficient(DepthGrid grid, int l, int k) {
      return function.applyAsDouble(grid.distance(l, k));
    }

    @Override
    public String toString() {
      return trainable ? "convolution" : "fixed-convolution";
    }
  }

  /**
   * The kernel of fractional integration.
   *
   * @param order α
   */
  record Fractional(double order) implements ScalarKernel {
    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if the order is not in (0, 1]
     */
    public Fractional {
      if (!(order > 0 && order <= 1)) {
        throw new IllegalArgumentException("order " + order + ": must be in (0, 1]");
      }
    }

    /**
     * The mean of (t − s)^(α−1)/Γ(α) over one step: h^(α−1) (m^α − (m−1)^α)/Γ(α+1), computed
     * without cancellation (product rectangle rule; P. Linz, Analytical and Numerical Methods for
     * Volterra Equations, SIAM 1985, chapter 8).
     *
     * @param step h
     * @param lag m = (t − s)/h at the step's left end, at least 1
     * @return the weight
     */
    public double weight(double step, double lag) {
      double difference = -Math.expm1(order * Math.log1p(-1 / lag));
      return Math.pow(step, order - 1)
          * Math.pow(lag, order)
          * difference
          / SpecialFunctions.gamma(order + 1);
    }

    @Override
    public double coefficient(DepthGrid grid, int l, int k) {
      if (grid.isUniform()) {
        return weight(grid.step(), l - k);
      }
      double step = grid.step(k);
      return weight(step, grid.distance(l, k) / step);
    }

    @Override
    public boolean trainable() {
      return false;
    }

    @Override
    public String toString() {
      return "fractional(" + order + ")";
    }
  }

  /**
   * A sum of exponentials of t − s.
   *
   * @param weights c_r, or their initial values
   * @param rates λ_r, or their initial values
   * @param trainable whether both are parameters
   */
  record Exponentials(List<Double> weights, List<Double> rates, boolean trainable)
      implements ScalarKernel {
    /**
     * Checks and copies the arguments.
     *
     * @throws IllegalArgumentException if there are none or too many, their numbers differ or one
     *     is not finite
     */
    public Exponentials {
      weights = List.copyOf(weights);
      rates = List.copyOf(rates);
      checkRank("exponentials", weights.size(), rates.size());
      for (int r = 0; r < weights.size(); r++) {
        if (!Double.isFinite(weights.get(r)) || !Double.isFinite(rates.get(r))) {
          throw new IllegalArgumentException(
              "exponential " + weights.get(r) + ":" + rates.get(r) + ": must be finite");
        }
      }
    }

    static Exponentials trainable(int count) {
      checkRank("exponentials", count, count);
      return new Exponentials(
          IntStream.range(0, count).mapToObj(r -> 1.0 / count).toList(),
          IntStream.range(0, count).mapToObj(r -> Math.pow(2, Math.min(r, 40)) - 1).toList(),
          true);
    }

    /**
     * The number of exponentials.
     *
     * @return R
     */
    public int rank() {
      return weights.size();
    }

    @Override
    public double coefficient(DepthGrid grid, int l, int k) {
      double t = grid.distance(l, k);
      double sum = 0;
      for (int r = 0; r < rank(); r++) {
        sum += weights.get(r) * Math.exp(-rates.get(r) * t);
      }
      return sum;
    }

    @Override
    public String toString() {
      return trainable
          ? "exponentials(" + rank() + ")"
          : IntStream.range(0, rank())
              .mapToObj(r -> weights.get(r) + ":" + rates.get(r))
              .collect(Collectors.joining(",", "fixed-exponentials(", ")"));
    }
  }

  /**
   * A sum of products of a function of t and a function of s.
   *
   * @param outer a_r, or the initial values of their trainable samples
   * @param inner b_r, or the initial values of their trainable samples
   * @param trainable whether the samples at the layers are parameters
   */
  record Separable(
      List<DoubleUnaryOperator> outer, List<DoubleUnaryOperator> inner, boolean trainable)
      implements ScalarKernel {
    /**
     * Checks and copies the arguments.
     *
     * @throws IllegalArgumentException if there are none or too many, or their numbers differ
     */
    public Separable {
      outer = List.copyOf(outer);
      inner = List.copyOf(inner);
      checkRank("separable", outer.size(), inner.size());
    }

    static Separable trainable(int rank) {
      checkRank("separable", rank, rank);
      return new Separable(
          IntStream.range(0, rank)
              .mapToObj(r -> (DoubleUnaryOperator) t -> Math.cos(r * t))
              .toList(),
          IntStream.range(0, rank)
              .mapToObj(r -> (DoubleUnaryOperator) s -> Math.cos(r * s) / rank)
              .toList(),
          true);
    }

    /**
     * The number of products.
     *
     * @return R
     */
    public int rank() {
      return outer.size();
    }

    @Override
    public double coefficient(DepthGrid grid, int l, int k) {
      double sum = 0;
      for (int r = 0; r < rank(); r++) {
        sum += outer.get(r).applyAsDouble(grid.time(l)) * inner.get(r).applyAsDouble(grid.time(k));
      }
      return sum;
    }

    @Override
    public String toString() {
      return (trainable ? "separable(" : "fixed-separable(") + rank() + ")";
    }
  }

  /**
   * A function that is smooth on s ≤ t.
   *
   * @param function the function
   */
  record Smooth(DepthFunction function) implements ScalarKernel {
    /** Checks the argument. */
    public Smooth {
      Objects.requireNonNull(function, "function");
    }

    @Override
    public double coefficient(DepthGrid grid, int l, int k) {
      return function.at(grid.time(l), grid.time(k));
    }

    @Override
    public boolean trainable() {
      return false;
    }

    @Override
    public String toString() {
      return "fixed-smooth";
    }
  }

  /**
   * A function with parameters that is smooth on s ≤ t.
   *
   * @param name what its text is
   * @param function the function
   * @param initial the initial values of its parameters
   */
  record Parametric(String name, ParametricFunction function, List<Double> initial)
      implements ScalarKernel {
    /**
     * Checks and copies the arguments.
     *
     * @throws IllegalArgumentException if there is no parameter, there are too many or one is not
     *     finite
     */
    public Parametric {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(function, "function");
      initial = List.copyOf(initial);
      if (initial.isEmpty() || initial.size() > MAX_RANK) {
        throw new IllegalArgumentException(
            name + " of " + initial.size() + " parameters: must be in 1.." + MAX_RANK);
      }
      for (double value : initial) {
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              name + " with parameter " + value + ": must be finite");
        }
      }
    }

    /**
     * The initial values of the parameters.
     *
     * @return a new array
     */
    public double[] theta() {
      return initial.stream().mapToDouble(Double::doubleValue).toArray();
    }

    @Override
    public double coefficient(DepthGrid grid, int l, int k) {
      return function.at(grid.time(l), grid.time(k), theta());
    }

    @Override
    public boolean trainable() {
      return true;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static void checkRank(String kind, int first, int second) {
    if (first != second || first < 1 || first > MAX_RANK) {
      throw new IllegalArgumentException(
          kind + " of " + first + " and " + second + ": must be the same number in 1.." + MAX_RANK);
    }
  }
}
