package org.volterra.sum;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.volterra.memory.HostBuffer;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * The memory in which a {@link FieldSum} works on one block of P layers: the block's sums (or their
 * gradients), features weighted by a node, the running sums of all its layers, and the scalar
 * weights of one corner of a cell. Views of one buffer; not thread-safe.
 */
public final class FieldScratch {
  private final Buffer buffer;
  private final boolean single;
  private final MemorySegment staged;
  private final Matrix[] blockRow;
  private final Matrix[] blockRows;
  private final Matrix[] weighted;
  private final Matrix[] weightedRows;
  private final Matrix[][] recorded;
  private final Matrix[] running = new Matrix[2];
  private final Matrix[] runningGradient = new Matrix[2];
  private final Matrix first;
  private final Matrix second;
  private final long weightOffset;
  private final Matrix[][] weightViews;

  /**
   * Lays the views over a buffer.
   *
   * @param buffer at least {@link #length} elements for this number of rows
   * @param staging P² elements of the same type, in which weights are prepared; null if they never
   *     are. In native memory like all others: the first heap segment of a kind would make the
   *     virtual machine throw away compiled code that had seen native segments alone
   * @param largest layers of the largest block, P
   * @param rows batch · positions
   * @param features feature channels e
   * @param channels channels d
   */
  public FieldScratch(
      Buffer buffer, HostBuffer staging, int largest, int rows, int features, int channels) {
    this.buffer = buffer;
    single = buffer.type() == ElementType.FLOAT32;
    staged = staging == null ? null : staging.segment();
    long state = (long) rows * channels;
    long feature = (long) rows * features;
    blockRow = new Matrix[largest];
    blockRows = new Matrix[largest + 1];
    weighted = new Matrix[largest + 1];
    weightedRows = new Matrix[largest + 1];
    recorded = new Matrix[2][largest];
    long offset = 0;
    for (int index = 0; index < largest; index++) {
      blockRow[index] = Matrix.of(buffer, index * state, rows, channels);
      blockRows[index + 1] = Matrix.of(buffer, 0, (index + 1) * rows, channels);
    }
    offset += largest * state;
    for (int count = 1; count <= largest; count++) {
      weighted[count] = Matrix.of(buffer, offset, count, Math.toIntExact(feature));
      weightedRows[count] = Matrix.of(buffer, offset, count * rows, features);
    }
    offset += largest * feature;
    for (int kind = 0; kind < 2; kind++) {
      running[kind] = Matrix.of(buffer, offset, rows, features);
      runningGradient[kind] = Matrix.of(buffer, offset + feature, rows, features);
      offset += 2 * feature;
      for (int index = 0; index < largest; index++) {
        recorded[kind][index] = Matrix.of(buffer, offset, rows, features);
        offset += feature;
      }
    }
    first = Matrix.of(buffer, offset, features, channels);
    second = Matrix.of(buffer, offset + (long) features * channels, features, channels);
    weightOffset = offset + 2L * features * channels;
    weightViews = new Matrix[largest + 1][largest + 1];
  }

  /**
   * The number of elements that the views need.
   *
   * @param largest layers of the largest block, P
   * @param rows batch · positions
   * @param features feature channels e
   * @param channels channels d
   * @return rows · (P·d + (3P + 4)·e) + 2·e·d + P²
   */
  public static long length(int largest, int rows, int features, int channels) {
    return rows * ((long) largest * channels + (3L * largest + 4) * features)
        + 2L * features * channels
        + (long) largest * largest;
  }

  /** The sums of one layer of the block, rows × channels. */
  Matrix blockRow(int index) {
    return blockRow[index];
  }

  /** The sums of the first layers of the block, (count · rows) × channels. */
  Matrix blockRows(int count) {
    return blockRows[count];
  }

  /** Weighted features of the block's layers, count × (rows · features). */
  Matrix weighted(int count) {
    return weighted[count];
  }

  /** The same, (count · rows) × features. */
  Matrix weightedRows(int count) {
    return weightedRows[count];
  }

  /** Σ z (kind 0) or Σ σ z (kind 1), rows × features. */
  Matrix running(int kind) {
    return running[kind];
  }

  /** The gradient with respect to a running sum. */
  Matrix runningGradient(int kind) {
    return runningGradient[kind];
  }

  /** A running sum as it was at a layer of the block. */
  Matrix recorded(int kind, int index) {
    return recorded[kind][index];
  }

  /** An e × d matrix. */
  Matrix first() {
    return first;
  }

  /** Another e × d matrix. */
  Matrix second() {
    return second;
  }

  /** Fills the weights of corner (a, b) of cell (i, j), layers of block i × features of block j. */
  Matrix weights(MeshRows mesh, int i, int j, int a, int b) {
    int height = mesh.layerCount(i);
    int width = mesh.sourceCount(j);
    if (weightViews[height][width] == null) {
      weightViews[height][width] = Matrix.of(buffer, weightOffset, height, width);
    }
    for (int index = 0; index < height; index++) {
      double tau = mesh.local(mesh.firstLayer(i) + index);
      for (int k = 0; k < width; k++) {
        double weight = weight(tau, mesh.local(mesh.firstSource(j) + k), a, b);
        if (single) {
          staged.setAtIndex(ValueLayout.JAVA_FLOAT, (long) index * width + k, (float) weight);
        } else {
          staged.setAtIndex(ValueLayout.JAVA_DOUBLE, (long) index * width + k, weight);
        }
      }
    }
    buffer.upload(staged, 0, weightOffset, (long) height * width);
    return weightViews[height][width];
  }

  /**
   * The weight of corner (a, b) at (τ, σ) in a unit square that is cut along its diagonal τ = σ.
   */
  static double weight(double tau, double sigma, int a, int b) {
    if (a == b) {
      return a == 0 ? 1 - Math.max(tau, sigma) : Math.min(tau, sigma);
    }
    return Math.max(a == 1 ? tau - sigma : sigma - tau, 0);
  }
}
