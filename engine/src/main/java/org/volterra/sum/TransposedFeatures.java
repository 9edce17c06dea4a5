package org.volterra.sum;

import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;

/**
 * The features z_0 … z_{L−1} and their gradients, transposed: each (L·e) × rows, so that those of
 * the first l layers are l·e contiguous rows; and one δ in both orders. Views of two buffers.
 */
public final class TransposedFeatures {
  private final Matrix[] feature;
  private final Matrix[] features;
  private final Matrix[] gradients;
  private final Matrix delta;
  private final Matrix deltaTransposed;

  /**
   * Lays the views over buffers.
   *
   * @param buffer at least 2 · L · e · rows elements
   * @param deltas at least 2 · rows · d elements
   * @param layers L
   * @param rows batch · positions
   * @param width feature channels e
   * @param channels channels d
   */
  public TransposedFeatures(
      Buffer buffer, Buffer deltas, int layers, int rows, int width, int channels) {
    long half = (long) layers * width * rows;
    feature = new Matrix[layers];
    features = new Matrix[layers + 1];
    gradients = new Matrix[layers + 1];
    for (int l = 1; l <= layers; l++) {
      feature[l - 1] = Matrix.of(buffer, (l - 1L) * width * rows, width, rows);
      features[l] = Matrix.of(buffer, 0, l * width, rows);
      gradients[l] = Matrix.of(buffer, half, l * width, rows);
    }
    delta = Matrix.of(deltas, 0, rows, channels);
    deltaTransposed = Matrix.of(deltas, (long) rows * channels, channels, rows);
  }

  /** z_kᵀ, e × rows. */
  Matrix feature(int k) {
    return feature[k];
  }

  /** z_0ᵀ … z_{l−1}ᵀ as one matrix, (l·e) × rows. */
  Matrix features(int l) {
    return features[l];
  }

  /** (∂J/∂z_0)ᵀ … (∂J/∂z_{l−1})ᵀ as one matrix, (l·e) × rows. */
  Matrix gradients(int l) {
    return gradients[l];
  }

  /** rows × d. */
  Matrix delta() {
    return delta;
  }

  /** d × rows. */
  Matrix deltaTransposed() {
    return deltaTransposed;
  }
}
