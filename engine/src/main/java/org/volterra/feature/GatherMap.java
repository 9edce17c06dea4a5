package org.volterra.feature;

import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** Copies the columns that a layer sees side by side. Its adjoint adds, and leaves the others. */
final class GatherMap implements StageMap {
  private final Primitives primitives;
  private final ChannelRuns channels;

  GatherMap(Primitives primitives, ChannelRuns channels) {
    this.primitives = primitives;
    this.channels = channels;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    for (ChannelRuns.Run run : channels.runs()) {
      primitives.axpby(1, run.of(x), 0, run.among(y));
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    for (ChannelRuns.Run run : channels.runs()) {
      primitives.axpby(1, run.among(dy), beta, run.of(dx));
    }
  }
}
