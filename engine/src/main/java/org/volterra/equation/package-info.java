/**
 * Nonlinear Volterra equations of the second kind, x(t) = g(t) + ∫₀ᵗ (t − s)^(α−1) F(t, s, x(s))
 * ds, regular (α = 1) or weakly singular (0 &lt; α &lt; 1), and quadrature methods for them in
 * float64.
 *
 * <p>They are the continuous limit of the networks, and the explicit methods are computed as a
 * network is: on the same history and the same cumulative sums. {@link
 * org.volterra.equation.VolterraSolver} is the door.
 */
package org.volterra.equation;
