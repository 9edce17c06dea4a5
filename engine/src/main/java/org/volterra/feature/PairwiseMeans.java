package org.volterra.feature;

import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/**
 * Weighted means over positions: out_i = Σ_j w_ij v_j with w = softmax(scale q kᵀ) or scale q kᵀ,
 * sample by sample, head by head, for at most {@value #QUERIES} queries at a time, so that memory
 * is linear in the number of positions. The adjoint computes the weights again.
 */
final class PairwiseMeans {
  private static final int QUERIES = 64;

  private final Primitives primitives;
  private final TransformPrimitives transforms;
  private final int positions;
  private final int heads;
  private final int width;
  private final double scale;
  private final boolean isSoftmax;
  private final boolean isCausal;
  private final int height;
  private final Matrix weights;
  private final Matrix gradients;

  PairwiseMeans(
      FeatureBinding binding,
      int positions,
      int heads,
      int width,
      double scale,
      boolean isSoftmax,
      boolean isCausal) {
    primitives = binding.primitives();
    transforms = binding.nonLocal();
    this.positions = positions;
    this.heads = heads;
    this.width = width;
    this.scale = scale;
    this.isSoftmax = isSoftmax;
    this.isCausal = isCausal;
    height = Math.min(QUERIES, positions);
    weights = binding.shared("pairs.weights", height, positions);
    gradients = binding.shared("pairs.gradients", height, positions);
  }

  /** Some queries of one head of one sample. */
  private record Part(int sample, int head, int first, int count, int keys) {}

  /** What is done with some queries. */
  @FunctionalInterface
  private interface Action {
    void on(Part part);
  }

  private void forEach(int rows, Action action) {
    for (int sample = 0; sample < rows / positions; sample++) {
      for (int head = 0; head < heads; head++) {
        for (int first = 0; first < positions; first += height) {
          int count = Math.min(height, positions - first);
          int keys = isCausal ? first + count : positions;
          action.on(new Part(sample, head, first, count, keys));
        }
      }
    }
  }

  /** The queries of a part; {@code which} is 0 for q, 1 for k, 2 for v. */
  private Matrix queries(Matrix m, int which, Part part) {
    int row = part.sample * positions + part.first;
    return m.block(row, (which * heads + part.head) * width, part.count, width);
  }

  /** The keys or values that a part sees. */
  private Matrix keys(Matrix m, int which, Part part) {
    int row = part.sample * positions;
    return m.block(row, (which * heads + part.head) * width, part.keys, width);
  }

  private Matrix weigh(Matrix qkv, Part part) {
    Matrix w = weights.block(0, 0, part.count, part.keys);
    primitives.gemm(scale, queries(qkv, 0, part), false, keys(qkv, 1, part), true, 0, w);
    if (isCausal) {
      transforms.fillAbove(part.first, isSoftmax ? Double.NEGATIVE_INFINITY : 0, w);
    }
    if (isSoftmax) {
      primitives.softmax(w, w);
    }
    return w;
  }

  /**
   * Computes the means.
   *
   * @param qkv queries, keys and values of all heads side by side, rows × 3 · heads · width
   * @param out rows × heads · width
   */
  void forward(Matrix qkv, Matrix out) {
    forEach(
        qkv.rows(),
        part ->
            primitives.gemm(
                1, weigh(qkv, part), false, keys(qkv, 2, part), false, 0, queries(out, 0, part)));
  }

  /**
   * The adjoint.
   *
   * @param qkv as before
   * @param dout gradient of the means
   * @param dqkv receives the gradient of qkv
   */
  void adjoint(Matrix qkv, Matrix dout, Matrix dqkv) {
    primitives.fill(0, dqkv);
    forEach(
        qkv.rows(),
        part -> {
          Matrix w = weigh(qkv, part);
          Matrix d = queries(dout, 0, part);
          primitives.gemm(1, w, true, d, false, 1, keys(dqkv, 2, part));
          Matrix dw = gradients.block(0, 0, part.count, part.keys);
          primitives.gemm(1, d, false, keys(qkv, 2, part), true, 0, dw);
          if (isSoftmax) {
            transforms.softmaxBackward(w, dw, dw);
          } else if (isCausal) {
            transforms.fillAbove(part.first, 0, dw);
          }
          primitives.gemm(scale, dw, false, keys(qkv, 1, part), false, 0, queries(dqkv, 0, part));
          primitives.gemm(scale, dw, true, queries(qkv, 0, part), false, 1, keys(dqkv, 1, part));
        });
  }
}
