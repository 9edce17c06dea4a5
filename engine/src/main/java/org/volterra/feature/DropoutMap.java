package org.volterra.feature;

import org.volterra.spi.Matrix;

/** Dropout, or a copy. */
final class DropoutMap implements StageMap {
  private final FeatureBinding binding;
  private final double rate;
  private final Matrix stem;

  DropoutMap(FeatureBinding binding, Dropout dropout) {
    this.binding = binding;
    rate = dropout.rate();
    stem = binding.hasGradients() ? binding.mode().stem() : null;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    apply(k, x, 0, y);
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    apply(k, dy, beta, dx);
  }

  private void apply(int k, Matrix from, double beta, Matrix to) {
    if (binding.mode().isTraining()) {
      long place = binding.prefix().hashCode() * 31L + k;
      binding.nonLocal().dropout(rate, stem, place, from, beta, to);
    } else {
      binding.primitives().axpby(1, from, beta, to);
    }
  }
}
