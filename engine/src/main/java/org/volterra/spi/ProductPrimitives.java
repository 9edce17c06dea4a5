package org.volterra.spi;

/**
 * Products of matrices and vectors, transposes and sums of columns: the part of {@link Primitives}
 * that layers with matrices as weights spend their time in.
 */
public interface ProductPrimitives extends ElementwisePrimitives {
  /**
   * The element type.
   *
   * @return {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   */
  ElementType type();

  /**
   * General matrix product (BLAS GEMM): {@code c = alpha * op(a) * op(b) + beta * c}.
   *
   * @param alpha factor of the product
   * @param a m × k, or k × m if transposed
   * @param transposeA whether op(a) is the transpose of a
   * @param b k × n, or n × k if transposed
   * @param transposeB whether op(b) is the transpose of b
   * @param beta factor of the old contents of c
   * @param c m × n
   */
  void gemm(
      double alpha,
      Matrix a,
      boolean transposeA,
      Matrix b,
      boolean transposeB,
      double beta,
      Matrix c);

  /**
   * A layer whose sum is one matrix product: {@code s = alpha * op(a) * op(b)} and what an epilogue
   * makes of it. To the same bits as {@link Epilogue#begin}, the product with {@code beta = 1} and
   * {@link Epilogue#end}, one after the other.
   *
   * @param alpha factor of the product
   * @param a m × k, or k × m if transposed
   * @param transposeA whether op(a) is the transpose of a
   * @param b k × n, or n × k if transposed
   * @param transposeB whether op(b) is the transpose of b
   * @param epilogue what surrounds the sum; its matrices are m × n
   */
  default void gemm(
      double alpha, Matrix a, boolean transposeA, Matrix b, boolean transposeB, Epilogue epilogue) {
    Shapes.epilogue(type(), epilogue);
    epilogue.begin(this);
    gemm(alpha, a, transposeA, b, transposeB, 1, epilogue.target());
    epilogue.end(this);
  }

  /**
   * The gradient of a feature as one matrix product, {@code s = alpha * Σ_j a_j * B_jᵀ} with a_j
   * the columns of a that belong to block j, and what an epilogue makes of it.
   *
   * @param alpha factor of the product
   * @param a m × (columns of all blocks)
   * @param b matrices of n rows
   * @param epilogue what follows; its matrices are m × n
   */
  default void gemm(double alpha, Matrix a, BlockRow b, AdjointEpilogue epilogue) {
    Shapes.blocks(type(), a, b, epilogue);
    int length = b.first().columns();
    for (int j = 0; j < b.count(); j++) {
      Matrix part = a.block(0, j * length, a.rows(), length);
      gemm(alpha, part, false, b.block(j), true, j == 0 ? 0 : 1, epilogue.slope());
    }
    epilogue.end(this);
  }

  /**
   * Adds a layer's share to the transposed gradients of all features before it, {@code c = alpha *
   * a * b + beta * c}, of which the last rows are then complete, and makes of these what an
   * epilogue says: {@code s} is their transpose. To the same bits as the product, the transpose and
   * {@link AdjointEpilogue#end}, one after the other.
   *
   * @param alpha factor of the product
   * @param a m × k, with m at least n
   * @param b k × (rows of the slope)
   * @param beta factor of the old contents of c
   * @param c m × (rows of the slope)
   * @param epilogue what follows; its matrices have n columns
   */
  default void gemm(
      double alpha, Matrix a, Matrix b, double beta, Matrix c, AdjointEpilogue epilogue) {
    Shapes.lastRows(type(), c, epilogue);
    gemm(alpha, a, false, b, false, beta, c);
    int n = epilogue.slope().columns();
    transpose(c.rows(c.rows() - n, n), epilogue.slope());
    epilogue.end(this);
  }

  /**
   * Columns of the copy of a matrix that {@link #gemmPrepare} makes.
   *
   * @param columns columns of the matrix
   * @return at least as many
   */
  default int gemmPreparedColumns(int columns) {
    return columns;
  }

  /**
   * Whether products with a prepared copy of a matrix take less time than with the matrix itself.
   *
   * @param columns columns of the matrix
   * @return false, unless a device says otherwise, where it reads every matrix as it is
   */
  default boolean gemmGainsFromPreparing(int columns) {
    return false;
  }

  /**
   * Copies the right operand of products into the order in which they read it.
   *
   * @param b k × n
   * @param prepared k × {@link #gemmPreparedColumns}(n) without gaps, overwritten with a form of b
   *     that only this provider reads
   */
  default void gemmPrepare(Matrix b, Matrix prepared) {
    Shapes.gemmPrepare(type(), b, prepared, gemmPreparedColumns(b.columns()));
    axpby(1, b, 0, prepared);
  }

  /**
   * Product with a prepared matrix: {@code c = alpha * a * b + beta * c}, to the same bits as with
   * b itself.
   *
   * @param alpha factor of the product
   * @param a m × k
   * @param prepared what {@link #gemmPrepare} wrote for a matrix b of k × n
   * @param beta factor of the old contents of c
   * @param c m × n
   */
  default void gemmPrepared(double alpha, Matrix a, Matrix prepared, double beta, Matrix c) {
    Shapes.gemmPrepared(type(), a, prepared, c, gemmPreparedColumns(c.columns()));
    gemm(alpha, a, false, prepared, false, beta, c);
  }

  /**
   * A layer whose sum is a product with a prepared matrix: {@code s = alpha * a * b} and what an
   * epilogue makes of it, to the same bits as with b itself.
   *
   * @param alpha factor of the product
   * @param a m × k
   * @param prepared what {@link #gemmPrepare} wrote for a matrix b of k × n
   * @param epilogue what surrounds the sum; its matrices are m × n
   */
  default void gemmPrepared(double alpha, Matrix a, Matrix prepared, Epilogue epilogue) {
    Shapes.epilogue(type(), epilogue);
    epilogue.begin(this);
    gemmPrepared(alpha, a, prepared, 1, epilogue.target());
    epilogue.end(this);
  }

  /**
   * Matrix-vector product (BLAS GEMV): {@code y = alpha * op(a) * x + beta * y}. With {@code
   * transpose} it is the block axpy, the sum of the rows of {@code a} weighted by {@code x}.
   *
   * @param alpha factor of the product
   * @param a m × n
   * @param transpose whether op(a) is the transpose
   * @param x vector of n elements, or m if transposed
   * @param beta factor of the old contents of y
   * @param y vector of m elements, or n if transposed
   */
  void gemv(double alpha, Matrix a, boolean transpose, Matrix x, double beta, Matrix y);

  /**
   * Rank-one update (BLAS GER): {@code a += alpha * x * yᵀ}, the transpose of the block axpy.
   *
   * @param alpha factor of the product
   * @param x vector of m elements
   * @param y vector of n elements
   * @param a m × n
   */
  void ger(double alpha, Matrix x, Matrix y, Matrix a);

  /**
   * Transpose {@code y = xᵀ}.
   *
   * @param x m × n
   * @param y n × m
   */
  void transpose(Matrix x, Matrix y);

  /**
   * Sums over rows: {@code row = alpha * Σ_i x[i, :] + beta * row}; the transpose of {@link
   * #addRow}.
   *
   * @param alpha factor of the sums
   * @param x m × n
   * @param beta factor of the old contents of row
   * @param row vector of n elements
   */
  void columnSums(double alpha, Matrix x, double beta, Matrix row);
}
