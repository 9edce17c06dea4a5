package org.volterra.feature;

import org.volterra.spi.Matrix;
import org.volterra.spi.TransformPrimitives;
import org.volterra.spi.Window;

/** Pooling. */
final class PoolingMap implements StageMap {
  private final TransformPrimitives transforms;
  private final Window window;
  private final boolean isMax;

  PoolingMap(FeatureBinding binding, Pooling pooling, Shape input) {
    transforms = binding.nonLocal();
    window = pooling.windowOn(input).on(input);
    isMax = pooling.kind() == Pooling.Kind.MAX;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    if (isMax) {
      transforms.maxPool(window, x, y);
    } else {
      transforms.averagePool(window, x, y);
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    if (isMax) {
      transforms.maxPoolBackward(window, x, dy, beta, dx);
    } else {
      transforms.averagePoolBackward(window, dy, beta, dx);
    }
  }
}
