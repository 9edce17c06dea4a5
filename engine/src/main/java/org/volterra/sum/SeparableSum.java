package org.volterra.sum;

import java.util.List;
import org.volterra.memory.History;
import org.volterra.memory.Views;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with the degenerate kernel Σ_r a_r(t_l) b_r(t_k) by R running sums S_r = Σ_{k&lt;l}
 * b_r(t_k) z_k, on any grid: exact, at 4·R·n flops for each layer where n = rows · channels. The
 * adjoint runs the sums Q_r = Σ_{l&gt;k} a_r(t_l) δ_l downwards.
 *
 * <p>The gradients of a_r need the running sums of the forward pass. They are kept at every C-th
 * layer, C ≈ √L, and those between are computed again: 2 √L R slices of memory.
 */
public final class SeparableSum implements RecurrentSum {
  private final SumOperands data;
  private final Primitives p;
  private final Views outer;
  private final Views inner;
  private final Views outerGradient;
  private final Views innerGradient;
  private final Matrix running;
  private final Matrix adjoint;
  private final int segment;
  private final Views kept;
  private final Views again;

  /**
   * Binds the sum.
   *
   * @param operands the history
   * @param outer a_r at the layers 1 … L, L × R
   * @param inner b_r at the layers 0 … L−1, L × R
   * @param outerGradient where the gradient of {@code outer} is added, or null
   * @param innerGradient where the gradient of {@code inner} is added, or null
   * @param memory for the running sums
   */
  public SeparableSum(
      SumOperands operands,
      Matrix outer,
      Matrix inner,
      Matrix outerGradient,
      Matrix innerGradient,
      SumMemory memory) {
    this.data = operands;
    this.p = operands.primitives();
    this.outer = new Views(outer);
    this.inner = new Views(inner);
    this.outerGradient = outerGradient == null ? null : new Views(outerGradient);
    this.innerGradient = innerGradient == null ? null : new Views(innerGradient);
    int rank = outer.columns();
    int n = operands.columns();
    running = memory.matrix("running", rank, n);
    adjoint = operands.gradient() == null ? null : memory.matrix("adjoint", rank, n);
    segment = RecurrentSum.segment(operands.layers());
    boolean keeps = outerGradient != null;
    int segments = (operands.layers() + segment - 1) / segment;
    kept = keeps ? new Views(memory.matrix("kept", segments * rank, n)) : null;
    again = keeps ? new Views(memory.matrix("again", segment * rank, n)) : null;
  }

  /**
   * The elements of memory that this sum takes beside its coefficients.
   *
   * @param layers L
   * @param rank R
   * @param columns n
   * @param training whether there is an adjoint
   * @param trainable whether the gradients of the coefficients are wanted
   * @return a count
   */
  public static long elements(
      int layers, int rank, long columns, boolean training, boolean trainable) {
    return (1L + (training ? 1 : 0) + (trainable ? 2L * RecurrentSum.segment(layers) : 0))
        * rank
        * columns;
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
    target.add(running);
  }

  @Override
  public void forward(int l, Matrix u) {
    if (l == 1) {
      p.fill(0, running);
    }
    p.ger(1, inner.rows(l - 1, 1), data.z(l - 1, 1), running);
    if (kept != null && (l - 1) % segment == 0) {
      p.axpby(1, running, 0, part(kept, (l - 1) / segment));
    }
    p.gemv(data.scale(), running, true, outer.rows(l - 1, 1), 1, u);
  }

  private Matrix part(Views all, int index) {
    return all.rows(index * running.rows(), running.rows());
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    if (l == data.layers()) {
      p.fill(0, adjoint);
    }
    if (kept != null) {
      if (l == data.layers() || l % segment == 0) {
        runAgain(l);
      }
      Matrix sums = part(again, (l - 1) % segment);
      p.gemv(data.scale(), sums, false, delta, 1, outerGradient.rows(l - 1, 1));
    }
    p.ger(1, outer.rows(l - 1, 1), delta, adjoint);
    p.gemv(data.scale(), adjoint, true, inner.rows(l - 1, 1), 1, data.gradient(l - 1, 1));
    if (innerGradient != null) {
      p.gemv(data.scale(), adjoint, false, data.z(l - 1, 1), 1, innerGradient.rows(l - 1, 1));
    }
  }

  /** The running sums of the forward pass for the layers of the segment that ends with layer l. */
  private void runAgain(int l) {
    int index = (l - 1) / segment;
    p.axpby(1, part(kept, index), 0, part(again, 0));
    for (int i = index * segment + 2; i <= l; i++) {
      int place = (i - 1) % segment;
      p.axpby(1, part(again, place - 1), 0, part(again, place));
      p.ger(1, inner.rows(i - 1, 1), data.z(i - 1, 1), part(again, place));
    }
  }
}
