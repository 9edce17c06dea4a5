package org.volterra.cuda;

import org.volterra.spi.Matrix;

/**
 * c = alpha · op(a) op(b) + beta · c, or a part of such a product, which gets the bits that the
 * whole would give it.
 *
 * @param alpha factor of the product
 * @param a first factor
 * @param ta whether it is transposed
 * @param b second factor
 * @param tb whether it is transposed
 * @param beta factor of what c held; 0 reads nothing
 * @param c the result
 * @param k the inner dimension
 * @param wholeRows rows of the whole product
 * @param wholeColumns its columns
 */
record Gemm(
    double alpha,
    Matrix a,
    boolean ta,
    Matrix b,
    boolean tb,
    double beta,
    Matrix c,
    int k,
    int wholeRows,
    int wholeColumns) {
  /**
   * How the factors lie, as names of kernels end: {@code nn}, {@code nt}, {@code tn}, {@code tt}.
   */
  String letters() {
    return (ta ? "t" : "n") + (tb ? 't' : 'n');
  }

  /** Scratch memory for the products of so many pieces of the inner dimension, or 0 for one. */
  long partial(Launcher launcher, int pieces) {
    return pieces == 1
        ? 0
        : launcher.context().scratch(pieces * c.size() * launcher.type().bytes());
  }
}
