package org.volterra.cuda.parity;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.volterra.HistoryType;
import org.volterra.NetworkSpec;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.sum.SumChoice;
import org.volterra.train.DepthRegularizer;
import org.volterra.train.Optimizer;

/**
 * Whole networks, forward, backward and through steps of training: what is compared are all states,
 * outputs, gradients and parameters.
 */
final class NetworkChecks {
  private static final int INPUTS = 3;

  /**
   * A network under its name, how far float32 may be off, relative to the largest element, and the
   * metric in depth in which it is trained, or null.
   */
  record Case(String name, NetworkSpec spec, double bound32, DepthRegularizer metric) {
    Case named(String other) {
      return new Case(other, spec, bound32, metric);
    }

    Case inMetric() {
      return new Case(name + ", in a metric", spec, bound32, new DepthRegularizer(1, 0.1));
    }

    double bound(ElementType type) {
      return type == ElementType.FLOAT32 ? bound32 : 1e-11;
    }

    /** Its training on a device. */
    List<double[]> training(ModelRuns runs) {
      // Adam divides gradients near 0 by themselves, and what is left is rounding in float32.
      boolean exact = runs.type() == ElementType.FLOAT64;
      return runs.training(spec, exact ? Optimizer.adam() : ModelRuns.MOMENTUM, metric);
    }

    /** The same network with a history of bfloat16, whose roundings may differ by one step. */
    Case narrow() {
      return new Case(
          name + ", history of bfloat16",
          spec.toBuilder().historyType(HistoryType.BFLOAT16).build(),
          1e-2,
          metric);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private final ComputeProvider tested;
  private final ComputeProvider reference;
  private final int batch;

  NetworkChecks(ComputeProvider tested, ComputeProvider reference, int batch) {
    this.tested = tested;
    this.reference = reference;
    this.batch = batch;
  }

  /** Networks with every kernel and every algorithm of its sum. */
  static List<Case> networks(int channels) {
    return List.of(
        network("dense", channels, "auto", 6, b -> b, 1e-5),
        network("field:3", channels, "auto", 7, b -> b, 1e-5),
        network("field:3", channels, "auto", 7, b -> b, 1e-5).inMetric(),
        network("dense", channels, "auto", 5, b -> b, 1e-5).inMetric(),
        network("dense", channels, "auto", 4, b -> everyPart(b, channels), 1e-5)
            .named("dense, mlp features, softplus"),
        network("dense", 16, "auto", 20, b -> b, 1e-5).named("dense, whole passes"),
        network("dense", 4, "auto", 20, NetworkSpec.Builder::noBias, 1e-5)
            .named("dense, narrow whole passes"),
        network("fractional:0.5", 16, "direct", 100, b -> b, 2e-5),
        network("scalar", channels, "direct", 20, b -> b, 1e-5),
        network("scalar", channels, "blocked", 70, b -> b, 1e-5),
        network("fractional:0.5", channels, "fft", 140, b -> b, 2e-5),
        network("convolution", channels, "fft", 140, b -> b, 2e-5),
        network("exponentials:3", channels, "exponentials", 30, b -> b, 2e-5),
        network("fractional:0.4", channels, "exponentials:1e-4", 90, b -> b, 2e-5),
        network("separable:2", channels, "separable", 20, b -> b, 1e-5),
        network("power-law", channels, "blocked", 20, b -> b, 2e-5),
        network("power-law", channels, "hierarchical", 140, b -> b, 2e-5),
        network("attention", channels, "auto", 9, b -> b, 1e-5),
        network("attention", 4 * channels, "auto", 5, b -> b, 1e-5).named("attention, wider"),
        network("attention:3", channels, "auto", 11, b -> b, 1e-5),
        network("averaging:2x3", channels, "auto", 9, b -> b, 1e-5));
  }

  /** Those whose history may be stored as bfloat16. */
  static List<Case> narrowNetworks(int channels) {
    return networks(channels).stream()
        .filter(
            network -> List.of("dense", "scalar direct", "scalar blocked").contains(network.name()))
        .map(Case::narrow)
        .toList();
  }

  static Case network(
      String kernel,
      int channels,
      String sum,
      int layers,
      UnaryOperator<NetworkSpec.Builder> rest,
      double bound32) {
    NetworkSpec.Builder builder =
        NetworkSpec.builder(channels, layers)
            .inputs(INPUTS)
            .outputs(ModelRuns.CLASSES)
            .kernel(DepthKernel.parse(kernel))
            .sum(SumChoice.parse(sum))
            .activation(Activation.TANH);
    String name = sum.equals("auto") ? kernel : kernel + " " + sum;
    return new Case(name, rest.apply(builder).build(), bound32, null);
  }

  private static NetworkSpec.Builder everyPart(NetworkSpec.Builder builder, int channels) {
    return builder
        .features(
            FeatureTransform.mlp(7, Activation.SILU, channels)
                .then(FeatureTransform.activation(Activation.GELU)),
            DepthDependence.field(2))
        .activation(Activation.SOFTPLUS)
        .bias(DepthDependence.perLayer());
  }

  /** Compares passes and training, and the device with itself. */
  void compare(Case network, ElementType type, Comparison comparison) {
    ModelRuns actual = new ModelRuns(tested, type, batch);
    ModelRuns expected = new ModelRuns(reference, type, batch);
    double bound = network.bound(type);
    List<double[]> passes = actual.passes(network.spec());
    compare(passes, expected.passes(network.spec()), bound, "passes", comparison);
    compare(network.training(actual), network.training(expected), bound, "training", comparison);
    compareBits(
        actual.passes(network.spec()), passes, "passes", "when it is computed again", comparison);
  }

  /** Compares results bit for bit. */
  static void compareBits(
      List<double[]> actual,
      List<double[]> expected,
      String what,
      String when,
      Comparison comparison) {
    for (int k = 0; k < expected.size(); k++) {
      if (!Arrays.equals(actual.get(k), expected.get(k))) {
        comparison.fail("result " + k + " of the " + what + " has other bits " + when);
      }
    }
  }

  /** Compares results, each within a share of its largest element. */
  static void compare(
      List<double[]> actual,
      List<double[]> expected,
      double bound,
      String what,
      Comparison comparison) {
    for (int k = 0; k < expected.size(); k++) {
      double largest = Arrays.stream(expected.get(k)).map(Math::abs).max().orElseThrow();
      comparison.compare(
          actual.get(k), expected.get(k), bound * largest, 0, "result " + k + " of the " + what);
    }
  }
}
