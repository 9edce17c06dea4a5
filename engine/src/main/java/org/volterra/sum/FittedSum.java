package org.volterra.sum;

import java.util.Arrays;
import java.util.List;
import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with a given convolution kernel on a uniform grid whose first lags are summed directly
 * and whose tail is approximated by exponentials, Σ_r c_r e^(−λ_r (t − s)), with one running sum
 * each. Every coefficient is off by at most the fit's bound. Costs O(n (R + {@value #HEAD}) L)
 * flops, n = rows · channels.
 *
 * <p>Beside the R running sums layers hand on the last {@value #HEAD} features, from a copy where
 * the history does not keep them all; the adjoint collects the gradients of as many before it adds
 * them to that of the history. Both windows slide down their memory and are moved back when they
 * come to its end.
 */
public final class FittedSum implements RecurrentSum {
  /** Lags that are summed directly. */
  public static final int HEAD = 16;

  /** Features that a layer reads. */
  private static final int REACH = HEAD + 1;

  /** Slices of a window's memory. */
  private static final int WINDOW = 2 * REACH;

  /** How far a window is moved. */
  private static final int SHIFT = WINDOW - HEAD;

  private final SumOperands data;
  private final Primitives p;
  private final LagCoefficients lags;
  private final ExponentialFit fit;
  private final double[] decay;
  private final double[] start;
  private final Matrix weights;
  private final Matrix spreadWeights;
  private final Views running;
  private final Views adjoint;
  private final Views latest;
  private final Views collected;

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
    this.data = operands;
    this.p = operands.primitives();
    this.lags = lags;
    this.fit = fit;
    int rank = fit.weights().size();
    decay = new double[rank];
    start = new double[rank];
    Arrays.setAll(decay, r -> Math.exp(-fit.rates().get(r) * step));
    Arrays.setAll(start, r -> Math.exp(-fit.rates().get(r) * step * REACH));
    weights = memory.matrix("fit.weights", 1, rank);
    spreadWeights = memory.matrix("fit.spread", 1, rank);
    for (int r = 0; r < rank; r++) {
      weights.set(0, r, fit.weights().get(r));
      spreadWeights.set(0, r, fit.weights().get(r) * start[r]);
    }
    int n = operands.columns();
    boolean training = operands.gradient() != null;
    running = new Views(memory.matrix("fit.running", rank, n));
    adjoint = training ? new Views(memory.matrix("fit.adjoint", rank, n)) : null;
    latest =
        operands.history().slices() < operands.layers()
            ? new Views(memory.matrix("fit.latest", WINDOW, n))
            : null;
    collected = training ? new Views(memory.matrix("fit.collected", WINDOW, n)) : null;
  }

  /**
   * The elements of memory that this sum takes beside its coefficients.
   *
   * @param rank R
   * @param columns n
   * @param training whether there is an adjoint
   * @return a count
   */
  public static long elements(int rank, long columns, boolean training) {
    return (training ? 2L : 1L) * (rank + WINDOW) * columns;
  }

  /**
   * The slices that a layer hands on.
   *
   * @param rank R
   * @return R and the features
   */
  public static int carriedSlices(int rank) {
    return rank + HEAD;
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
  public void carried(int l, List<Matrix> target) {
    target.add(running.all());
    if (latest != null) {
      target.add(latest.rows(Math.max(0, l - REACH - firstOfWindow(l - 2)), HEAD));
    }
  }

  /** The feature at the beginning of the window that ends with feature k. */
  private static int firstOfWindow(int k) {
    return Math.max(0, (k - HEAD) / SHIFT * SHIFT);
  }

  /** Features k, k + 1, …, of which layer l is the first to read the last. */
  private Matrix features(int l, int k, int count) {
    return latest == null ? data.z(k, count) : latest.rows(k - firstOfWindow(l - 1), count);
  }

  /** Takes the last feature into the window. */
  private void keep(int k) {
    int first = firstOfWindow(k);
    if (k > 0 && first != firstOfWindow(k - 1)) {
      p.axpby(1, latest.rows(SHIFT, HEAD), 0, latest.rows(0, HEAD));
    }
    p.axpby(1, data.z(k, 1), 0, latest.rows(k - first, 1));
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      lags.begin();
      p.fill(0, running.all());
    }
    if (latest != null) {
      keep(l - 1);
    }
    int k = l - REACH;
    if (k >= 0) {
      Matrix z = features(l, k, 1);
      for (int r = 0; r < decay.length; r++) {
        p.axpby(start[r], z, decay[r], running.rows(r, 1));
      }
      p.gemv(data.scale(), running.all(), true, weights, 1, u);
    }
    int count = Math.min(HEAD, l);
    Matrix head = lags.row(l, l - count, count);
    p.gemv(data.scale(), features(l, l - count, count), true, head, 1, u);
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    int done = data.layers() - l;
    int first = l - WINDOW + done % SHIFT;
    if (done == 0) {
      p.fill(0, adjoint.all());
      p.fill(0, collected.all());
    } else if (done % SHIFT == 0) {
      p.axpby(1, collected.rows(0, HEAD), 0, collected.rows(SHIFT, HEAD));
      p.fill(0, collected.rows(0, SHIFT));
    }
    int count = Math.min(HEAD, l);
    Matrix head = lags.row(l, l - count, count);
    p.ger(data.scale(), head, delta, collected.rows(l - count - first, count));
    int k = l - REACH;
    if (k >= 0) {
      for (int r = 0; r < decay.length; r++) {
        p.axpby(1, delta, decay[r], adjoint.rows(r, 1));
      }
      p.gemv(data.scale(), adjoint.all(), true, spreadWeights, 1, collected.rows(k - first, 1));
    }
    p.axpby(1, collected.rows(l - 1 - first, 1), 1, data.gradient(l - 1, 1));
  }
}
