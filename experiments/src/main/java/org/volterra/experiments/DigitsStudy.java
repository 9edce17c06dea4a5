package org.volterra.experiments;

import java.util.List;
import org.volterra.NetworkSpec;
import org.volterra.depth.DepthDependence;
import org.volterra.kernel.DepthKernel;
import org.volterra.train.Loss;
import org.volterra.train.Samples;

/** Handwritten digits, with a dense kernel or one that is a field in depth. */
final class DigitsStudy extends NetworkStudy {
  private final int channels;
  private final DepthKernel kernel;
  private final Samples.Split digits;

  DigitsStudy(StudySettings settings) {
    super(settings, 0.02, 0.02, 0.002);
    channels = settings.count("channels", 6);
    kernel = kernel(settings.word("kernel", "dense"));
    int samples = settings.count("samples", 1437);
    settings.complete();
    digits = StudySamples.digits(samples);
  }

  private static DepthKernel kernel(String text) {
    DepthKernel kernel = DepthKernel.parse(text);
    if (kernel instanceof DepthKernel.Dense || kernel instanceof DepthKernel.Field) {
      return kernel;
    }
    throw new IllegalArgumentException("kernel '" + text + "': must be dense, or field:INTERVALS");
  }

  @Override
  NetworkSpec spec(int depth) {
    return NetworkSpec.builder(channels, depth)
        .inputs(digits.train().width())
        .outputs(digits.train().classes())
        .kernel(kernel)
        .bias(
            kernel instanceof DepthKernel.Field field
                ? DepthDependence.field(field.intervals())
                : DepthDependence.perLayer())
        .build();
  }

  @Override
  Samples.Split samples() {
    return digits;
  }

  @Override
  Loss loss() {
    return Loss.softmaxCrossEntropy();
  }

  @Override
  public String title() {
    return "Handwritten digits, " + kernel + " kernel";
  }

  @Override
  public String claim() {
    return "x(t) = x(0) + b(t) + ∫₀ᵗ K(t,s) tanh x(s) ds between affine maps of "
        + digits.train().width()
        + " pixels and to 10 classes learns "
        + digits.train().count()
        + " handwritten digits: the mean cross-entropy and ½(λ0‖·‖² + λ1‖∇·‖²) of K and b, and ½ λ"
        + "|·|² of the maps, are minimised together. As L → ∞ minima converge, and extended"
        + " minimisers strongly in H¹ along subsequences (Huang, Su, Tai, Wu, arXiv:2510.02049)."
        + (kernel instanceof DepthKernel.Field
            ? " The kernel is a field: piecewise linear on a fixed mesh, with the same parameters"
                + " at every depth, so that depth only refines the states."
            : " The kernel is dense: a matrix for every pair of layers.");
  }

  @Override
  public List<Integer> depths() {
    return List.of(4, 8, 16, 32, 64, 128);
  }
}
