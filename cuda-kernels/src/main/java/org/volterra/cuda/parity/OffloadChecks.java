package org.volterra.cuda.parity;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.volterra.Model;
import org.volterra.ModelWorkspace;
import org.volterra.NetworkSpec;
import org.volterra.Source;
import org.volterra.cuda.parity.NetworkChecks.Case;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * Whole networks under a budget of half of their histories, which then lie in memory of the host:
 * held against the reference, and against the device that keeps all of them, whose bits they have
 * where it takes layers one by one.
 */
final class OffloadChecks {
  /** Slices are so large that half of the histories is more than the least ring takes. */
  private static final int POSITIONS = 8;

  /** Channels of whole packs, with which ∂J/∂z is gathered from all δ. */
  private static final int PACKED = 16;

  /** With other bits where the device takes all layers at once while their histories fit. */
  private static final String WHOLE = "dense, whole passes";

  private final ComputeProvider tested;
  private final ComputeProvider reference;
  private final int batch;

  /** The device under test must be able to offload. */
  OffloadChecks(ComputeProvider tested, ComputeProvider reference, int batch) {
    this.tested = tested;
    this.reference = reference;
    this.batch = batch;
  }

  /** Networks whose sums read histories in every way there is: slices, bands, blocks. */
  static List<Case> networks(int channels, ElementType type) {
    List<Case> wide =
        List.of(
            network("dense", channels, "auto", 23, b -> b, 1e-5),
            network("dense", PACKED, "auto", 12, OffloadChecks::linearSource, 1e-5)
                .named("dense, gathered adjoint"),
            network("dense", PACKED, "auto", 20, b -> b.positions(3), 1e-5).named(WHOLE),
            network("attention", channels, "auto", 16, b -> b, 1e-5),
            network("exponentials:3", channels, "exponentials", 40, b -> b, 2e-5),
            network("convolution", channels, "fft", 70, b -> b, 1e-5),
            network("power-law", channels, "hierarchical", 70, b -> b, 2e-5),
            network("scalar", channels, "direct", 12, b -> stages(b, channels), 2e-4)
                .named("stages"));
    Case narrow =
        network("dense", channels, "auto", 23, b -> b.positions(2 * POSITIONS), 1e-5).narrow();
    return type == ElementType.FLOAT32
        ? Stream.concat(wide.stream(), Stream.of(narrow)).toList()
        : wide;
  }

  private static Case network(
      String kernel,
      int channels,
      String sum,
      int layers,
      UnaryOperator<NetworkSpec.Builder> rest,
      double bound32) {
    return NetworkChecks.network(
        kernel, channels, sum, layers, b -> rest.apply(b.positions(POSITIONS)), bound32);
  }

  private static NetworkSpec.Builder linearSource(NetworkSpec.Builder builder) {
    return builder.source(Source.linear(DepthDependence.constant()));
  }

  private static NetworkSpec.Builder stages(NetworkSpec.Builder builder, int channels) {
    return builder
        .positions(4, 2)
        .features(
            FeatureTransform.parse(
                "conv(%1$d,3,pad=1),batch-norm,silu,dropout(0.25),residual(layer-norm,affine(%1$d))"
                    .formatted(channels)),
            DepthDependence.perLayer());
  }

  /** Compares passes and training with the reference, and with the device without a budget. */
  void compare(Case network, ElementType type, Comparison comparison) {
    ModelRuns stored = new ModelRuns(tested, type, batch);
    ModelRuns offloaded = offloaded(stored, network, comparison);
    ModelRuns expected = new ModelRuns(reference, type, batch);
    List<double[]> passes = offloaded.passes(network.spec());
    List<double[]> training = network.training(offloaded);
    double bound = network.bound(type);
    NetworkChecks.compare(passes, expected.passes(network.spec()), bound, "passes", comparison);
    NetworkChecks.compare(training, network.training(expected), bound, "training", comparison);
    if (!network.name().equals(WHOLE)) {
      String when = "when histories are in memory of the device";
      NetworkChecks.compareBits(passes, stored.passes(network.spec()), "passes", when, comparison);
      NetworkChecks.compareBits(training, network.training(stored), "training", when, comparison);
    }
  }

  /** The same under a budget that takes histories from the device. */
  private static ModelRuns offloaded(ModelRuns stored, Case network, Comparison comparison) {
    try (Model model = stored.model(network.spec());
        ModelWorkspace plain = model.workspace(stored.batch(), stored.budget())) {
      ModelRuns offloaded = stored.within(plain.historyBytes() / 2);
      try (ModelWorkspace lean = model.workspace(stored.batch(), offloaded.budget())) {
        if (lean.memoryPlan().offloadedBytes() == 0) {
          comparison.fail("nothing is offloaded: " + lean.memoryPlan());
        }
      }
      return offloaded;
    }
  }
}
