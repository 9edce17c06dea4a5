package org.volterra;

import java.util.Arrays;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.RecurrentSum;

/**
 * What a {@link RecurrentSum} needs to begin again at the first layer of each run: the features of
 * the layer before, and the running sums.
 */
final class Checkpoints {
  private final Primitives p;
  private final Matrix carried;
  private final Matrix[] features;
  private final Matrix[] sums;

  /**
   * Binds memory.
   *
   * @param buffer at least {@link #elements} long
   * @param runs number of runs
   * @param rows batch · positions
   * @param channels feature channels
   */
  Checkpoints(Primitives p, Buffer buffer, RecurrentSum sum, int runs, int rows, int channels) {
    this.p = p;
    this.carried = sum.carried();
    features = new Matrix[runs];
    sums = new Matrix[runs];
    long n = (long) rows * channels;
    long length = elements(carried.rows(), n);
    Arrays.setAll(features, i -> Matrix.of(buffer, i * length, rows, channels));
    Arrays.setAll(sums, i -> Matrix.of(buffer, i * length + n, carried.rows(), carried.columns()));
  }

  /** The elements of a checkpoint. */
  static long elements(int rank, long columns) {
    return (1L + rank) * columns;
  }

  /** Keeps what run {@code i} begins with. */
  void save(int i, Matrix z) {
    p.axpby(1, z, 0, features[i]);
    p.axpby(1, carried, 0, sums[i]);
  }

  /** Brings it back. */
  void restore(int i, Matrix z) {
    p.axpby(1, features[i], 0, z);
    p.axpby(1, sums[i], 0, carried);
  }
}
