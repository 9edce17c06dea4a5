package org.volterra.sum;

import org.volterra.memory.History;
import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;

/**
 * A kernel's sum over the history, bound to a history z, its gradient, and the kernel's parameters.
 *
 * <p>For one gradient call {@link #forward} with l = 1 … L and then {@link #adjoint} with l = L …
 * 1. Not thread-safe.
 */
public interface CumulativeSum {
  /**
   * The layout of the history that this sum reads.
   *
   * @return the layout
   */
  History.Layout layout();

  /**
   * The shape in which {@link #forward} and {@link #adjoint} take the vector u_l or δ_l of a layer;
   * called once when a network is laid out.
   *
   * @param state contiguous (batch · positions) × channels
   * @return the same elements in the shape that this sum needs
   */
  Matrix operand(Matrix state);

  /**
   * Adds the sum of layer l: {@code u += h Σ_{k<l} K_{l,k} z_k}. Slices k &lt; l of the history
   * must be complete.
   *
   * @param l layer, from 1 to L
   * @param u what {@link #operand} returned for u_l
   */
  void forward(int l, Matrix u);

  /**
   * Computes the sum of layer l with what surrounds it.
   *
   * @param l layer, from 1 to L
   * @param epilogue bias, source and functions of the layer
   * @param u what {@link #operand} returned for {@link Epilogue#target}
   * @param p the device
   */
  default void forward(int l, Epilogue epilogue, Matrix u, Primitives p) {
    epilogue.begin(p);
    forward(l, u);
    epilogue.end(p);
  }

  /**
   * Binds a layer for many passes with the same operands, so that they are checked once.
   *
   * @param l layer, from 1 to L
   * @param epilogue bias, source and functions of the layer
   * @param u what {@link #operand} returned for {@link Epilogue#target}
   * @param p the device
   * @return does what {@link #forward(int, Epilogue, Matrix, Primitives)} does
   */
  default Runnable bind(int l, Epilogue epilogue, Matrix u, Primitives p) {
    return () -> forward(l, epilogue, u, p);
  }

  /**
   * Adds layer l's share of the transposed sum and of the parameter gradient: {@code ∂J/∂z_k += h
   * K_{l,k}ᵀ δ} for all k &lt; l and {@code ∂J/∂K_{l,k} += h δ z_kᵀ}. Only ∂J/∂z_{l−1} need be
   * complete afterwards: a sum may add the others later.
   *
   * @param l layer, from L to 1
   * @param delta what {@link #operand} returned for δ_l = ∂J/∂u_l
   */
  void adjoint(int l, Matrix delta);

  /**
   * Where the sum keeps δ_l, so that whoever computes it may do so in place.
   *
   * @param l layer, from 1 to L
   * @return a matrix of the shape of u_l; null, unless a sum says otherwise, where it keeps none
   */
  default Matrix delta(int l) {
    return null;
  }

  /**
   * All δ_l side by side, rows × (L · channels).
   *
   * @return a matrix that {@link #adjoint} completes; null, unless a sum says otherwise, where it
   *     keeps none
   */
  default Matrix deltas() {
    return null;
  }

  /**
   * As {@link #adjoint(int, Matrix)}, with what follows ∂J/∂z_{l−1}, which is complete then.
   *
   * @param l layer, from L to 1
   * @param delta what {@link #operand} returned for δ_l
   * @param epilogue what follows; its slope is slice l − 1 of the gradients ∂J/∂z
   * @param p the device
   */
  default void adjoint(int l, Matrix delta, AdjointEpilogue epilogue, Primitives p) {
    adjoint(l, delta);
    epilogue.end(p);
  }

  /**
   * Binds the way back through a layer for many passes with the same operands.
   *
   * @param l layer, from L to 1
   * @param delta what {@link #operand} returned for δ_l
   * @param epilogue what follows; its slope is slice l − 1 of the gradients ∂J/∂z
   * @param p the device
   * @return does what {@link #adjoint(int, Matrix, AdjointEpilogue, Primitives)} does
   */
  default Runnable bindAdjoint(int l, Matrix delta, AdjointEpilogue epilogue, Primitives p) {
    return () -> adjoint(l, delta, epilogue, p);
  }

  /**
   * Whether the sum reads or writes buffers from the host, so that a pass with it cannot be
   * recorded ({@link org.volterra.spi.ComputeProvider#record}).
   *
   * @return false, unless a sum says otherwise
   */
  default boolean usesHost() {
    return false;
  }

  /**
   * The kernel of all layers as {@link PassPrimitives} take it.
   *
   * @return the kernel; null, unless a sum says otherwise, where layers must be taken one by one
   */
  default PassPrimitives.Kernel whole() {
    return null;
  }

  /** Makes {@link #whole} hold the present values; called before each pass. */
  default void beginWhole() {}
}
