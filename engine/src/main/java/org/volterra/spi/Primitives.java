package org.volterra.spi;

import java.util.function.Consumer;

/**
 * The operations of a device on matrices of one floating-point type. The contract of each, with its
 * cost, is in {@code docs/kernels.md}.
 *
 * <p>Common to all: matrices are row-major with a stride ({@link Matrix}); unless said otherwise
 * every matrix has this object's {@link #type}; operands that are written may not overlap other
 * operands except where they are the same view and the operation is elementwise. Where {@code beta}
 * is 0 the old contents are not read, so that they may be NaN. Scalars are given in float64 and
 * rounded once to the element type. The order of additions is fixed for given shapes.
 *
 * <p>Every method throws {@link IllegalArgumentException} if shapes or types do not fit, and {@link
 * IllegalStateException} if a buffer is closed.
 */
public interface Primitives extends ProductPrimitives {
  /**
   * Binds operations that will be run many times with the same operands and scalars, so that they
   * are checked once.
   *
   * @param work calls primitives of what it is given, and does nothing else; what it is given is of
   *     no use afterwards
   * @return runs them in order; as long as their memory is open, and not in two threads at once
   */
  default Runnable bind(Consumer<ProductPrimitives> work) {
    return () -> work.accept(this);
  }

  /**
   * As {@link #axpby} with a factor for each row: {@code y[i, :] = alpha_i * x[i, :] + beta_i *
   * y[i, :]}.
   *
   * @param alpha vector of m elements, factors of x
   * @param x m × n, or 1 × n for a row that every row takes
   * @param beta vector of m elements, factors of the old contents of y
   * @param y m × n
   */
  default void axpbyRows(Matrix alpha, Matrix x, Matrix beta, Matrix y) {
    Shapes.axpbyRows(type(), alpha, x, beta, y);
    for (int i = 0; i < y.rows(); i++) {
      Matrix row = x.rows() == 1 ? x : x.rows(i, 1);
      axpby(alpha.get(0, i), row, beta.get(0, i), y.rows(i, 1));
    }
  }

  /**
   * Factors of exponential decay: {@code y[i, j] = e^(−times_i * rates_j)}, computed in float64 and
   * rounded once.
   *
   * @param times vector of m elements of {@link ElementType#FLOAT64}
   * @param rates vector of n elements
   * @param y m × n
   */
  default void decays(Matrix times, Matrix rates, Matrix y) {
    Shapes.decays(type(), times, rates, y);
    for (int i = 0; i < y.rows(); i++) {
      for (int j = 0; j < y.columns(); j++) {
        y.set(i, j, Math.exp(-times.get(0, i) * rates.get(0, j)));
      }
    }
  }

  /**
   * Rounds to bfloat16, to nearest, ties to even: what {@link Bfloat16#narrow(float)} does to each
   * element. Offered by primitives of {@link ElementType#FLOAT32}.
   *
   * @param x any shape
   * @param y of {@link ElementType#BFLOAT16}, the shape of x
   */
  void narrow(Matrix x, Matrix y);

  /**
   * Converts from bfloat16, exactly. Offered by primitives of {@link ElementType#FLOAT32}.
   *
   * @param x of {@link ElementType#BFLOAT16}, any shape
   * @param y the shape of x
   */
  void widen(Matrix x, Matrix y);

  /**
   * Copies rows by index: {@code target[i, :] = source[indices[i], :]}.
   *
   * @param source m × n
   * @param indices vector of {@link ElementType#INT32}, one for each row of target, each in [0, m)
   * @param target any number of rows × n
   * @throws IndexOutOfBoundsException if an index lies outside the rows of source
   */
  void gatherRows(Matrix source, Matrix indices, Matrix target);

  /**
   * Inner product {@code result = alpha * Σ x * y + beta * result}, accumulated in float64 or
   * better than the element type.
   *
   * @param alpha factor of the product
   * @param x any shape
   * @param y the shape of x; may be x itself
   * @param beta factor of the old result
   * @param result one element of {@link ElementType#FLOAT64}
   */
  void dot(double alpha, Matrix x, Matrix y, double beta, Matrix result);

  /**
   * Counts NaN and infinite elements: {@code result += number of them}.
   *
   * @param x any shape
   * @param result one element of {@link ElementType#FLOAT64}
   */
  void countNonFinite(Matrix x, Matrix result);

  /**
   * Softmax of each row, computed after subtracting the row's maximum.
   *
   * @param x m × n
   * @param y m × n; may be x itself
   */
  void softmax(Matrix x, Matrix y);

  /**
   * Softmax cross-entropy with class labels: {@code loss += scale * Σ_i (log Σ_j exp x_ij −
   * x_i,label(i))} and {@code dx = scale * (softmax(x) − onehot(label))}.
   *
   * @param scale factor of the loss, usually one over the number of rows
   * @param x logits, m × n
   * @param labels vector of m {@link ElementType#INT32}, each in [0, n)
   * @param loss one element of {@link ElementType#FLOAT64}
   * @param dx m × n, overwritten
   * @throws IndexOutOfBoundsException if a label lies outside [0, n)
   */
  void softmaxCrossEntropy(double scale, Matrix x, Matrix labels, Matrix loss, Matrix dx);

