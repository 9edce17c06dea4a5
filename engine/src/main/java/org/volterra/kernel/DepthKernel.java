package org.volterra.kernel;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Collectors;
import org.volterra.depth.DepthGrid;

/**
 * A kernel K(t, s) on 0 ≤ s ≤ t ≤ T that weighs the features of the layer at depth s in the sum of
 * the layer at depth t: u(t) = b(t) + ∫₀ᵗ K(t, s) φ(s, x(s)) ds.
 */
public sealed interface DepthKernel
    permits DepthKernel.Dense,
        DepthKernel.Field,
        ScalarKernel,
        DepthKernel.WithMatrix,
        DepthKernel.Terms,
        LayerWeights {
  /**
   * An independent matrix K_{l,k} for every pair k &lt; l of layers, as in a DenseNet: all of them
   * are parameters.
   *
   * @return the kernel
   */
  static Dense dense() {
    return new Dense();
  }

  /**
   * A matrix-valued field that is continuous and piecewise linear on a coarse triangle mesh and can
   * be evaluated at any depth: the values at the nodes are parameters, so that their number does
   * not depend on the number of layers.
   *
   * @param intervals intervals of the mesh on each side of the triangle, at least 1
   * @return the kernel
   * @throws IllegalArgumentException if {@code intervals} is not in 1..65000
   */
  static Field field(int intervals) {
    return new Field(intervals);
  }

  /**
   * A given scalar function a(t, s) times the identity, without parameters.
   *
   * @param function the function
   * @return the kernel
   */
  static Scalar scalar(DepthFunction function) {
    return new Scalar(function, false);
  }

  /**
   * A scalar a_{l,k} times the identity for every pair k &lt; l of layers, all of them parameters,
   * as in a depth-weighted average.
   *
   * @param initial their initial values
   * @return the kernel
   */
  static Scalar trainableScalar(DepthFunction initial) {
    return new Scalar(initial, true);
  }

  /**
   * A given function a(t − s) times the identity, without parameters.
   *
   * @param function the function of the lag, used at lags h … T
   * @return the kernel
   */
  static ScalarKernel.Convolution convolution(DoubleUnaryOperator function) {
    return new ScalarKernel.Convolution(function, false);
  }

  /**
   * A number for each lag l − k times the identity, all of them parameters.
   *
   * @param initial their initial values as a function of the lag t − s
   * @return the kernel
   */
  static ScalarKernel.Convolution trainableConvolution(DoubleUnaryOperator initial) {
    return new ScalarKernel.Convolution(initial, true);
  }

  /**
   * The weakly singular kernel (t − s)^(α−1)/Γ(α) of fractional integration of order α times the
   * identity, with the product rectangle weights that integrate the singularity exactly.
   *
   * @param order α in (0, 1]
   * @return the kernel
   * @throws IllegalArgumentException if {@code order} is out of range
   */
  static ScalarKernel.Fractional fractional(double order) {
    return new ScalarKernel.Fractional(order);
  }

  /**
   * The sum of exponentials Σ_r c_r e^(−λ_r (t − s)) times the identity, without parameters.
   *
   * @param weights c_r
   * @param rates λ_r
   * @return the kernel
   * @throws IllegalArgumentException if there are none, their numbers differ or one is not finite
   */
  static ScalarKernel.Exponentials exponentials(List<Double> weights, List<Double> rates) {
    return new ScalarKernel.Exponentials(weights, rates, false);
  }

  /**
   * The sum of exponentials Σ_r c_r e^(−λ_r (t − s)) times the identity; weights and rates are
   * parameters. Begins with the weights 1/R and the rates 0, 1, 3, 7 …
   *
   * @param count number R of exponentials, from 1 to 1000
   * @return the kernel
   * @throws IllegalArgumentException if {@code count} is out of range
   */
  static ScalarKernel.Exponentials trainableExponentials(int count) {
    return ScalarKernel.Exponentials.trainable(count);
  }

  /**
   * The degenerate kernel Σ_r a_r(t) b_r(s) times the identity, without parameters.
   *
   * @param outer a_r
   * @param inner b_r
   * @return the kernel
   * @throws IllegalArgumentException if there are none or their numbers differ
   */
  static ScalarKernel.Separable separable(
      List<DoubleUnaryOperator> outer, List<DoubleUnaryOperator> inner) {
    return new ScalarKernel.Separable(outer, inner, false);
  }

  /**
   * The degenerate kernel Σ_r a_r(t) b_r(s) times the identity; the values of a_r and b_r at the
   * layers are parameters. Begins with a_r(t) = cos(r t) and b_r(s) = cos(r s)/R, r = 0 … R−1.
   *
   * @param rank number R of products, from 1 to 1000
   * @return the kernel
   * @throws IllegalArgumentException if {@code rank} is out of range
   */
  static ScalarKernel.Separable trainableSeparable(int rank) {
    return ScalarKernel.Separable.trainable(rank);
  }

  /**
   * A given scalar function a(t, s) times the identity that is smooth on s ≤ t, so that blocks of
   * it off the diagonal have low rank; without parameters.
   *
   * @param function the function
   * @return the kernel
   */
  static ScalarKernel.Smooth smooth(DepthFunction function) {
    return new ScalarKernel.Smooth(function);
  }

  /**
   * A scalar function a(t, s; θ) times the identity that is smooth on s ≤ t and whose few
   * parameters θ are trained, whatever the number of layers.
   *
   * @param function the function and its derivative by θ
   * @param initial the initial values of θ
   * @return the kernel
   * @throws IllegalArgumentException if there is no parameter, or one is not finite
   */
  static ScalarKernel.Parametric parametric(ParametricFunction function, double... initial) {
    return new ScalarKernel.Parametric(
        "parametric", function, Arrays.stream(initial).boxed().toList());
  }

  /**
   * The power law c (1 + (t − s)/τ)^(−β) times the identity; c, log τ and β are parameters and
   * begin as 1, 0 and 1.
   *
   * @return the kernel
   */
  static ScalarKernel.Parametric powerLaw() {
    return new ScalarKernel.Parametric(PowerLaw.NAME, new PowerLaw(), List.of(1.0, 0.0, 1.0));
  }

  /**
   * A scalar kernel times a channel matrix M that all pairs of layers share and that is a
   * parameter: K(t, s) = a(t, s) M.
   *
   * @param scalar a
   * @return the kernel
   */
  static WithMatrix withMatrix(ScalarKernel scalar) {
    return new WithMatrix(scalar);
  }

  /**
   * A sum of kernels.
   *
   * @param terms at least one, each scalar or {@link WithMatrix}
   * @return the kernel
   * @throws IllegalArgumentException if there is none, or one of another kind
   */
  static Terms sumOf(DepthKernel... terms) {
    return new Terms(List.of(terms));
  }

  /**
   * Softmax attention over earlier layers with a learned query for each layer, as in attention
   * residuals: K_{l,k} = softmax_k(q_l · z_k / rms(z_k)) times the identity, for each position by
   * itself. The queries are parameters and begin as zero, so that a new network takes the mean.
   *
   * @param block how many layers are summed to one source; 1 to attend to every layer
   * @return the kernel
   * @throws IllegalArgumentException if {@code block} is not positive
   */
  static LayerWeights.Attention attention(int block) {
    return new LayerWeights.Attention(block);
  }

  /**
   * Depth-weighted averaging, as in a DenseFormer (Pagliardini et al., arXiv:2402.02622): the
   * layers 1, 1 + P, 1 + 2P … take the sum of every D-th feature back from the last, with a
   * trainable number for each, and the others the last feature alone. Begins with 1 for the last
   * and 0 for the others.
   *
   * @param dilation D, at least 1
   * @param period P, at least 1
   * @return the kernel
   * @throws IllegalArgumentException if one is not positive
   */
  static LayerWeights.Averaging averaging(int dilation, int period) {
    return new LayerWeights.Averaging(dilation, period);
  }

  /**
   * The kernel of a text such as {@code dense}, {@code field(8)}, {@code fractional(0.5)}, {@code
   * matrix*exponentials(4)} or {@code fractional(0.5) + matrix*separable(2)}; arguments may also
   * stand behind a colon, as in {@code field:8}.
   *
   * @param text what {@link Object#toString} gives, unless the kernel holds a function
   * @return the kernel
   * @throws IllegalArgumentException if there is none of that name
   */
  static DepthKernel parse(String text) {
    return KernelText.parse(text);
  }

  /** An independent matrix for every pair of layers. */
  record Dense() implements DepthKernel {
    @Override
    public String toString() {
      return "dense";
    }
  }

  /**
   * A piecewise-linear matrix field.
   *
   * @param intervals intervals of the mesh on each side of the triangle
   */
  record Field(int intervals) implements DepthKernel {
    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if {@code intervals} is not in 1..65000
     */
    public Field {
      if (intervals < 1 || intervals > 65_000) {
        throw new IllegalArgumentException(
            "intervals " + intervals + ": a kernel field has 1..65000");
      }
    }

    @Override
    public String toString() {
      return "field(" + intervals + ")";
    }
  }

  /**
   * A scalar function times the identity.
   *
   * @param function the function, or the initial values of its trainable samples
   * @param trainable whether the samples a_{l,k} = a(t_l, t_k) are parameters
   */
  record Scalar(DepthFunction function, boolean trainable) implements ScalarKernel {
    /** Checks the arguments. */
    public Scalar {
      Objects.requireNonNull(function, "function");
    }

    @Override
    public double coefficient(DepthGrid grid, int l, int k) {
      return function.at(grid.time(l), grid.time(k));
    }

    @Override
    public String toString() {
      return trainable ? "scalar" : "fixed-scalar";
    }
  }

  /**
   * A scalar kernel times a shared channel matrix.
   *
   * @param scalar the scalar kernel
   */
  record WithMatrix(ScalarKernel scalar) implements DepthKernel {
    /** Checks the argument. */
    public WithMatrix {
      Objects.requireNonNull(scalar, "scalar");
    }

    @Override
    public String toString() {
      return KernelText.MATRIX + scalar;
    }
  }

  /**
   * A sum of kernels.
   *
   * @param terms the terms
   */
  record Terms(List<DepthKernel> terms) implements DepthKernel {
    /**
     * Checks and copies the argument.
     *
     * @throws IllegalArgumentException if there is no term, or one of another kind
     */
    public Terms {
      terms = List.copyOf(terms);
      if (terms.isEmpty()) {
        throw new IllegalArgumentException("terms: a sum of kernels has at least 1");
      }
      for (DepthKernel term : terms) {
        if (!(term instanceof ScalarKernel || term instanceof WithMatrix)) {
          throw new IllegalArgumentException(
              "term " + term + ": terms of a sum are scalar kernels, with a matrix or without");
        }
      }
    }

    @Override
    public String toString() {
      return terms.stream().map(DepthKernel::toString).collect(Collectors.joining(" + "));
    }
  }
}
