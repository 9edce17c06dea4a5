package org.volterra.feature;

import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** One of several transforms, by layer; a copy at layer 0. */
final class SublayersMap implements StageMap {
  private final Primitives primitives;
  private final Sublayers sublayers;
  private final FeatureMap[] maps;

  SublayersMap(FeatureBinding binding, Sublayers sublayers, Shape input, int batch) {
    primitives = binding.primitives();
    this.sublayers = sublayers;
    maps = new FeatureMap[sublayers.transforms().size()];
    for (int j = 0; j < maps.length; j++) {
      FeatureTransform transform = sublayers.transforms().get(j);
      maps[j] = new FeatureMap(binding.within(j + "."), transform, input, batch);
    }
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    if (k == 0) {
      primitives.axpby(1, x, 0, y);
    } else {
      maps[sublayers.index(k)].forward(k, x, y, again);
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    if (k == 0) {
      primitives.axpby(1, dy, beta, dx);
    } else {
      maps[sublayers.index(k)].adjoint(k, x, dy, beta, dx);
    }
  }
}
