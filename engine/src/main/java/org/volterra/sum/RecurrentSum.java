package org.volterra.sum;

import org.volterra.spi.Matrix;

/**
 * A sum whose memory of the past is a few running sums: {@link #forward} of layer l reads of the
 * history z_{l−1} alone, and {@link #adjoint} of layer l completes ∂J/∂z_{l−1}. So the history may
 * keep the last slices only, slice k at k modulo their number, and a pass can begin again at a
 * layer whose running sums were kept.
 */
public interface RecurrentSum extends CumulativeSum {
  /**
   * The running sums of the forward pass: what layer l leaves for layer l + 1.
   *
   * @return R × n, to be read, or overwritten with what it was after an earlier layer; the adjoint
   *     does not touch it
   */
  Matrix carried();

  /**
   * The layers between places at which running sums are kept: runs of a pass that begins again and
   * what a sum itself keeps must agree.
   *
   * @param layers L
   * @return ⌈√L⌉
   */
  static int segment(int layers) {
    return (int) Math.ceil(Math.sqrt(layers));
  }
}
