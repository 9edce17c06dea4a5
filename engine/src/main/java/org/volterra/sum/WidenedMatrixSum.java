package org.volterra.sum;

import org.volterra.depth.DepthParameter;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum of {@link MatrixSum} over a history of bfloat16: it is read block by block, each widened
 * to float32 in scratch memory that stays in the second-level cache, and products accumulate in
 * float32. The features are not kept a second time: {@code dZ_{<l} += h δ_l W_lᵀ} and {@code dW_l =
 * h Z_{<l}ᵀ δ_l} take transposed operands. Not thread-safe.
 */
public final class WidenedMatrixSum implements CumulativeSum {
  /** Columns of a block, as far as they are whole slices: the inner dimension of its product. */
  private static final int COLUMNS = 512;

  /** The most elements of a block that is widened at once. */
  private static final int ELEMENTS = 1 << 17;

  private final Primitives p;
  private final double scale;
  private final DepthParameter weights;
  private final History history;
  private final History gradient;
  private final int rows;
  private final int width;
  private final int slices;
  private final int height;
  private final Matrix scratch;
  private final Matrix[][] pieces;
  private final Matrix[][] windows;
  private final Matrix[][] weightBlocks;
  private final Matrix[][] gradientBlocks;

  /**
   * Binds the sum.
   *
   * @param primitives the device, for float32
   * @param scale factor h of the sum
   * @param weights the matrices W_l of layers 1 … L; their gradients are overwritten
   * @param history z of bfloat16, interleaved
   * @param gradient ∂J/∂z of float32, interleaved, or null if {@link #adjoint} will not be called
   * @param memory for one block
   */
  public WidenedMatrixSum(
      Primitives primitives,
      double scale,
      DepthParameter weights,
      History history,
      History gradient,
      SumMemory memory) {
    this.p = primitives;
    this.scale = scale;
    this.weights = weights;
    this.history = history;
    this.gradient = gradient;
    rows = history.slice(0).rows();
    width = history.channels();
    slices = Math.max(1, COLUMNS / width);
    height = Math.min(rows, Math.max(1, ELEMENTS / (slices * width)));
    scratch = memory.matrix("window", height, slices * width);
    int bands = (rows + height - 1) / height;
    int layers = history.slices() - 1;
    pieces = new Matrix[bands][layers];
    windows = new Matrix[2][slices + 1];
    weightBlocks = new Matrix[layers + 1][];
    gradientBlocks = new Matrix[layers + 1][];
  }

  @Override
  public History.Layout layout() {
    return History.Layout.INTERLEAVED;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state;
  }

  @Override
  public void forward(int l, Matrix u) {
    if (weightBlocks[l] == null) {
      weightBlocks[l] = blocks(weights.value(l), l);
    }
    for (int band = 0; band < pieces.length; band++) {
      Matrix part = band(u, band);
      for (int b = 0; b < weightBlocks[l].length; b++) {
        p.gemm(scale, read(band, b, l), false, weightBlocks[l][b], false, 1, part);
      }
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    p.gemm(scale, delta, false, weights.value(l), true, 1, gradient.first(l));
    if (gradientBlocks[l] == null) {
      gradientBlocks[l] = blocks(weights.gradient(l), l);
    }
    for (int band = 0; band < pieces.length; band++) {
      Matrix part = band(delta, band);
      for (int b = 0; b < gradientBlocks[l].length; b++) {
        int beta = band == 0 ? 0 : 1;
        p.gemm(scale, read(band, b, l), true, part, false, beta, gradientBlocks[l][b]);
      }
    }
    weights.accumulated(l);
  }

  /** The rows of W_l, or of its gradient, that belong to the blocks. */
  private Matrix[] blocks(Matrix all, int l) {
    Matrix[] blocks = new Matrix[(l + slices - 1) / slices];
    for (int b = 0; b < blocks.length; b++) {
      blocks[b] = all.rows(b * slices * width, count(b, l) * width);
    }
    return blocks;
  }

  /** The slices in block b of the first l. */
  private int count(int b, int l) {
    return Math.min(slices, l - b * slices);
  }

  private Matrix band(Matrix m, int band) {
    return pieces.length == 1 ? m : m.rows(band * height, bandRows(band));
  }

  private int bandRows(int band) {
    return Math.min(height, rows - band * height);
  }

  /** Block b of the first l slices in float32, until the next call. */
  private Matrix read(int band, int b, int l) {
    int count = count(b, l);
    int last = b * slices + count - 1;
    int rowsOfBand = bandRows(band);
    if (pieces[band][last] == null) {
      pieces[band][last] =
          history
              .first(last + 1)
              .block(band * height, b * slices * width, rowsOfBand, count * width);
    }
    int kind = rowsOfBand == height ? 0 : 1;
    if (windows[kind][count] == null) {
      windows[kind][count] = Matrix.of(scratch.buffer(), 0, rowsOfBand, count * width);
    }
    p.widen(pieces[band][last], windows[kind][count]);
    return windows[kind][count];
  }
}
