package org.volterra.sum;

import java.util.List;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;

/** The sum with a kernel that is a sum of terms: term by term over one history. */
public final class TermsSum implements CumulativeSum {
  private final List<CumulativeSum> terms;

  /**
   * Binds the sum.
   *
   * @param terms the sums of the terms, all over the same slice-major history
   */
  public TermsSum(List<CumulativeSum> terms) {
    this.terms = List.copyOf(terms);
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public boolean usesHost() {
    return terms.stream().anyMatch(CumulativeSum::usesHost);
  }

  @Override
  public Matrix operand(Matrix state) {
    return state;
  }

  @Override
  public void forward(int l, Matrix u) {
    for (CumulativeSum term : terms) {
      term.forward(l, term.operand(u));
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    for (CumulativeSum term : terms) {
      term.adjoint(l, term.operand(delta));
    }
  }
}
