package org.volterra.cuda.parity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.volterra.HistoryType;
import org.volterra.Model;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Workspace;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.sum.SumChoice;
import org.volterra.train.DepthRegularizer;
import org.volterra.train.Optimizer;
import org.volterra.train.Samples;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;

/**
 * Whole networks, forward, backward and through steps of training: what is compared are all states,
 * outputs, gradients and parameters.
 */
final class NetworkChecks {
  private static final int INPUTS = 3;
  private static final int CLASSES = 4;

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

  private static Case network(
      String kernel,
      int channels,
      String sum,
      int layers,
      UnaryOperator<NetworkSpec.Builder> rest,
      double bound32) {
    NetworkSpec.Builder builder =
        NetworkSpec.builder(channels, layers)
            .inputs(INPUTS)
            .outputs(CLASSES)
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
    double bound = type == ElementType.FLOAT32 ? network.bound32() : 1e-11;
    List<double[]> passes = passes(network.spec(), tested, type);
    compare(passes, passes(network.spec(), reference, type), bound, "passes", comparison);
    compare(
        training(network, tested, type),
        training(network, reference, type),
        bound,
        "training",
        comparison);
    List<double[]> again = passes(network.spec(), tested, type);
    for (int i = 0; i < passes.size(); i++) {
      if (!Arrays.equals(passes.get(i), again.get(i))) {
        comparison.fail("result " + i + " of the passes has other bits when it is computed again");
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

  /** All states, outputs and gradients of a pass forward and backward, and outputs of inference. */
  private List<double[]> passes(NetworkSpec spec, ComputeProvider provider, ElementType type) {
    List<double[]> results = new ArrayList<>();
    Random random = new Random(5);
    try (Network network = Network.create(spec, provider, type, 3);
        Workspace workspace = network.workspace(batch);
        Workspace inference = network.inference(batch);
        Buffer inputs = provider.allocate(type, (long) batch * INPUTS);
        Buffer inputGradient = provider.allocate(type, (long) batch * INPUTS);
        Buffer slopes = provider.allocate(type, (long) batch * CLASSES)) {
      Matrix data = normal(inputs, INPUTS, random);
      Matrix slope = normal(slopes, CLASSES, random);
      results.add(workspace.forward(data).toArray());
      for (int l = 0; l <= spec.depth(); l++) {
        results.add(workspace.state(l).toArray());
      }
      workspace.backward(slope);
      results.add(parameters(network, workspace.gradients()));
      Matrix dx = Matrix.of(inputGradient, 0, batch, INPUTS);
      workspace.inputGradient(dx);
      results.add(dx.toArray());
      results.add(inference.forward(data).toArray());
    }
    return results;
  }

  private Matrix normal(Buffer buffer, int columns, Random random) {
    Matrix matrix = Matrix.of(buffer, 0, batch, columns);
    matrix.fill(random.doubles(matrix.size(), -2, 2).toArray());
    return matrix;
  }

  /** The parameters after an epoch of two steps, and what the network then does. */
  private List<double[]> training(Case of, ComputeProvider provider, ElementType type) {
    Random random = new Random(7);
    double[] inputs = random.doubles(2L * batch * INPUTS, -1, 1).toArray();
    int[] labels = random.ints(2L * batch, 0, CLASSES).toArray();
    Samples samples = Samples.classification(inputs, INPUTS, labels, CLASSES);
    // Adam divides gradients near 0 by themselves, and what is left is rounding in float32.
    boolean exact = type == ElementType.FLOAT64;
    try (Network network = Network.create(of.spec(), provider, type, 3)) {
      Trainer.Builder builder =
          Trainer.builder(network, samples)
              .optimizer(exact ? Optimizer.adam() : Optimizer.sgd(0.9, 1e-3, true))
              .schedule(Schedule.constant(0.01))
              .batch(batch)
              .epochs(1)
              .seed(3);
      if (of.metric() != null) {
        builder.metric(of.metric());
      }
      try (Trainer trainer = builder.build()) {
        double loss = trainer.run().getLast().trainLoss();
        return List.of(
            parameters(network, network.parameters()),
            new double[] {loss, trainer.evaluate(samples).loss()});
      }
    }
  }

  /** What a buffer has for each parameter. */
  static double[] parameters(Model network, Buffer buffer) {
    return Matrix.vector(buffer, 0, Math.toIntExact(network.layout().length())).toArray();
  }
}
