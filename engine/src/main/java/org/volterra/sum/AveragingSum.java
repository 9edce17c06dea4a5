package org.volterra.sum;

import org.volterra.kernel.LayerWeights;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum of {@link LayerWeights.Averaging}: {@code u_l += h Σ_i a_{l,i} z_{k(i)}} over every D-th
 * slice back from the last, which are one matrix with a longer stride, so that each operation is
 * the one block axpy, rank-one update or run of inner products of {@link ScalarSum}. Layers between
 * averages take the slice before them.
 */
public final class AveragingSum implements CumulativeSum {
  private final SumOperands data;
  private final LayerWeights.Averaging kernel;
  private final Matrix[] coefficients;
  private final Matrix[] coefficientGradients;
  private final Matrix[] values;
  private final Matrix[] slopes;

  /**
   * Binds the sum.
   *
   * @param operands the history
   * @param kernel dilation and period
   * @param coefficients the coefficients of layer l at l − 1, null where it does not average
   * @param coefficientGradients where their gradients are added
   */
  public AveragingSum(
      SumOperands operands,
      LayerWeights.Averaging kernel,
      Matrix[] coefficients,
      Matrix[] coefficientGradients) {
    this.data = operands.complete();
    this.kernel = kernel;
    this.coefficients = coefficients.clone();
    this.coefficientGradients = coefficientGradients.clone();
    values = slices(operands.history());
    slopes = operands.gradient() == null ? null : slices(operands.gradient());
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state.flat();
  }

  /** The slices that each layer averages, that of layer l at l − 1; null where it does not. */
  private Matrix[] slices(History history) {
    Matrix first = history.first(1);
    long stride = Math.multiplyExact(first.stride(), (long) kernel.dilation());
    Matrix[] all = new Matrix[data.layers()];
    for (int l = 1; l <= all.length; l++) {
      if (kernel.averages(l)) {
        long offset = history.slices(kernel.first(l), 1).offset();
        all[l - 1] = new Matrix(first.buffer(), offset, kernel.count(l), first.columns(), stride);
      }
    }
    return all;
  }

  @Override
  public void forward(int l, Matrix u) {
    Primitives p = data.primitives();
    if (kernel.averages(l)) {
      p.gemv(data.scale(), values[l - 1], true, coefficients[l - 1], 1, u);
    } else {
      p.axpby(data.scale(), data.z(l - 1, 1), 1, u);
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    Primitives p = data.primitives();
    if (kernel.averages(l)) {
      p.ger(data.scale(), coefficients[l - 1], delta, slopes[l - 1]);
      p.gemv(data.scale(), values[l - 1], false, delta, 1, coefficientGradients[l - 1]);
    } else {
      p.axpby(data.scale(), delta, 1, data.gradient(l - 1, 1));
    }
  }
}
