/**
 * Learning: data, losses, the H¹-in-depth regulariser, optimisers and schedules, and the {@link
 * org.volterra.train.Trainer} that puts them together, with checkpoints from which it continues bit
 * for bit.
 */
package org.volterra.train;
