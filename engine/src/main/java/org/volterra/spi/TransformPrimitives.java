package org.volterra.spi;

/**
 * The operations of a device on which non-local transforms are built: windows over grids of
 * positions, statistics and normalisation, masks. A device may lack them ({@link
 * ComputeProvider#transforms}). The contract of each, with its cost, is in {@code docs/kernels.md}.
 *
 * <p>What is common to {@link Primitives} holds here too. Unless said otherwise nothing that is
 * written may overlap anything else. A matrix over a grid has a row for each position, sample after
 * sample, and a column for each channel; the number of samples is its rows over the positions of
 * the grid.
 */
public interface TransformPrimitives {
  /**
   * The element type.
   *
   * @return {@link ElementType#FLOAT32} or {@link ElementType#FLOAT64}
   */
  ElementType type();

  /**
   * Convolution (cross-correlation, as networks have it): {@code y[o, :] = Σ_tap x[position(o,
   * tap), :] · weight[tap] + beta · y[o, :]}, where padding counts as 0. With groups, the channels
   * of x and of y are cut into as many runs, and run g of y depends on run g of x alone.
   *
   * @param window the window and the grid of x
   * @param groups divides the channels of x and of y
   * @param x samples · positions × inputs
   * @param weight (taps · inputs / groups) × outputs, taps in row-major order
   * @param beta factor of the old contents of y
   * @param y samples · output positions × outputs
   */
  void convolve(Window window, int groups, Matrix x, Matrix weight, double beta, Matrix y);

  /**
   * The transpose of {@link #convolve} with respect to x.
   *
   * @param window the window and the grid of dx
   * @param groups as in {@link #convolve}
   * @param dy samples · output positions × outputs
   * @param weight as in {@link #convolve}
   * @param beta factor of the old contents of dx
   * @param dx samples · positions × inputs
   */
  void convolveTransposed(
      Window window, int groups, Matrix dy, Matrix weight, double beta, Matrix dx);

  /**
   * The gradient of {@link #convolve} with respect to the weights, which is added.
   *
   * @param window the window and the grid of x
   * @param groups as in {@link #convolve}
   * @param x samples · positions × inputs
   * @param dy samples · output positions × outputs
   * @param dweight the shape of the weights
   */
  void convolveGradient(Window window, int groups, Matrix x, Matrix dy, Matrix dweight);

  /**
   * Means of windows; padding counts as 0, and the divisor is the number of taps.
   *
   * @param window the window and the grid of x
   * @param x samples · positions × channels
   * @param y samples · output positions × channels
   */
  void averagePool(Window window, Matrix x, Matrix y);

  /**
   * The transpose of {@link #averagePool}.
   *
   * @param window the window and the grid of dx
   * @param dy samples · output positions × channels
   * @param beta factor of the old contents of dx
   * @param dx samples · positions × channels
   */
  void averagePoolBackward(Window window, Matrix dy, double beta, Matrix dx);

  /**
   * Maxima of windows; padding does not count, and there must be less of it than half the window.
   *
   * @param window the window and the grid of x
   * @param x samples · positions × channels
   * @param y samples · output positions × channels
   */
  void maxPool(Window window, Matrix x, Matrix y);

  /**
   * The adjoint of {@link #maxPool}: the gradient goes to the first tap that has the maximum.
   *
   * @param window the window and the grid of x
   * @param x the argument of {@link #maxPool}
   * @param dy samples · output positions × channels
   * @param beta factor of the old contents of dx
   * @param dx the shape of x
   */
  void maxPoolBackward(Window window, Matrix x, Matrix dy, double beta, Matrix dx);

  /**
   * Means and biased variances of columns.
   *
   * @param x m × n
   * @param mean vector of n elements
   * @param variance vector of n elements: Σ (x − mean)² / m
   */
  void moments(Matrix x, Matrix mean, Matrix variance);

  /**
   * The adjoint of {@link #moments} where they normalise their own argument. With x̂ = (x − mean) ⊙
   * rate and J a function of x̂: {@code dx −= rate / m ⊙ (sum + x̂ ⊙ product)}, where {@code sum =
   * Σ_i ∂J/∂x̂_i} and {@code product = Σ_i ∂J/∂x̂_i ⊙ x̂_i}.
   *
   * @param x m × n
   * @param mean vector of n elements
   * @param rate vector of n elements
   * @param sum vector of n elements
   * @param product vector of n elements
   * @param dx the shape of x, added to
   */
  void momentsBackward(Matrix x, Matrix mean, Matrix rate, Matrix sum, Matrix product, Matrix dx);

  /**
   * Elementwise {@code y = 1 / sqrt(x + epsilon)}.
   *
   * @param epsilon added to the argument
   * @param x any shape
   * @param y the shape of x; may be x itself
   */
  void reciprocalRoot(double epsilon, Matrix x, Matrix y);

