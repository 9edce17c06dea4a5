package org.volterra.sum;

import org.volterra.depth.DepthParameter;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with matrix-valued kernels: with W_l the (l·e) × d matrix that stacks K_{l,k}ᵀ, k = 0 …
 * l−1, the sum of layer l is one GEMM with growing inner dimension, {@code u_l += h Z_{<l} W_l}; so
 * are its transpose {@code dZ_{<l} += h δ_l W_lᵀ} and its gradient {@code dW_l += h Z_{<l}ᵀ δ_l}.
 * Cost of each: 2·rows·l·e·d flops.
 */
public final class MatrixSum implements CumulativeSum {
  private final Primitives primitives;
  private final double scale;
  private final DepthParameter weights;
  private final History history;
  private final History gradient;

  /**
   * Binds the sum.
   *
   * @param primitives the device
   * @param scale factor h of the sum
   * @param weights the matrices W_l of layers 1 … L
   * @param history z, interleaved
   * @param gradient ∂J/∂z, interleaved
   */
  public MatrixSum(
      Primitives primitives,
      double scale,
      DepthParameter weights,
      History history,
      History gradient) {
    this.primitives = primitives;
    this.scale = scale;
    this.weights = weights;
    this.history = history;
    this.gradient = gradient;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.INTERLEAVED;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state;
  }

  @Override
  public void forward(int l, Matrix u) {
    primitives.gemm(scale, history.first(l), false, weights.value(l), false, 1, u);
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    primitives.gemm(scale, delta, false, weights.value(l), true, 1, gradient.first(l));
    primitives.gemm(scale, history.first(l), true, delta, false, 1, weights.gradient(l));
    weights.accumulated(l);
  }
}
