package org.volterra.sum;

import java.util.Arrays;
import java.util.List;
import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with the kernel Σ_r c_r e^(−λ_r (t_l − t_k)) by R running sums E_r ← e^(−λ_r (t_l −
 * t_{l−1})) (E_r + z_{l−1}), on any grid: exact for this kernel, at 5·R·n flops for each layer, n =
 * rows · channels. The adjoint runs Q_r = Σ_{l&gt;k} e^(−λ_r (t_l − t_k)) δ_l downwards; with it
 * ∂J/∂c_r = h Σ_k ⟨Q_r, z_k⟩, and with its derivative by −λ_r, which runs along, ∂J/∂λ_r. Nothing
 * of the forward pass is needed but z. The decay factors of all different steps are computed when a
 * pass begins.
 */
public final class ExponentialSum implements RecurrentSum {
  private final SumOperands data;
  private final Primitives p;
  private final Matrix weights;
  private final Matrix rates;
  private final Matrix weightGradient;
  private final Matrix rateGradient;
  private final Views running;
  private final Views adjoint;
  private final Views derivative;
  private final Matrix slopes;

  /** The different steps t_l − t_{l−1}, and at l − 1 which of them is that of layer l. */
  private final Matrix steps;

  private final int[] place;

  /** e^(−λ_r step), a row for each different step. */
  private final Views decay;

  /** The steps, R times each. */
  private final Views lengths;

  private final Matrix ones;

  /**
   * Binds the sum.
   *
   * @param operands the history
   * @param times t_0 … t_L
   * @param weights c, 1 × R
   * @param rates λ, 1 × R
   * @param weightGradient where the gradient of c is added, or null
   * @param rateGradient where the gradient of λ is added, or null
   * @param memory for the running sums
   * @throws IllegalArgumentException if there are too few times
   */
  public ExponentialSum(
      SumOperands operands,
      double[] times,
      Matrix weights,
      Matrix rates,
      Matrix weightGradient,
      Matrix rateGradient,
      SumMemory memory) {
    if (times.length <= operands.layers()) {
      throw new IllegalArgumentException(
          "times: got " + times.length + " for " + operands.layers() + " layers");
    }
    this.data = operands;
    this.p = operands.primitives();
    this.weights = weights;
    this.rates = rates;
    this.weightGradient = weightGradient;
    this.rateGradient = rateGradient;
    int rank = weights.columns();
    running = new Views(memory.matrix("running", rank, operands.columns()));
    adjoint =
        operands.gradient() == null
            ? null
            : new Views(memory.matrix("adjoint", rank, operands.columns()));
    derivative =
        rateGradient == null
            ? null
            : new Views(memory.matrix("derivative", rank, operands.columns()));
    slopes = rateGradient == null ? null : memory.matrix("slopes", 1, rank);
    place = new int[operands.layers()];
    double[] different = differentSteps(times, place);
    steps = memory.numbers("steps", different);
    decay = new Views(memory.matrix("decay", different.length, rank));
    lengths =
        rateGradient == null ? null : new Views(memory.matrix("lengths", different.length, rank));
    ones = rateGradient == null ? null : memory.matrix("ones", 1, rank);
    if (rateGradient != null) {
      p.fill(1, ones);
      for (int i = 0; i < different.length; i++) {
        p.fill(different[i], lengths.rows(i, 1));
      }
    }
  }

  /** Steps that differ from the one before by more than rounding. */
  private static double[] differentSteps(double[] times, int[] place) {
    double[] steps = new double[place.length];
    int last = -1;
    for (int l = 1; l <= place.length; l++) {
      double step = times[l] - times[l - 1];
      if (last < 0 || !(Math.abs(step - steps[last]) <= 1e-9 * step)) {
        steps[++last] = step;
      }
      place[l - 1] = last;
    }
    return Arrays.copyOf(steps, last + 1);
  }

  /**
   * The elements of memory that this sum takes beside its coefficients.
   *
   * @param rank R
   * @param columns n
   * @param training whether there is an adjoint
   * @param trainable whether the gradients of the coefficients are wanted
   * @return a count
   */
  public static long elements(int rank, long columns, boolean training, boolean trainable) {
    return (1L + (training ? 1 : 0) + (trainable ? 1 : 0)) * rank * columns;
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
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      begin(running);
    }
    Matrix d = decay.rows(place[l - 1], 1);
    p.axpbyRows(d, data.z(l - 1, 1), d, running.all());
    p.gemv(data.scale(), running.all(), true, weights, 1, u);
  }

  private void begin(Views sums) {
    p.fill(0, sums.all());
    p.decays(steps, rates, decay.all());
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    if (l == data.layers()) {
      begin(adjoint);
      if (derivative != null) {
        p.fill(0, derivative.all());
        p.fill(0, slopes);
      }
    }
    Matrix d = decay.rows(place[l - 1], 1);
    Matrix z = data.z(l - 1, 1);
    p.axpbyRows(d, delta, d, adjoint.all());
    p.gemv(data.scale(), adjoint.all(), true, weights, 1, data.gradient(l - 1, 1));
    if (weightGradient != null) {
      p.gemv(data.scale(), adjoint.all(), false, z, 1, weightGradient);
    }
    if (derivative != null) {
      p.axpbyRows(lengths.rows(place[l - 1], 1), adjoint.all(), d, derivative.all());
      p.gemv(-data.scale(), derivative.all(), false, z, 1, slopes);
      if (l == 1) {
        p.axpbyRows(weights, slopes.column(), ones, rateGradient.column());
      }
    }
  }
}