  /**
   * Stochastic gradient descent with momentum: {@code g' = g + decay * p; v = momentum * v + g'; p
   * -= rate * (nesterov ? g' + momentum * v : v)}.
   *
   * @param p parameters
   * @param g gradient, the shape of p
   * @param v velocity, the shape of p
   * @param rate learning rate
   * @param momentum in [0, 1)
   * @param decay L² weight decay added to the gradient
   * @param nesterov whether to take Nesterov's look-ahead
   */
  void sgd(
      Matrix p, Matrix g, Matrix v, double rate, double momentum, double decay, boolean nesterov);

  /**
   * Adam with decoupled weight decay (Kingma, Ba, arXiv:1412.6980; Loshchilov, Hutter,
   * arXiv:1711.05101): {@code p *= 1 − rate * decay; m = beta1 * m + (1−beta1) * g; v = beta2 * v +
   * (1−beta2) * g²; p -= rate * (m / (1−beta1^step)) / (sqrt(v / (1−beta2^step)) + epsilon)}.
   *
   * @param p parameters
   * @param g gradient, the shape of p
   * @param m first moment, the shape of p
   * @param v second moment, the shape of p
   * @param step number of this step, from 1
   * @param rate learning rate
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param epsilon added to the denominator
   * @param decay decoupled weight decay
   */
  void adam(
      Matrix p,
      Matrix g,
      Matrix m,
      Matrix v,
      long step,
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double decay);

  /**
   * As {@link #sgd(Matrix, Matrix, Matrix, double, double, double, boolean)}, unless an element of
   * {@code guard} is not finite: then nothing is written.
   *
   * @param p parameters
   * @param g gradient, the shape of p
   * @param v velocity, the shape of p
   * @param rate learning rate
   * @param momentum in [0, 1)
   * @param decay L² weight decay added to the gradient
   * @param nesterov whether to take Nesterov's look-ahead
   * @param guard vector of {@link ElementType#FLOAT64}, such as loss and gradient norm
   */
  default void sgd(
      Matrix p,
      Matrix g,
      Matrix v,
      double rate,
      double momentum,
      double decay,
      boolean nesterov,
      Matrix guard) {
    if (Shapes.isFinite(guard)) {
      sgd(p, g, v, rate, momentum, decay, nesterov);
    }
  }

  /**
   * As {@link #adam(Matrix, Matrix, Matrix, Matrix, long, double, double, double, double, double)},
   * unless an element of {@code guard} is not finite: then nothing is written.
   *
   * @param p parameters
   * @param g gradient, the shape of p
   * @param m first moment, the shape of p
   * @param v second moment, the shape of p
   * @param step number of this step, from 1
   * @param rate learning rate
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param epsilon added to the denominator
   * @param decay decoupled weight decay
   * @param guard vector of {@link ElementType#FLOAT64}, such as loss and gradient norm
   */
  default void adam(
      Matrix p,
      Matrix g,
      Matrix m,
      Matrix v,
      long step,
      double rate,
      double beta1,
      double beta2,
      double epsilon,
      double decay,
      Matrix guard) {
    if (Shapes.isFinite(guard)) {
      adam(p, g, m, v, step, rate, beta1, beta2, epsilon, decay);
    }
  }

  /**
   * Scales down to a Euclidean norm: {@code y *= most / √squares} where that root exceeds {@code
   * most}.
   *
   * @param most the norm, positive
   * @param squares one element of {@link ElementType#FLOAT64}, the sum of the squares that count
   * @param y any shape
   */
  default void clip(double most, Matrix squares, Matrix y) {
    Shapes.scalar("squares", squares);
    double norm = Math.sqrt(squares.get(0, 0));
    if (norm > most) {
      axpby(0, y, most / norm, y);
    }
  }

  /**
   * Prepares a Toeplitz matrix for {@link #toeplitz}: T of size × size with {@code T[j, i] =
   * lags[size − 1 + j − i]}.
   *
   * @param lags vector of at most 2·size − 1 elements; those that are missing at its end count as 0
   * @param prepared vector of 4·size elements, a power of two of at least 8, that is overwritten
   *     with a form of T that only this provider reads
   */
  void toeplitzPrepare(Matrix lags, Matrix prepared);

  /**
   * Product with a Toeplitz matrix from the left, for all columns at once: {@code y = alpha * op(T)
   * * x + beta * y}. Costs O(size · log size) for each column.
   *
   * @param alpha factor of the product
   * @param prepared what {@link #toeplitzPrepare} wrote
   * @param transpose whether op(T) is the transpose of T
   * @param x at most size rows; those that are missing at its end count as 0
   * @param beta factor of the old contents of y
   * @param y at most size rows, those of the product that are wanted, of as many columns as x
   */
  void toeplitz(double alpha, Matrix prepared, boolean transpose, Matrix x, double beta, Matrix y);

  /**
   * The gradient of {@link #toeplitz} with respect to the lags, summed over the columns: {@code
   * lags[size − 1 + j − i] += alpha * Σ_c dy[j, c] * x[i, c]}.
   *
   * @param alpha factor
   * @param size rows and columns of T, a power of two of at least 2
   * @param x at most size rows; those that are missing at its end count as 0
   * @param dy at most size rows of as many columns as x; likewise
   * @param lags vector of at most 2·size − 1 elements; those that are missing are not wanted
   */
  void toeplitzGradient(double alpha, int size, Matrix x, Matrix dy, Matrix lags);
}
