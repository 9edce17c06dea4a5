package org.volterra.cuda;

import org.volterra.spi.BlockRow;
import org.volterra.spi.Matrix;

/**
 * c = alpha · op(a) op(b) + beta · c, or a part of such a product, which gets the bits that the
 * whole would give it.
 *
 * @param alpha factor of the product
 * @param a first factor
 * @param ta whether it is transposed
 * @param b second factor; the first of its blocks where it has some
 * @param tb whether it is transposed
 * @param blocks the blocks of b along the inner dimension, or null
 * @param beta factor of what c held; 0 reads nothing
 * @param c the result
 * @param ending what is made of the sums instead, or null
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
    BlockRow blocks,
    double beta,
    Matrix c,
    Ending ending,
    int k,
    int wholeRows,
    int wholeColumns) {
  /** What is made of op(a) op(b), which lies in scratch memory, in pieces that are to be added. */
  interface Ending {
    void launch(double alpha, long partial, int pieces);
  }

  /** A whole product. */
  static Gemm whole(
      double alpha, Matrix a, boolean ta, Matrix b, boolean tb, double beta, Matrix c, int k) {
    return new Gemm(alpha, a, ta, b, tb, null, beta, c, null, k, c.rows(), c.columns());
  }

  /** The product of the same factors for another end: c gives its shape alone. */
  Gemm ending(Ending other) {
    return new Gemm(alpha, a, ta, b, tb, blocks, beta, c, other, k, wholeRows, wholeColumns);
  }

  /**
   * How the factors lie, as names of kernels end: {@code nn}, {@code nt}, {@code tn}, {@code tt},
   * and {@code nb} with blocks.
   */
  String letters() {
    return (ta ? "t" : "n") + (blocks != null ? 'b' : tb ? 't' : 'n');
  }

  /** Scratch memory for the products of pieces of the inner dimension; 0 where none is needed. */
  long partial(Launcher launcher, int pieces) {
    return pieces == 1 && ending == null
        ? 0
        : launcher.context().scratch(pieces * c.size() * launcher.type().bytes());
  }

  /** The factor of the product in the kernel. */
  KernelArguments alpha(KernelArguments arguments) {
    return arguments.scalar(ending == null ? alpha : 1);
  }

  /** Where a kernel adds a product of one piece, and the factor of what is there. */
  KernelArguments target(KernelArguments arguments, long partial) {
    return ending == null
        ? arguments.scalar(beta).matrix(c)
        : arguments.scalar(0).address(partial).int64(c.columns());
  }

  /** Ends a product that was left in so many pieces. */
  void end(Launcher launcher, long partial, int pieces) {
    if (ending != null) {
      ending.launch(alpha, partial, pieces);
    } else if (pieces > 1) {
      MatrixProduct.sumPieces(launcher, alpha, partial, beta, c, pieces);
    }
  }

  /** The last arguments of a kernel: sizes, and how blocks lie, in units of so many elements. */
  void sizes(KernelArguments arguments, int piece, long unit) {
    arguments.int32(piece).int32(c.rows()).int32(c.columns()).int32(k);
    if (blocks != null) {
      arguments.int32(b.columns()).int64(blocks.distance() / unit).int64(blocks.growth() / unit);
    }
  }
}
