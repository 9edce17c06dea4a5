package org.volterra.sum;

import org.volterra.spi.Matrix;

/**
 * A kernel as a {@link HierarchicalSum} takes it: blocks U G Vᵀ off the diagonal, block i with the
 * layers i·B … i·B + s − 1 that sum the s layers before, and the coefficients near the diagonal.
 */
interface LowRankBlocks {
  /** U of a block, or null where the block is 0. */
  Matrix left(int i);

  /** V of a block. */
  Matrix right(int i);

  /** G of a block, or null where that is the identity. */
  default Matrix core(int i) {
    return null;
  }

  /** Whether a block has a G that is not the identity. */
  default boolean hasCores() {
    return false;
  }

  /** Where the gradient of G is added, or null. */
  default Matrix coreGradient(int i) {
    return null;
  }

  /** The coefficients of pairs within the same block of layers. */
  NearTriangle near();

  /** The largest number of columns of U and V. */
  int rank();

  /** The largest |a_{l,k} − ã_{l,k}| that is seen. */
  double error();

  /** Whether there are parameters that the host reads. */
  default boolean usesHost() {
    return false;
  }

  /** Called when a forward pass begins. */
  default void begin() {}

  /** Called when a backward pass begins, where coefficients have gradients. */
  default void beginGradient() {}

  /** Called when it ends. */
  default void endGradient() {}
}