  /**
   * Elementwise {@code z = x ⊙ y + beta · z}.
   *
   * @param x any shape
   * @param y the shape of x; may be x itself
   * @param beta factor of the old contents of z
   * @param z the shape of x; may be x or y itself if beta is 0
   */
  void multiply(Matrix x, Matrix y, double beta, Matrix z);

  /**
   * Normalises channels with given statistics and applies a function: {@code y = f(weight ⊙ (x −
   * mean) ⊙ rate + bias)}.
   *
   * @param f the function
   * @param norm vectors of n elements
   * @param x m × n
   * @param y the shape of x
   */
  void normalize(Activation f, ChannelNorm norm, Matrix x, Matrix y);

  /**
   * The adjoint of {@link #normalize} for fixed statistics: with u the argument of f and du = f'(u)
   * ⊙ dy, {@code dx = du ⊙ weight ⊙ rate + beta · dx}, {@code dweight += Σ_i du ⊙ x̂}, {@code dbias
   * += Σ_i du}.
   *
   * @param f the function
   * @param norm as in {@link #normalize}
   * @param x the argument of {@link #normalize}
   * @param dy the shape of x
   * @param beta factor of the old contents of dx
   * @param dx the shape of x
   * @param dweight vector of n elements, added to
   * @param dbias vector of n elements, added to
   */
  void normalizeBackward(
      Activation f,
      ChannelNorm norm,
      Matrix x,
      Matrix dy,
      double beta,
      Matrix dx,
      Matrix dweight,
      Matrix dbias);

  /**
   * Normalises every row by its own statistics: {@code y = (x − mean) / sqrt(variance + epsilon)},
   * or without the mean, {@code y = x / sqrt(Σ x² / n + epsilon)}.
   *
   * @param centered whether the mean of the row is subtracted
   * @param epsilon added to the variance
   * @param x m × n
   * @param y the shape of x
   */
  void normalizeRows(boolean centered, double epsilon, Matrix x, Matrix y);

  /**
   * The adjoint of {@link #normalizeRows}, statistics included: {@code dx = r (dy − [mean(dy)] − x̂
   * mean(dy ⊙ x̂)) + beta · dx}, with the middle term where rows are centred.
   *
   * @param centered as in {@link #normalizeRows}
   * @param epsilon as in {@link #normalizeRows}
   * @param x the argument of {@link #normalizeRows}
   * @param dy the shape of x
   * @param beta factor of the old contents of dx
   * @param dx the shape of x
   */
  void normalizeRowsBackward(
      boolean centered, double epsilon, Matrix x, Matrix dy, double beta, Matrix dx);

  /**
   * Sets the elements above a diagonal: {@code x[i, j] = value} where {@code j > i + diagonal}.
   *
   * @param diagonal columns by which the diagonal is moved to the right, at least 0
   * @param value the value
   * @param x m × n
   */
  void fillAbove(int diagonal, double value, Matrix x);

  /**
   * The adjoint of the softmax of rows: {@code dx = y ⊙ (dy − Σ_j y_j dy_j)}.
   *
   * @param y what {@link Primitives#softmax} gave, m × n
   * @param dy the shape of y
   * @param dx the shape of y; may be dy itself
   */
  void softmaxBackward(Matrix y, Matrix dy, Matrix dx);

  /**
   * Drops elements and scales those that stay: {@code y = x ⊙ mask / (1 − rate) + beta · y}.
   * Whether element (i, j) stays depends on the key and on i · columns + j alone ({@link
   * DropMask}).
   *
   * @param rate probability of being dropped, in [0, 1)
   * @param key seed of the mask
   * @param x any shape
   * @param beta factor of the old contents of y
   * @param y the shape of x
   */
  void dropout(double rate, long key, Matrix x, double beta, Matrix y);

  /**
   * As {@link #dropout(double, long, Matrix, double, Matrix)} with the key {@link
   * DropMask#key(long, long)} of a stem that the device reads when it computes: a recording ({@link
   * ComputeProvider#record}) takes the stem of each run.
   *
   * @param rate probability of being dropped, in [0, 1)
   * @param stem vector of two {@link ElementType#INT32}, the lower and the upper half of {@link
   *     DropMask#stem}
   * @param place number of the stage and layer
   * @param x any shape
   * @param beta factor of the old contents of y
   * @param y the shape of x
   */
  default void dropout(double rate, Matrix stem, long place, Matrix x, double beta, Matrix y) {
    Shapes.check("stem", stem, ElementType.INT32, 1, 2);
    long low = Integer.toUnsignedLong((int) stem.get(0, 0));
    long high = (long) (int) stem.get(0, 1) << Integer.SIZE;
    dropout(rate, DropMask.key(high | low, place), x, beta, y);
  }
}
