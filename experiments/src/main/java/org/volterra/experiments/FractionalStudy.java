package org.volterra.experiments;

import java.util.List;
import org.volterra.NetworkSpec;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.train.Loss;
import org.volterra.train.Samples;

/**
 * A network with a weakly singular kernel learns the flow of a fractional differential equation.
 */
final class FractionalStudy extends NetworkStudy {
  private final double order;
  private final int channels;
  private final Samples.Split samples;

  FractionalStudy(StudySettings settings) {
    super(settings, 0.001, 0.001, 0.0003);
    order = settings.number("order", 0.5);
    if (!(order > 0 && order <= 1)) {
      throw new IllegalArgumentException("order " + order + ": must be in (0, 1]");
    }
    channels = settings.count("channels", 4);
    int train = settings.count("samples", 200);
    settings.complete();
    samples = StudySamples.fractional(order, train, 100, 1);
  }

  @Override
  NetworkSpec spec(int depth) {
    return NetworkSpec.builder(channels, depth)
        .inputs(2)
        .outputs(1)
        .features(
            FeatureTransform.parse("tanh,affine(" + channels + ")"), DepthDependence.perLayer())
        .kernel(DepthKernel.fractional(order))
        .noBias()
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
    return "A fractional network, order " + order;
  }

  @Override
  public String claim() {
    return "x(t) = x(0) + ∫₀ᵗ (t−s)^(α−1)/Γ(α) (W(s) tanh x(s) + c(s)) ds, a differential equation"
        + " of order α = "
        + order
        + " with H¹-regularised W and c, learns from "
        + samples.train().count()
        + " samples what the fractional logistic equation D^α u = λ u (1 − u) does: the mean"
        + " squared error of u(1) from u(0) and λ. Layers integrate the singular kernel exactly"
        + " against features that are constant on each step (the rectangle rule of product"
        + " integration). Minima and extended minimisers converge as for smooth kernels (Huang, Su,"
        + " Tai, Wu, arXiv:2510.02049); states begin like t^α, so that on a uniform grid the rate"
        + " may be below 1/L.";
  }

  @Override
  public List<Integer> depths() {
    return List.of(8, 16, 32, 64, 128, 256, 512);
  }
}
