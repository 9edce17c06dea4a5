package org.volterra.sum;

import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;

/**
 * The coefficients a_{l,k}, k &lt; l, of a scalar kernel as matrices, and where their gradients go.
 * Not thread-safe.
 */
public interface PairCoefficients {
  /**
   * Whether the host computes the coefficients from parameters, or their gradients.
   *
   * @return false, unless they are no parameters themselves
   */
  default boolean usesHost() {
    return false;
  }

  /** Reads the parameters anew; called when a forward pass begins. */
  default void begin() {}

  /**
   * Some coefficients of a layer.
   *
   * @param l layer that sums
   * @param k first layer that is summed
   * @param count how many, at most l − k
   * @return 1 × count, valid until {@link #begin}
   */
  Matrix row(int l, int k, int count);

  /**
   * A block of coefficients.
   *
   * @param l first layer that sums
   * @param rows how many
   * @param k first layer that is summed
   * @param columns how many, at most l − k
   * @return rows × columns, valid until the next call
   */
  Matrix block(int l, int rows, int k, int columns);

  /**
   * All coefficients as {@link PassPrimitives} take them.
   *
   * @return the coefficients, valid after {@link #begin}; null, unless they lie in one vector
   */
  default PassPrimitives.Kernel whole() {
    return null;
  }

  /**
   * Whether gradients are wanted.
   *
   * @return false if the coefficients are given, or for inference
   */
  boolean hasGradient();

  /** Called when a backward pass begins. */
  default void beginGradient() {}

  /**
   * Where to add the gradients of some coefficients of a layer.
   *
   * @param l layer that sums
   * @param k first layer that is summed
   * @param count how many, at most l − k
   * @return 1 × count
   */
  Matrix rowGradient(int l, int k, int count);

  /** Called when a backward pass ends. */
  default void endGradient() {}
}
