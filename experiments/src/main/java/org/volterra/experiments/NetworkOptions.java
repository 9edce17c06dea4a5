package org.volterra.experiments;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.volterra.FeedForwardSpec;
import org.volterra.ModelSpec;
import org.volterra.NetworkSpec;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.spi.ElementType;
import org.volterra.sum.SumChoice;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The network x_l = g_l + ψ(b_l + h Σ K φ(x_k)), option by option. */
final class NetworkOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--depth",
      defaultValue = "32",
      paramLabel = "L",
      description = "Number of layers (default: ${DEFAULT-VALUE}).")
  int depth;

  @Option(
      names = "--channels",
      defaultValue = "64",
      paramLabel = "D",
      description = "Channels of the state (default: ${DEFAULT-VALUE}).")
  int channels;

  @Option(
      names = "--kernel",
      defaultValue = "dense",
      paramLabel = "K",
      description =
          "attention or attention:S: softmax over earlier layers, or blocks of S; averaging or"
              + " averaging:DxP: depth-weighted averages with dilation and period; dense: a matrix"
              + " for each pair of layers; field or field:M: piecewise linear in depth with M"
              + " intervals (8); scalar: a number for each pair; convolution: for each lag;"
              + " fractional:ALPHA; exponentials:R and separable:R with R trainable terms;"
              + " power-law: c (1 + (t - s)/tau)^-beta with three trainable numbers;"
              + " 'matrix*' before one of the last six multiplies it by a shared matrix; terms may"
              + " be added, as in 'scalar + matrix*fractional:0.5' (default: ${DEFAULT-VALUE}).")
  String kernel;

  @Option(
      names = "--sum",
      defaultValue = "auto",
      paramLabel = "HOW",
      description =
          "How sums with kernels of numbers are computed: auto, direct, blocked, fft, separable,"
              + " exponentials or hierarchical; behind a colon how far coefficients may be off, as"
              + " in auto:1e-6; one for each term as in fft+blocked. 'volterra plan' explains"
              + " (default: ${DEFAULT-VALUE}).")
  String sum;

  @Option(
      names = "--features",
      defaultValue = "tanh",
      paramLabel = "PHI",
      description =
          "What layers put into the history: stages separated by commas, such as"
              + " affine(32),gelu,affine(64) or conv(64,3x3,pad=1),relu (default:"
              + " ${DEFAULT-VALUE}).")
  String features;

  @Option(
      names = "--feature-depth",
      defaultValue = "constant",
      paramLabel = "HOW",
      description =
          "Parameters of the features: constant, per-layer or field(M) in depth (default:"
              + " ${DEFAULT-VALUE}).")
  String featureDepth;

  @Option(
      names = "--activation",
      defaultValue = "identity",
      paramLabel = "PSI",
      description =
          "Applied to the sum: identity, tanh, relu, gelu, silu, sigmoid or softplus (default:"
              + " ${DEFAULT-VALUE}).")
  String activation;

  @Option(
      names = "--bias",
      defaultValue = "per-layer",
      paramLabel = "HOW",
      description = "per-layer, field(M), constant or none (default: ${DEFAULT-VALUE}).")
  String bias;

  @Option(
      names = "--source",
      defaultValue = "initial-state",
      paramLabel = "G",
      description =
          "initial-state, zero, or 'linear HOW' with HOW = per-layer, field(M) or constant"
              + " (default: ${DEFAULT-VALUE}).")
  String source;

  @Option(
      names = "--scaling",
      defaultValue = "step",
      paramLabel = "H",
      description = "Factor of the sum: step (T/L) or unit (1) (default: ${DEFAULT-VALUE}).")
  String scaling;

  @Option(
      names = "--horizon",
      defaultValue = "1",
      paramLabel = "T",
      description = "End of the depth interval (default: ${DEFAULT-VALUE}).")
  double horizon;

  @Option(
      names = "--grading",
      defaultValue = "1",
      paramLabel = "R",
      description =
          "Layers at the depths T (l/L)^R: 1 for equal steps, more for short ones at first"
              + " (default: ${DEFAULT-VALUE}).")
  double grading;

  @Option(
      names = "--precision",
      defaultValue = "float32",
      paramLabel = "TYPE",
      description = "float32 or float64 (default: ${DEFAULT-VALUE}).")
  ElementType precision;

  @Option(
      names = "--history-type",
      defaultValue = "native",
      paramLabel = "TYPE",
      description =
          "How the history is stored: native, or bfloat16 with half the bytes of float32, for dense"
              + " kernels and kernels of numbers that are summed direct or blocked (default:"
              + " ${DEFAULT-VALUE}).")
  String historyType;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      description =
          "A network by its name: "
              + StagePresets.NAMES
              + "; in depth: "
              + DepthPresets.NAMES
              + ".")
  String preset;

  @Option(
      names = "--stages",
      paramLabel = "STAGES",
      description =
          "The same stage by stage, such as"
              + " 'conv(16,3x3,pad=1),dense(4,batch-norm,relu,conv(12,3x3,pad=1)),global-average-pool,affine(10)';"
              + " dense(4,reach=2,…) sees two layers back, reach=log those 1, 2, 4, 8 … back; the"
              + " options of networks in depth are then not used.")
  String stages;

  @Option(
      names = "--shape",
      paramLabel = "HxWxC",
      description =
          "Shape of a sample, of positions and channels; by default what the data are, or a square"
              + " of one channel or three. A network in depth without it takes a sample of one"
              + " label as one position.")
  String shape;

  /** Whether a network is asked for by name or stage by stage, so that other options are unused. */
  boolean isGiven() {
    return preset != null || stages != null;
  }

  /**
   * The network for samples of this kind: the one that is given, or else that of the options.
   *
   * @param width numbers of a sample
   * @param labels labels of a sample, 1 for real targets
   * @param known the shape of a sample, or null
   */
  ModelSpec model(int width, int labels, int outputs, Shape known) {
    if (preset != null && stages != null) {
      throw new ParameterException(spec.commandLine(), "--network and --stages: give one of them");
    }
    try {
      Shape inDepth = shapeInDepth(width, labels, known);
      if (!isGiven()) {
        return specification(inDepth, outputs);
      }
      if (stages != null) {
        return checked(new FeedForwardSpec(grid(width, known), FeatureTransform.parse(stages)));
      }
      Optional<NetworkSpec> network = DepthPresets.find(preset, inDepth, outputs);
      return network.isPresent()
          ? network.get().toBuilder().sum(SumChoice.parse(sum)).build()
          : checked(StagePresets.find(preset, grid(width, known), outputs));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** Refuses networks of too many parameters. */
  private static FeedForwardSpec checked(FeedForwardSpec network) {
    network.layout();
    return network;
  }

  private Shape grid(int width, Shape known) {
    return shape != null ? Shape.parse(shape) : known != null ? known : StagePresets.shapeOf(width);
  }

  /** All of a sample at one position, unless there is a label for each position. */
  private Shape shapeInDepth(int width, int labels, Shape known) {
    return shape != null
        ? Shape.parse(shape)
        : known != null && known.positions() == labels ? known : new Shape(1, 1, width);
  }

  /** The specification for data of this width. */
  NetworkSpec specification(int inputs, int outputs) {
    return specification(new Shape(1, 1, Math.max(1, inputs)), outputs).toBuilder()
        .inputs(inputs)
        .build();
  }

  private NetworkSpec specification(Shape sample, int outputs) {
    if (!precision.isFloating()) {
      throw new ParameterException(
          spec.commandLine(), "--precision " + precision + ": must be float32 or float64");
    }
    Map<String, String> map = new LinkedHashMap<>();
    map.put("channels", String.valueOf(channels));
    map.put("depth", String.valueOf(depth));
    map.put("inputs", String.valueOf(sample.channels()));
    map.put("outputs", String.valueOf(outputs));
    map.put("positions", sample.height() + "x" + sample.width());
    map.put("horizon", String.valueOf(horizon));
    map.put("grading", String.valueOf(grading));
    map.put("scaling", scaling);
    map.put("kernel", kernel.equals("field") ? "field(8)" : kernel);
    map.put("features", features.replace(" ", ""));
    map.put("feature-depth", featureDepth);
    map.put("activation", activation);
    map.put("bias", bias);
    map.put("source", source.equals("linear") ? "linear field(8)" : source);
    map.put("sum", sum);
    map.put("history", historyType);
    try {
      NetworkSpec network = NetworkSpec.fromProperties(map);
      network.historyType().of(precision);
      return network;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
