package org.volterra.sum;

import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;

/**
 * The sum with scalar kernels, computed directly: with a_l the row of coefficients a_{l,0} …
 * a_{l,l−1} the sum of layer l is one block axpy {@code u_l += h Σ_k a_{l,k} z_k}, its transpose a
 * rank-one update and its gradient l inner products. Cost of each: 2·l·n flops, n = rows ·
 * channels, limited by the bandwidth at which the history is read.
 */
public final class ScalarSum implements CumulativeSum {
  private final SumOperands data;
  private final PairCoefficients coefficients;

  /**
   * Binds the sum.
   *
   * @param primitives the device
   * @param scale factor h of the sum
   * @param coefficients the rows a_1 … a_L at indices 0 … L−1, row l−1 of length l
   * @param coefficientGradients where their gradients are added, or null if they are no parameters
   * @param history z, slice-major
   * @param gradient ∂J/∂z, slice-major, or null if {@link #adjoint} will not be called
   */
  public ScalarSum(
      Primitives primitives,
      double scale,
      Matrix[] coefficients,
      Matrix[] coefficientGradients,
      History history,
      History gradient) {
    this(
        new SumOperands(primitives, scale, coefficients.length, history, gradient),
        new TriangleCoefficients(primitives, coefficients, coefficientGradients, null));
  }

  /**
   * Binds the sum.
   *
   * @param operands the history
   * @param coefficients the coefficients
   */
  public ScalarSum(SumOperands operands, PairCoefficients coefficients) {
    this.data = operands.complete();
    this.coefficients = coefficients;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public boolean usesHost() {
    return coefficients.usesHost();
  }

  @Override
  public Matrix operand(Matrix state) {
    return state.flat();
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      coefficients.begin();
    }
    data.addSums(coefficients.row(l, 0, l), 0, 1, u);
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    data.primitives().ger(data.scale(), coefficients.row(l, 0, l), delta, data.gradient().first(l));
    if (coefficients.hasGradient()) {
      if (l == data.layers()) {
        coefficients.beginGradient();
      }
      data.addInnerProducts(delta, 0, 1, coefficients.rowGradient(l, 0, l));
      if (l == 1) {
        coefficients.endGradient();
      }
    }
  }

  @Override
  public PassPrimitives.Kernel whole() {
    return coefficients.hasGradient() ? null : coefficients.whole();
  }

  @Override
  public void beginWhole() {
    coefficients.begin();
  }
}
