package org.volterra.feature;

import org.volterra.depth.DepthParameter;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** Adds the same matrix to every sample. */
final class PositionEmbeddingMap implements StageMap {
  private final Primitives primitives;
  private final DepthParameter weight;

  PositionEmbeddingMap(FeatureBinding binding) {
    primitives = binding.primitives();
    weight = binding.parameter("weight");
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    Matrix embedding = weight.value(k);
    primitives.axpby(1, x, 0, y);
    for (int i = 0; i < y.rows(); i += embedding.rows()) {
      primitives.axpby(1, embedding, 1, y.rows(i, embedding.rows()));
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    Matrix gradient = weight.gradient(k);
    for (int i = 0; i < dy.rows(); i += gradient.rows()) {
      primitives.axpby(1, dy.rows(i, gradient.rows()), 1, gradient);
    }
    weight.accumulated(k);
    primitives.axpby(1, dy, beta, dx);
  }
}
