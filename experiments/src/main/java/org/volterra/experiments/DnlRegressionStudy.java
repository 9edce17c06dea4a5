package org.volterra.experiments;

import java.util.List;
import org.volterra.NetworkSpec;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.train.Loss;
import org.volterra.train.Samples;

/** A dense non-local network, attention over positions, learns to smooth. */
final class DnlRegressionStudy extends NetworkStudy {
  private static final int POSITIONS = 8;

  private final int channels;
  private final int intervals;
  private final Samples.Split samples;

  DnlRegressionStudy(StudySettings settings) {
    super(settings, 0.003, 0.003, 0.001);
    channels = settings.count("channels", 4);
    intervals = settings.count("intervals", 2);
    int train = settings.count("samples", 100);
    settings.complete();
    samples = StudySamples.smoothing(POSITIONS, train, 100);
  }

  @Override
  NetworkSpec spec(int depth) {
    return NetworkSpec.builder(channels, depth)
        .positions(POSITIONS)
        .inputs(2)
        .outputs(1)
        .features(FeatureTransform.parse("attention(1)"))
        .kernel(DepthKernel.field(intervals))
        .bias(DepthDependence.field(intervals))
        .build();
  }

  @Override
  Samples.Split samples() {
    return samples;
  }

  @Override
  Loss loss() {
    return Loss.meanSquaredError();
  }

  @Override
  public String title() {
    return "Regression by a dense non-local network";
  }

  @Override
  public String claim() {
    return "Each of "
        + POSITIONS
        + " positions has a place and a value and is to give the mean of all values, weighted by"
        + " the distances of the places. x(t) = x(0) + b(t) + ∫₀ᵗ K(t,s) φ(x(s)) ds with"
        + " self-attention over the positions as φ, which is not local, and an H¹-regularised field"
        + " K learns it from "
        + samples.train().count()
        + " samples. The theory (Huang, Su, Tai, Wu, arXiv:2510.02049) covers non-local transforms"
        + " that are Lipschitz on bounded sets: minima, minimisers and trajectories converge with"
        + " depth, with a gap of O(1/L).";
  }

  @Override
  public List<Integer> depths() {
    return List.of(4, 8, 16, 32, 64, 128);
  }
}
