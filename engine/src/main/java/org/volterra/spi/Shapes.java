package org.volterra.spi;

/**
 * The checks at the door that every provider shares: shapes and types of the operands of {@link
 * Primitives}.
 */
public final class Shapes {
  private Shapes() {}

  /**
   * Checks the element type of an operand.
   *
   * @param name the operand's name in messages
   * @param m the operand
   * @param type the type it must have
   * @throws IllegalArgumentException if it has another
   */
  public static void type(String name, Matrix m, ElementType type) {
    if (m.buffer().type() != type) {
      throw new IllegalArgumentException(
          name + " has elements " + m.buffer().type() + ": " + type + " is needed");
    }
  }

  /**
   * Checks the shape and the type of an operand.
   *
   * @param name the operand's name in messages
   * @param m the operand
   * @param type the type it must have
   * @param rows the number of rows it must have
   * @param columns the number of columns it must have
   * @throws IllegalArgumentException if it differs
   */
  public static void check(String name, Matrix m, ElementType type, int rows, int columns) {
    type(name, m, type);
    if (m.rows() != rows || m.columns() != columns) {
      throw new IllegalArgumentException(
          name
              + " is "
              + m.rows()
              + " x "
              + m.columns()
              + ": "
              + rows
              + " x "
              + columns
              + " is needed");
    }
  }

  /**
   * Checks that an operand has the shape and the type of another.
   *
   * @param name the operand's name in messages
   * @param m the operand
   * @param like the other
   * @throws IllegalArgumentException if they differ
   */
  public static void same(String name, Matrix m, Matrix like) {
    check(name, m, like.buffer().type(), like.rows(), like.columns());
  }

