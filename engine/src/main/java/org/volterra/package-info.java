/**
 * The facade: {@link org.volterra.NetworkSpec} says what a dense non-local network is, {@link
 * org.volterra.Network} holds its parameters, {@link org.volterra.Workspace} runs it forward and
 * backward in memory that is allocated once, and {@link org.volterra.Engine} chooses the device.
 *
 * <p>The layer is x_l = g_l + ψ(b_l + h Σ_{k&lt;l} K_{l,k} φ_k(x_k)) after Huang, Su, Tai, Wu,
 * arXiv:2510.02049.
 */
package org.volterra;
