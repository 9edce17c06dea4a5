package org.volterra.sum;

import java.util.List;
import org.volterra.spi.Matrix;

/**
 * A sum whose memory of the past is a few running sums: {@link #forward} of layer l reads of the
 * history z_{l−1} alone, and {@link #adjoint} of layer l completes ∂J/∂z_{l−1}. So the history may
 * keep the last slices only, slice k at k modulo their number, and a pass can begin again at a
 * layer whose running sums were kept.
 */
public interface RecurrentSum extends CumulativeSum {
  /** Slices that each layer of a run takes at most: z, ∂J/∂z, x and u. */
  int SLICES = 4;

  /**
   * What the earlier layers of the forward pass leave for layer l, apart from z_{l−1}: running sums
   * and the like.
   *
   * @param l from 1 to L
   * @param target gets matrices of n columns, always as many rows in all, to be read, or
   *     overwritten with what they were when layer l began; the adjoint does not touch them
   */
  void carried(int l, List<Matrix> target);

  /**
   * The layers between places at which a sum keeps running sums for itself.
   *
   * @param layers L
   * @return ⌈√L⌉
   */
  static int segment(int layers) {
    return (int) Math.ceil(Math.sqrt(layers));
  }

  /**
   * The layers of a run of a pass that begins again, so that about as much is kept for the runs as
   * within one.
   *
   * @param layers L
   * @param carried the rows of {@link #carried}
   * @return a multiple of {@link #segment}, or L
   */
  static int run(int layers, int carried) {
    long segments = Math.max(1, Math.round(Math.sqrt((1.0 + carried) / SLICES)));
    return (int) Math.min(layers, segments * segment(layers));
  }

  /**
   * A sum that is known to be recurrent.
   *
   * @param sum a sum
   * @return the sum
   * @throws IllegalStateException if it is not recurrent
   */
  static RecurrentSum of(CumulativeSum sum) {
    if (sum instanceof RecurrentSum recurrent) {
      return recurrent;
    }
    throw new IllegalStateException(
        "sum " + sum.getClass().getSimpleName() + ": looks back further than one layer");
  }
}
