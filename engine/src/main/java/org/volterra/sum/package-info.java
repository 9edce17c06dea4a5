/**
 * Cumulative kernel sums u_l += h Σ_{k&lt;l} K_{l,k} z_k over the dense-connection history, with
 * their exact transpose and parameter gradient. Each is online: z_k may depend on u_k.
 */
package org.volterra.sum;
