package org.volterra.spi;

import java.util.Objects;

/**
 * Whole passes through the layers of a network as single primitives. A device on which each call
 * has a price has them for networks that it can keep on the chip; others go layer by layer, with
 * the same results but for rounding.
 *
 * <p>With x_0 given, layers l = 1 … L are
 *
 * <pre>
 *   z_k = f(x_k)
 *   u_l = b_l + h Σ_{k&lt;l} K_{l,k} z_k
 *   x_l = g + p(u_l),   g = x_0 or 0
 * </pre>
 *
 * <p>Objects are stateless and thread-safe.
 */
public interface PassPrimitives {
  /** The kernel K of all pairs of layers. */
  sealed interface Kernel {}

  /**
   * Scalars a_{l,k}, one for each pair of layers.
   *
   * @param coefficients a vector of L (L + 1) / 2: row l of length l after the rows before it
   */
  record Triangle(Matrix coefficients) implements Kernel {}

  /**
   * Scalars that depend on the lag alone, a_{l,k} = c_{l−k}.
   *
   * @param reversed the vector c_L … c_1
   */
  record Lags(Matrix reversed) implements Kernel {}

  /**
   * Matrices, u_l += h z_k K_{l,k} for rows z_k.
   *
   * @param weights a vector of d² L (L + 1) / 2: K_{1,0}, K_{2,0}, K_{2,1}, K_{3,0} …, each
   *     row-major d × d
   * @param gradients the gradients of these, or null if {@link #adjoint} will not be called
   */
  record Matrices(Matrix weights, Matrix gradients) implements Kernel {}

  /**
   * Matrices of one shape in one buffer.
   *
   * @param first the first of them, rows × d
   * @param distance elements from one to the next
   */
  record Stack(Matrix first, long distance) {
    /** Checks the argument. */
    public Stack {
      Objects.requireNonNull(first, "first");
    }
  }

  /**
   * What is computed.
   *
   * @param kernel the kernel
   * @param scale h
   * @param layers L, at least 1
   * @param feature f
   * @param activation p
   * @param fromInitial whether g = x_0
   * @param bias L × d without gaps, or null
   */
  record Layers(
      Kernel kernel,
      double scale,
      int layers,
      Activation feature,
      Activation activation,
      boolean fromInitial,
      Matrix bias) {}

  /**
   * The memory of a pass.
   *
   * @param states x_0 … x_L
   * @param features z_0 … z_{L−1}; the states themselves if f is the identity; with scalars null if
   *     they are not to be kept
   * @param sums u_1 … u_L, or null if they are not to be kept
   */
  record Histories(Stack states, Stack features, Stack sums) {}

  /**
   * Whether such passes are worth a call here. Plans may rest on it: it depends on shapes alone.
   *
   * @param layers L
   * @param rows rows of a state
   * @param channels d
   * @param hasMatrices whether the kernel is {@link Matrices} and not scalars
   * @return false if layers are better taken one by one, or do not fit
   */
  boolean suits(int layers, int rows, int channels, boolean hasMatrices);

  /**
   * The most memory that an adjoint takes beside its operands.
   *
   * @param layers L
   * @param rows rows of a state
   * @param channels d
   * @param hasMatrices whether the kernel is {@link Matrices} and not scalars
   * @param hasBias whether there is a bias
   * @return bytes
   */
  long scratchBytes(int layers, int rows, int channels, boolean hasMatrices, boolean hasBias);

  /**
   * Computes all layers.
   *
   * @param network what is computed
   * @param memory x_0 is read, all others are written
   * @throws IllegalArgumentException if sizes do not fit or do not suit
   */
  void forward(Layers network, Histories memory);

  /**
   * The adjoint of {@link #forward}: from λ_L, with δ_l = p'(u_l) ⊙ λ_l, computes ∂J/∂z_k = h
   * Σ_{l&gt;k} K_{l,k}ᵀ δ_l and λ_k = f'(x_k) ⊙ ∂J/∂z_k down to k = 0. The gradients of matrices
   * are overwritten, that of the bias is added.
   *
   * @param network what was computed
   * @param memory what it left; sums may be null only if p is the identity
   * @param lastCostate λ_L, rows × d without gaps
   * @param gradients receives ∂J/∂z_0 … ∂J/∂z_L, the last of them 0; with scalars null if they are
   *     not wanted
   * @param initialCostate receives λ_0, to which Σ_{l≥1} λ_l is added if g = x_0; without gaps
   * @param biasGradient L × d without gaps, or null
   * @throws IllegalArgumentException if sizes do not fit or do not suit
   */
  void adjoint(
      Layers network,
      Histories memory,
      Matrix lastCostate,
      Stack gradients,
      Matrix initialCostate,
      Matrix biasGradient);
}
