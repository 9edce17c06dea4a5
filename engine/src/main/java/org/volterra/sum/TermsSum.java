package org.volterra.sum;

import java.util.IdentityHashMap;
import java.util.List;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;

/**
 * The sum with a kernel that is a sum of terms: term by term over one history. Recurrent where all
 * terms are.
 */
public final class TermsSum implements RecurrentSum {
  private final List<CumulativeSum> terms;

  /** The operands of the terms, by that of the whole. */
  private final IdentityHashMap<Matrix, List<Matrix>> operands = new IdentityHashMap<>();

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
    operands.put(state, terms.stream().map(term -> term.operand(state)).toList());
    return state;
  }

  @Override
  public void carried(int l, List<Matrix> target) {
    for (CumulativeSum term : terms) {
      RecurrentSum.of(term).carried(l, target);
    }
  }

  @Override
  public void forward(int l, Matrix u) {
    List<Matrix> parts = operands.get(u);
    for (int i = 0; i < terms.size(); i++) {
      terms.get(i).forward(l, parts.get(i));
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    List<Matrix> parts = operands.get(delta);
    for (int i = 0; i < terms.size(); i++) {
      terms.get(i).adjoint(l, parts.get(i));
    }
  }
}
