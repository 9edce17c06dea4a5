package org.volterra;

import org.volterra.spi.Matrix;

/**
 * Hears costates and Hamiltonians of the layers during {@link Workspace#backward(Matrix,
 * CostateListener)}, from layer L to layer 0.
 *
 * <p>The costate λ_l = ∂J/∂x_l counts all ways from x_l to J. In the limit of many layers it is the
 * measure p(t) dt with an atom at T: λ_l/h is p(t_l) for 0 &lt; l &lt; L, and λ_L the gradient of
 * the loss; λ_0 also holds what the source gets. The Hamiltonian of Pontryagin's principle at depth
 * t_k, for F = K φ and summed over samples and positions,
 *
 * <pre>  H(t_k) = ∫_{t_k}^T p(t)ᵀ K(t, t_k) φ(x(t_k)) dt + λ_Lᵀ K(T, t_k) φ(x(t_k)),</pre>
 *
 * <p>is Σ_{l&gt;k} δ_lᵀ K_{l,k} φ_k(x_k) here, with δ_l = ψ'(u_l) ⊙ λ_l, which is λ_l if ψ is the
 * identity.
 */
@FunctionalInterface
public interface CostateListener {
  /**
   * Called once for each layer.
   *
   * @param l layer, from L down to 0
   * @param state x_l, (batch · positions) × channels, to be read during the call only
   * @param costate λ_l, of the same shape, to be read during the call only
   * @param hamiltonian H(t_l); 0 at l = L
   */
  void layer(int l, Matrix state, Matrix costate, double hamiltonian);
}