  /**
   * Reads the guard of an update.
   *
   * @param guard a vector of {@link ElementType#FLOAT64}
   * @return whether all of its elements are finite
   * @throws IllegalArgumentException if its type is another
   */
  static boolean isFinite(Matrix guard) {
    type("guard", guard, ElementType.FLOAT64);
    for (int i = 0; i < guard.columns(); i++) {
      if (!Double.isFinite(guard.get(0, i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Checks the operands of {@link Primitives#narrow} and {@link Primitives#widen}.
   *
   * @param type element type of the primitives
   * @param wide the operand of this type
   * @param narrow the operand of {@link ElementType#BFLOAT16}
   * @throws IllegalArgumentException if the primitives are not those of {@link
   *     ElementType#FLOAT32}, or types or shapes do not fit
   */
  public static void conversion(ElementType type, Matrix wide, Matrix narrow) {
    if (type != ElementType.FLOAT32) {
      throw new IllegalArgumentException(
          "primitives of " + type + ": only those of FLOAT32 convert to and from BFLOAT16");
    }
    type("the operand of " + type, wide, type);
    check("the operand of BFLOAT16", narrow, ElementType.BFLOAT16, wide.rows(), wide.columns());
  }

  /**
   * Checks the operands of a matrix product and returns its inner dimension.
   *
   * @param type element type of all
   * @param a left operand
   * @param transposeA whether it is transposed
   * @param b right operand
   * @param transposeB whether it is transposed
   * @param c the product
   * @return the inner dimension k
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static int gemm(
      ElementType type, Matrix a, boolean transposeA, Matrix b, boolean transposeB, Matrix c) {
    int k = transposeA ? a.rows() : a.columns();
    check("a", a, type, transposeA ? k : c.rows(), transposeA ? c.rows() : k);
    check("b", b, type, transposeB ? c.columns() : k, transposeB ? k : c.columns());
    type("c", c, type);
    return k;
  }

  /**
   * Checks the matrices of an epilogue.
   *
   * @param type element type of all
   * @param e the epilogue
   * @throws IllegalArgumentException if shapes or types differ
   */
  public static void epilogue(ElementType type, Epilogue e) {
    Matrix target = e.target();
    type("the target of the sum", target, type);
    optional("bias", e.bias(), type, 1, target.columns());
    optional("source", e.source(), type, target.rows(), target.columns());
    optional("state", e.state(), type, target.rows(), target.columns());
    optional("result", e.result(), type, target.rows(), target.columns());
  }

  /**
   * Checks the operands of a product with blocks and its epilogue.
   *
   * @param type element type of all
   * @param a left operand
   * @param b the blocks
   * @param e the epilogue
   * @throws IllegalArgumentException if shapes or types differ
   */
  public static void blocks(ElementType type, Matrix a, BlockRow b, AdjointEpilogue e) {
    int m = e.slope().rows();
    int n = e.slope().columns();
    check("a", a, type, m, b.columns());
    check("a block of b", b.first(), type, n, b.first().columns());
    adjoint(type, e);
  }

  /**
   * Checks an epilogue of the last rows of a matrix, the transpose of its slope.
   *
   * @param type element type of all
   * @param c the matrix
   * @param e the epilogue
   * @throws IllegalArgumentException if shapes or types differ, or there are not so many rows
   */
  public static void lastRows(ElementType type, Matrix c, AdjointEpilogue e) {
    adjoint(type, e);
    int n = e.slope().columns();
    check("c", c, type, Math.max(n, c.rows()), e.slope().rows());
  }

  private static void adjoint(ElementType type, AdjointEpilogue e) {
    int m = e.slope().rows();
    int n = e.slope().columns();
    type("slope", e.slope(), type);
    optional("state", e.state(), type, m, n);
    optional("costate", e.costate(), type, m, n);
    optional("initial", e.initial(), type, m, n);
    optional("sum", e.sum(), type, m, n);
    optional("delta", e.delta(), type, m, n);
  }

  private static void optional(String name, Matrix m, ElementType type, int rows, int columns) {
    if (m != null) {
      check(name, m, type, rows, columns);
    }
  }

  /**
   * Checks the operands of a matrix-vector product or rank-one update.
   *
   * @param type element type of all
   * @param a matrix
   * @param along vector with one element for each column of {@code a}
   * @param across vector with one element for each row of {@code a}
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static void matrixVector(ElementType type, Matrix a, Matrix along, Matrix across) {
    type("a", a, type);
    check("vector along the columns", along, type, 1, a.columns());
    check("vector along the rows", across, type, 1, a.rows());
  }

  /**
   * Checks the operands of {@link Primitives#axpbyRows}.
   *
   * @param type element type of all
   * @param alpha factors of x
   * @param x a matrix or a row
   * @param beta factors of y
   * @param y the result
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static void axpbyRows(ElementType type, Matrix alpha, Matrix x, Matrix beta, Matrix y) {
    type("y", y, type);
    check("alpha", alpha, type, 1, y.rows());
    check("x", x, type, x.rows() == 1 ? 1 : y.rows(), y.columns());
    check("beta", beta, type, 1, y.rows());
  }

  /**
   * Checks the operands of {@link Primitives#decays}.
   *
   * @param type element type of rates and result
   * @param times vector along the rows
   * @param rates vector along the columns
   * @param y the result
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static void decays(ElementType type, Matrix times, Matrix rates, Matrix y) {
    type("y", y, type);
    check("times", times, ElementType.FLOAT64, 1, y.rows());
    check("rates", rates, type, 1, y.columns());
  }

  /**
   * Checks the operands of {@link Primitives#gemmPrepare}.
   *
   * @param type element type of all
   * @param b a matrix
   * @param prepared its copy
   * @param columns columns of the copy
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static void gemmPrepare(ElementType type, Matrix b, Matrix prepared, int columns) {
    type("b", b, type);
    withoutGaps("prepared", prepared, type, b.rows(), columns);
  }

  /**
   * Checks the operands of {@link Primitives#gemmPrepared}.
   *
   * @param type element type of all
   * @param a left operand
   * @param prepared right operand, prepared
   * @param c the product
   * @param columns columns of a prepared matrix with as many columns as the product
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static void gemmPrepared(
      ElementType type, Matrix a, Matrix prepared, Matrix c, int columns) {
    type("a", a, type);
    withoutGaps("prepared", prepared, type, a.columns(), columns);
    check("c", c, type, a.rows(), c.columns());
  }

  private static void withoutGaps(String name, Matrix m, ElementType type, int rows, int columns) {
    check(name, m, type, rows, columns);
    if (!m.isContiguous()) {
      throw new IllegalArgumentException(
          name + " has rows " + m.stride() + " elements apart: " + columns + " are needed");
    }
  }

  /**
   * Checks the operands of {@link Primitives#toeplitzPrepare} and returns the size.
   *
   * @param type element type of all
   * @param lags vector of lags
   * @param prepared vector of the prepared form
   * @return rows and columns of the Toeplitz matrix
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static int toeplitzPrepare(ElementType type, Matrix lags, Matrix prepared) {
    int size = toeplitzSize(type, prepared);
    toeplitzLags(type, lags, size);
    return size;
  }

  private static int toeplitzSize(ElementType type, Matrix prepared) {
    check("prepared", prepared, type, 1, prepared.columns());
    return powerOfTwo("a quarter of the elements of prepared", prepared.columns() / 4);
  }

  private static int powerOfTwo(String name, int size) {
    if (size < 2 || Integer.bitCount(size) != 1) {
      throw new IllegalArgumentException(
          name + " is " + size + ": must be a power of two of at least 2");
    }
    return size;
  }

  private static void toeplitzLags(ElementType type, Matrix lags, int size) {
    check("lags", lags, type, 1, Math.min(lags.columns(), 2 * size - 1));
  }

  /**
   * Checks the operands of {@link Primitives#toeplitz} and returns the size.
   *
   * @param type element type of all
   * @param prepared vector of the prepared form
   * @param x factor
   * @param y product
   * @return rows and columns of the Toeplitz matrix
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static int toeplitz(ElementType type, Matrix prepared, Matrix x, Matrix y) {
    int size = toeplitzSize(type, prepared);
    check("x", x, type, Math.min(x.rows(), size), x.columns());
    check("y", y, type, Math.min(y.rows(), size), x.columns());
    return size;
  }

  /**
   * Checks the operands of {@link Primitives#toeplitzGradient}.
   *
   * @param type element type of all
   * @param size rows and columns of the Toeplitz matrix
   * @param x factor
   * @param dy gradient of the product
   * @param lags vector of lags
   * @throws IllegalArgumentException if shapes do not fit
   */
  public static void toeplitzGradient(
      ElementType type, int size, Matrix x, Matrix dy, Matrix lags) {
    powerOfTwo("size", size);
    check("x", x, type, Math.min(x.rows(), size), x.columns());
    check("dy", dy, type, Math.min(dy.rows(), size), x.columns());
    toeplitzLags(type, lags, size);
  }

  /**
   * Checks a scalar result.
   *
   * @param name the operand's name in messages
   * @param m the operand
   * @throws IllegalArgumentException if it is not one element of {@link ElementType#FLOAT64}
   */
  public static void scalar(String name, Matrix m) {
    check(name, m, ElementType.FLOAT64, 1, 1);
  }

  /**
   * Checks an element of an index vector.
   *
   * @param name the vector's name in messages
   * @param position where in the vector the value stands
   * @param value the value
   * @param bound its exclusive upper bound
   * @return the value
   * @throws IndexOutOfBoundsException if it is not in [0, bound)
   */
  public static int index(String name, int position, int value, int bound) {
    if (value < 0 || value >= bound) {
      throw new IndexOutOfBoundsException(
          name + "[" + position + "] is " + value + ": must be in 0.." + (bound - 1));
    }
    return value;
  }
}
