package org.volterra.sum;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * A second copy of the matrices W_l of a dense kernel in the order in which products read them
 * ({@link Primitives#gemmPrepare}), for passes between which they do not change. Shared by the sums
 * of all batch sizes of a workspace. Not thread-safe.
 */
public final class PackedWeights {
  private final Primitives p;
  private final List<Matrix> weights;
  private final LongFunction<Buffer> allocate;
  private final List<Matrix> copies = new ArrayList<>();
  private long bytes;

  /**
   * No copy yet.
   *
   * @param primitives the device
   * @param weights the matrices of layers 1 … L, all of as many columns
   * @param allocate memory for so many elements, not owned by this
   */
  public PackedWeights(Primitives primitives, List<Matrix> weights, LongFunction<Buffer> allocate) {
    this.p = primitives;
    this.weights = List.copyOf(weights);
    this.allocate = allocate;
  }

  /**
   * Copies the matrices as they are now, where products gain from that. The first call takes the
   * memory.
   *
   * @return bytes of the copies
   */
  public long pack() {
    int columns = weights.getFirst().columns();
    if (!p.gemmGainsFromPreparing(columns)) {
      return 0;
    }
    if (copies.isEmpty()) {
      allocate(p.gemmPreparedColumns(columns));
    }
    for (int i = 0; i < weights.size(); i++) {
      p.gemmPrepare(weights.get(i), copies.get(i));
    }
    return bytes;
  }

  private void allocate(int columns) {
    long rows = weights.stream().mapToLong(Matrix::rows).sum();
    Buffer buffer = allocate.apply(rows * columns);
    bytes = rows * columns * buffer.type().bytes();
    long at = 0;
    for (Matrix w : weights) {
      Matrix copy = Matrix.of(buffer, at, w.rows(), columns);
      copies.add(copy);
      at += copy.size();
    }
  }

  /** The copy of W_l, or null if there is none. */
  Matrix value(int l) {
    return copies.isEmpty() ? null : copies.get(l - 1);
  }
}
