package org.volterra.sum;

import java.util.Arrays;
import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with a given convolution kernel on a uniform grid whose first lags are summed directly
 * and whose tail is approximated by exponentials, Σ_r c_r e^(−λ_r (t − s)), with one running sum
 * each. Every coefficient is off by at most the fit's bound. Costs O(n (R + {@value #HEAD}) L)
 * flops, n = rows · channels, and R slices of memory.
 */
public final class FittedSum implements CumulativeSum {
  /** Lags that are summed directly. */
  public static final int HEAD = 16;

  private final SumOperands data;
  private final Primitives p;
  private final LagCoefficients lags;
  private final ExponentialFit fit;
  private final double[] decay;
  private final double[] start;
  private final Matrix weights;
  private final Matrix spreadWeights;
  private final Views running;

  /**
   * Binds the sum.
   *
   * @param operands the history, on a uniform grid
   * @param lags all coefficients
   * @param step h, the unit of the lags
   * @param fit of the coefficients from lag ({@value #HEAD} + 1)·h on
   * @param memory for the running sums
   */
  public FittedSum(
      SumOperands operands,
      LagCoefficients lags,
      double step,
      ExponentialFit fit,
      SumMemory memory) {
    this.data = operands.complete();
    this.p = operands.primitives();
    this.lags = lags;
    this.fit = fit;
    int rank = fit.weights().size();
    decay = new double[rank];
    start = new double[rank];
    Arrays.setAll(decay, r -> Math.exp(-fit.rates().get(r) * step));
    Arrays.setAll(start, r -> Math.exp(-fit.rates().get(r) * step * (HEAD + 1)));
    weights = memory.matrix("fit.weights", 1, rank);
    spreadWeights = memory.matrix("fit.spread", 1, rank);
    for (int r = 0; r < rank; r++) {
      weights.set(0, r, fit.weights().get(r));
      spreadWeights.set(0, r, fit.weights().get(r) * start[r]);
    }
    running = new Views(memory.matrix("fit.running", rank, operands.columns()));
  }

  /**
   * The fit.
   *
   * @return the exponentials and their error bound
   */
  public ExponentialFit fit() {
    return fit;
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state.flat();
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      lags.begin();
      p.fill(0, running.all());
    }
    int k = l - 1 - HEAD;
    if (k >= 0) {
      for (int r = 0; r < decay.length; r++) {
        p.axpby(start[r], data.z(k, 1), decay[r], running.rows(r, 1));
      }
      p.gemv(data.scale(), running.all(), true, weights, 1, u);
    }
    int count = Math.min(HEAD, l);
    Matrix head = lags.row(l, l - count, count);
    p.gemv(data.scale(), data.z(l - count, count), true, head, 1, u);
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    if (l == data.layers()) {
      p.fill(0, running.all());
    }
    int count = Math.min(HEAD, l);
    Matrix head = lags.row(l, l - count, count);
    p.ger(data.scale(), head, delta, data.gradient(l - count, count));
    int k = l - 1 - HEAD;
    if (k >= 0) {
      for (int r = 0; r < decay.length; r++) {
        p.axpby(1, delta, decay[r], running.rows(r, 1));
      }
      p.gemv(data.scale(), running.all(), true, spreadWeights, 1, data.gradient(k, 1));
    }
  }
}
