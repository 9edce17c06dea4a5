package org.volterra.feature;

import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** Self-attention, and non-local blocks: linear maps around weighted means over positions. */
final class PairwiseMap implements StageMap {
  private final Primitives primitives;
  private final boolean isResidual;
  private final ProductMap projection;
  private final ProductMap output;
  private final PairwiseMeans means;
  private final Matrix projected;
  private final Matrix mixed;
  private final Matrix projectedGradient;
  private final Matrix mixedGradient;

  private PairwiseMap(
      FeatureBinding binding, PairwiseMeans means, int rows, int width, boolean isResidual) {
    primitives = binding.primitives();
    this.means = means;
    this.isResidual = isResidual;
    projection = new ProductMap(binding.within("projection."), !isResidual);
    output = new ProductMap(binding.within("output."), !isResidual);
    projected = binding.shared("pairs.projected", rows, 3 * width);
    mixed = binding.shared("pairs.mixed", rows, width);
    projectedGradient = binding.shared("pairs.projected-gradient", rows, 3 * width);
    mixedGradient = binding.shared("pairs.mixed-gradient", rows, width);
  }

  static PairwiseMap of(FeatureBinding binding, Attention attention, Shape input, int batch) {
    int heads = attention.heads();
    int width = input.channels() / heads;
    double scale = 1 / Math.sqrt(width);
    PairwiseMeans means =
        new PairwiseMeans(
            binding, input.positions(), heads, width, scale, true, attention.isCausal());
    return new PairwiseMap(binding, means, batch * input.positions(), input.channels(), false);
  }

  static PairwiseMap of(FeatureBinding binding, NonLocal block, Shape input, int batch) {
    boolean isGaussian = block.kind() == NonLocal.Kind.GAUSSIAN;
    double scale = isGaussian ? 1 : 1.0 / input.positions();
    PairwiseMeans means =
        new PairwiseMeans(binding, input.positions(), 1, block.width(), scale, isGaussian, false);
    return new PairwiseMap(binding, means, batch * input.positions(), block.width(), true);
  }

  @Override
  public boolean isExpensive() {
    return true;
  }

  private void mix(int k, Matrix x, boolean again) {
    projection.forward(k, x, projected, again);
    means.forward(projected, mixed);
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    mix(k, x, again);
    output.forward(k, mixed, y, again);
    if (isResidual) {
      primitives.axpby(1, x, 1, y);
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    mix(k, x, true);
    output.adjoint(k, mixed, null, dy, 0, mixedGradient);
    means.adjoint(projected, mixedGradient, projectedGradient);
    projection.adjoint(k, x, null, projectedGradient, beta, dx);
    if (isResidual) {
      primitives.axpby(1, dy, 1, dx);
    }
  }
}
