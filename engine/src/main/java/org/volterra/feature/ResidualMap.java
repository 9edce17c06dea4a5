package org.volterra.feature;

import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** y = x + inner(x). */
final class ResidualMap implements StageMap {
  private final Primitives primitives;
  private final FeatureMap inner;

  ResidualMap(FeatureBinding binding, Residual residual, Shape input, int batch) {
    primitives = binding.primitives();
    inner = new FeatureMap(binding, residual.inner(), input, batch);
  }

  @Override
  public boolean isExpensive() {
    return true;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    inner.forward(k, x, y, again);
    primitives.axpby(1, x, 1, y);
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    inner.adjoint(k, x, dy, beta, dx);
    primitives.axpby(1, dy, 1, dx);
  }
}
