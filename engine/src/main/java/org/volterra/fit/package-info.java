/**
 * Inverse problems: kernels of Volterra equations from observed trajectories, by L-BFGS with the
 * exact adjoint of the discrete equation. {@link org.volterra.fit.KernelFit} is the door.
 */
package org.volterra.fit;
