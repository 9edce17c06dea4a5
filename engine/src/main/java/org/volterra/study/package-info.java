/**
 * Depth studies: a learning problem stated once, solved at many depths, and what its values,
 * minimisers and trajectories tend to.
 */
package org.volterra.study;
