/**
 * Depth as a continuous variable: grids on [0, T] and piecewise-linear fields on [0, T] and on the
 * triangle 0 ≤ s ≤ t ≤ T.
 */
package org.volterra.depth;
