package org.volterra.feature;

import org.volterra.spi.Matrix;

/** Some stages bound to parameters and memory for batches of one size. Not thread-safe. */
interface StageMap {
  /**
   * Computes y.
   *
   * @param k layer
   * @param x the argument
   * @param y receives the result
   * @param again whether this repeats a forward pass for the adjoint, so that statistics are not to
   *     be updated
   */
  void forward(int k, Matrix x, Matrix y, boolean again);

  /**
   * Computes {@code dx = … + beta dx} and adds the gradients of parameters.
   *
   * @param k layer
   * @param x the argument of the forward pass
   * @param y its result if {@link #usesOutput}, else perhaps null
   * @param dy gradient of the result; overwritten if {@link #overwritesGradient}
   * @param beta factor of the old contents of dx
   * @param dx receives the gradient of the argument
   */
  void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx);

  /** Whether the result is worth keeping for the adjoint of what follows. */
  default boolean isExpensive() {
    return false;
  }

  /** Whether the adjoint reads the result. */
  default boolean usesOutput() {
    return false;
  }

  /** Whether the adjoint changes its argument dy. */
  default boolean overwritesGradient() {
    return false;
  }
}
