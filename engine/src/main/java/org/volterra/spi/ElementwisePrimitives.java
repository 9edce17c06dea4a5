package org.volterra.spi;

/**
 * The operations of {@link Primitives} that take an element of the result from the same element of
 * their operands, so that they may be computed block by block: what {@link Epilogue} and {@link
 * AdjointEpilogue} are made of.
 */
public interface ElementwisePrimitives {
  /**
   * Elementwise {@code y = alpha * x + beta * y}; a copy when alpha is 1 and beta 0.
   *
   * @param alpha factor of x
   * @param x any shape
   * @param beta factor of the old contents of y
   * @param y the shape of x
   */
  void axpby(double alpha, Matrix x, double beta, Matrix y);

  /**
   * Sets every element.
   *
   * @param value the value
   * @param y any shape
   */
  void fill(double value, Matrix y);

  /**
   * Adds a row vector to every row: {@code y[i, :] = alpha * row + beta * y[i, :]}.
   *
   * @param alpha factor of the row
   * @param row vector of n elements
   * @param beta factor of the old contents of y
   * @param y m × n
   */
  void addRow(double alpha, Matrix row, double beta, Matrix y);

  /**
   * Adds a row vector to every row of another matrix: {@code y[i, :] = x[i, :] + row}.
   *
   * @param x m × n
   * @param row vector of n elements
   * @param y m × n
   */
  default void addRow(Matrix x, Matrix row, Matrix y) {
    axpby(1, x, 0, y);
    addRow(1, row, 1, y);
  }

  /**
   * Elementwise {@code y = f(x)}.
   *
   * @param f the function
   * @param x any shape
   * @param y the shape of x; may be x itself
   */
  void activate(Activation f, Matrix x, Matrix y);

  /**
   * Elementwise {@code dx = f'(x) * dy + beta * dx}.
   *
   * @param f the function
   * @param x where the derivative is taken: the argument of {@link #activate}
   * @param dy the shape of x
   * @param beta factor of the old contents of dx
   * @param dx the shape of x; may be dy itself if beta is 0
   */
  void activateBackward(Activation f, Matrix x, Matrix dy, double beta, Matrix dx);
}
