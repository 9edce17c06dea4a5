package org.volterra.bench;

import java.util.List;

/** Results with easy numbers: time L²/1000 ms forward and three times that with the gradient. */
final class Examples {
  private Examples() {}

  static DepthResult depth() {
    DepthStudy.Settings settings =
        new DepthStudy.Settings(
            List.of("dense"), List.of("scalar"), List.of(8, 16, 32), 0, Effort.SHORT, 1);
    return new DepthResult(
        settings,
        List.of(point(8), point(16), point(32)),
        new Origin(Effort.SHORT, "OpenJDK 25", List.of("-Xmx1g")));
  }

  private static DepthPoint point(int layers) {
    double ms = layers * layers / 1000.0;
    return new DepthPoint(
        "dense",
        "scalar",
        layers,
        new Timing(ms, 0.01, 16, 1e6),
        new Timing(3 * ms, Double.NaN, 1234, 3e6),
        1_000_000L * layers);
  }
}
