package org.volterra.sum;

import org.volterra.depth.DepthParameter;
import org.volterra.memory.History;
import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.BlockRow;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives;
import org.volterra.spi.Primitives;

/**
 * The sum of {@link MatrixSum} for devices that take blocks ({@link
 * org.volterra.spi.ComputeProvider#gathersAdjoints}). All δ are kept, and ∂J/∂z_k is gathered from
 * them when layer k + 1 is done: {@code dZ_k = h Σ_{l>k} δ_l K_{l,k}ᵀ} is one GEMM whose inner
 * dimension grows as that of the forward sum does. Where layers add their shares to all earlier
 * ones, as in {@link MatrixSum}, all of dZ is read and written again for each. Nothing is kept
 * transposed.
 */
public final class GatheredMatrixSum implements CumulativeSum {
  private final Primitives p;
  private final double scale;
  private final DepthParameter weights;
  private final History history;
  private final History gradient;
  private final History deltas;
  private final Matrix[] later;
  private final BlockRow[] blocks;

  /**
   * Binds the sum.
   *
   * @param primitives the device
   * @param scale factor h of the sum
   * @param weights the matrices W_l of layers 1 … L, one behind the other without gaps; their
   *     gradients are overwritten
   * @param history z, interleaved
   * @param gradient ∂J/∂z, interleaved
   * @param deltas memory for δ_1 … δ_L, interleaved
   */
  public GatheredMatrixSum(
      Primitives primitives,
      double scale,
      DepthParameter weights,
      History history,
      History gradient,
      History deltas) {
    this.p = primitives;
    this.scale = scale;
    this.weights = weights;
    this.history = history;
    this.gradient = gradient;
    this.deltas = deltas;
    int layers = deltas.slices();
    int width = history.channels();
    int channels = deltas.channels();
    Matrix all = deltas.first(layers);
    later = new Matrix[layers + 1];
    blocks = new BlockRow[layers + 1];
    for (int l = 1; l <= layers; l++) {
      int count = layers - l + 1;
      Matrix first = weights.value(l).rows((l - 1) * width, width);
      later[l] = all.block(0, (l - 1) * channels, all.rows(), count * channels);
      blocks[l] = new BlockRow(first, l * first.size(), first.size(), count);
    }
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
    p.gemm(scale, history.first(l), false, weights.value(l), false, 1, u);
  }

  @Override
  public void forward(int l, Epilogue epilogue, Matrix u, Primitives device) {
    device.gemm(scale, history.first(l), false, weights.value(l), false, epilogue);
  }

  @Override
  public Matrix delta(int l) {
    return deltas.slice(l - 1);
  }

  @Override
  public Matrix deltas() {
    return deltas.first(deltas.slices());
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    adjoint(l, delta, AdjointEpilogue.of(gradient.slice(l - 1)), p);
  }

  @Override
  public void adjoint(int l, Matrix delta, AdjointEpilogue epilogue, Primitives device) {
    Matrix own = deltas.slice(l - 1);
    if (!own.equals(delta)) {
      device.axpby(1, delta, 0, own);
    }
    device.gemm(scale, history.first(l), true, own, false, 0, weights.gradient(l));
    weights.accumulated(l);
    device.gemm(scale, later[l], blocks[l], epilogue);
  }

  @Override
  public PassPrimitives.Kernel whole() {
    return MatrixSum.whole(weights, history.slices() - 1, true);
  }
}
