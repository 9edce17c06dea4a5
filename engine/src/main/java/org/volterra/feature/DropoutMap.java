package org.volterra.feature;

import org.volterra.spi.DropMask;
import org.volterra.spi.Matrix;

/** Dropout, or a copy. */
final class DropoutMap implements StageMap {
  private final FeatureBinding binding;
  private final double rate;

  DropoutMap(FeatureBinding binding, Dropout dropout) {
    this.binding = binding;
    rate = dropout.rate();
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
    PassMode mode = binding.mode();
    if (mode.isTraining()) {
      long place = binding.prefix().hashCode() * 31L + k;
      long key = DropMask.key(mode.seed(), mode.step(), place);
      binding.nonLocal().dropout(rate, key, from, beta, to);
    } else {
      binding.primitives().axpby(1, from, beta, to);
    }
  }
}
