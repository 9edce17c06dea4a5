package org.volterra.feature;

import org.volterra.spi.Activation;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** A scalar function. */
record PointwiseMap(Primitives primitives, Activation function) implements StageMap {
  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    primitives.activate(function, x, y);
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    primitives.activateBackward(function, x, dy, beta, dx);
  }
}
