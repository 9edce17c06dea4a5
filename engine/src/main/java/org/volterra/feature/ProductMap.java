package org.volterra.feature;

import org.volterra.depth.DepthParameter;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** A product with a matrix at each position: y = x W + c. */
final class ProductMap implements StageMap {
  private final Primitives primitives;
  private final DepthParameter weight;
  private final DepthParameter bias;

  ProductMap(FeatureBinding binding, boolean hasBias) {
    primitives = binding.primitives();
    weight = binding.parameter("weight");
    bias = hasBias ? binding.parameter("bias") : null;
  }

  @Override
  public boolean isExpensive() {
    return true;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    if (bias != null) {
      primitives.addRow(1, bias.value(k), 0, y);
    }
    primitives.gemm(1, x, false, weight.value(k), false, bias == null ? 0 : 1, y);
  }

  /** dx = dy Wᵀ + beta dx. */
  void transpose(int k, Matrix dy, double beta, Matrix dx) {
    primitives.gemm(1, dy, false, weight.value(k), true, beta, dx);
  }

  /** Adds xᵀ dy and the sums of dy to the gradients. */
  void gradient(int k, Matrix x, Matrix dy) {
    primitives.gemm(1, x, true, dy, false, 1, weight.gradient(k));
    weight.accumulated(k);
    if (bias != null) {
      primitives.columnSums(1, dy, 1, bias.gradient(k));
      bias.accumulated(k);
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    transpose(k, dy, beta, dx);
    gradient(k, x, dy);
  }
}
