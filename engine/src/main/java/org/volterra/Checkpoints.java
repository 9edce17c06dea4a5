package org.volterra;

import java.util.ArrayList;
import java.util.List;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.RecurrentSum;

/**
 * What a {@link RecurrentSum} needs to begin again at the first layer of each run: the features of
 * the layer before, and what the layers before it hand on.
 */
final class Checkpoints {
  private final Primitives p;
  private final Matrix[] features;
  private final Matrix[][] carried;
  private final Matrix[][] kept;

  /**
   * Binds memory.
   *
   * @param buffer at least {@link #elements} long
   * @param recomputation the runs
   * @param rows batch · positions
   * @param channels feature channels
   */
  Checkpoints(
      Primitives p,
      Buffer buffer,
      RecurrentSum sum,
      Recomputation recomputation,
      int rows,
      int channels) {
    this.p = p;
    features = new Matrix[recomputation.runs()];
    carried = new Matrix[features.length][];
    kept = new Matrix[features.length][];
    long offset = 0;
    for (int i = 0; i < features.length; i++) {
      List<Matrix> sums = new ArrayList<>();
      sum.carried(recomputation.firstLayer(i), sums);
      features[i] = Matrix.of(buffer, offset, rows, channels);
      offset += features[i].size();
      carried[i] = sums.toArray(Matrix[]::new);
      kept[i] = new Matrix[carried[i].length];
      for (int j = 0; j < kept[i].length; j++) {
        Matrix m = carried[i][j];
        kept[i][j] = Matrix.of(buffer, offset, m.rows(), m.columns());
        offset += m.size();
      }
    }
  }

  /** The elements of a checkpoint. */
  static long elements(int carried, long columns) {
    return (1L + carried) * columns;
  }

  /** Keeps what run {@code i} begins with. */
  void save(int i, Matrix z) {
    p.axpby(1, z, 0, features[i]);
    for (int j = 0; j < kept[i].length; j++) {
      p.axpby(1, carried[i][j], 0, kept[i][j]);
    }
  }

  /** Brings it back. */
  void restore(int i, Matrix z) {
    p.axpby(1, features[i], 0, z);
    for (int j = 0; j < kept[i].length; j++) {
      p.axpby(1, kept[i][j], 0, carried[i][j]);
    }
  }
}
