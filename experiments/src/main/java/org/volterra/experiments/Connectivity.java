package org.volterra.experiments;

import java.util.ArrayList;
import java.util.List;
import org.volterra.FeedForwardSpec;
import org.volterra.ModelSpec;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;

/**
 * How layers are connected: five networks of the same depth between an affine map of the data and
 * an affine map to the outputs, all with z = tanh x and matrices of independent normal numbers.
 */
enum Connectivity {
  /** x_l = x_0 + b_l + h Σ K_{l,k} z_k. */
  DENSE_STEP("dense, × h"),
  /** x_l = b_l + Σ K_{l,k} z_k, with variances divided by l. */
  DENSE_UNIT("dense"),
  /** x_l = x_{l−1} + h (W_l z_{l−1} + c_l). */
  RESIDUAL_STEP("residual, × h"),
  /** x_l = x_{l−1} + W_l z_{l−1} + c_l. */
  RESIDUAL_UNIT("residual"),
  /** x_l = W_l z_{l−1} + c_l. */
  PLAIN("plain");

  private static final FeatureTransform TANH = FeatureTransform.activation(Activation.TANH);
  private static final int WIDEST = 1 << 14;

  private final String label;

  Connectivity(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }

  /** The network with states of so many channels. */
  ModelSpec spec(int channels, int depth, int inputs, int outputs) {
    NetworkSpec.Builder builder =
        NetworkSpec.builder(channels, depth).inputs(inputs).outputs(outputs).features(TANH);
    return switch (this) {
      case DENSE_STEP -> builder.build();
      case DENSE_UNIT -> builder.scaling(Scaling.UNIT).source(Source.zero()).build();
      case RESIDUAL_STEP -> residual(builder, channels).build();
      case RESIDUAL_UNIT -> residual(builder, channels).scaling(Scaling.UNIT).build();
      case PLAIN -> plain(channels, depth, inputs, outputs);
    };
  }

  /** x_l = x_0 + Σ_{k<l} (W_k z_k + c_k): a kernel that is 1 at every pair. */
  private static NetworkSpec.Builder residual(NetworkSpec.Builder builder, int channels) {
    return builder
        .features(TANH.then(FeatureTransform.affine(channels)), DepthDependence.perLayer())
        .kernel(DepthKernel.separable(List.of(t -> 1), List.of(s -> 1)))
        .noBias();
  }

  private static FeedForwardSpec plain(int channels, int depth, int inputs, int outputs) {
    List<Stage> stages = new ArrayList<>();
    stages.add(new Stage.Affine(channels));
    for (int l = 0; l < depth; l++) {
      stages.add(new Stage.Pointwise(Activation.TANH));
      stages.add(new Stage.Affine(channels));
    }
    stages.add(new Stage.Affine(outputs));
    return new FeedForwardSpec(new Shape(1, 1, inputs), new FeatureTransform(stages));
  }

  /** Of how many stages the part of a plain network up to a layer's state consists. */
  static int stagesTo(int layer) {
    return 1 + 2 * layer;
  }

  /** The name of the bias that is added to a layer's state; layer 0 is the data's map. */
  String bias(int layer) {
    if (this == PLAIN) {
      return "stage." + 2 * layer + ".bias";
    }
    if (layer == 0) {
      return "input.bias";
    }
    return this == DENSE_STEP || this == DENSE_UNIT
        ? "bias." + layer
        : "feature.1.bias." + (layer - 1);
  }

  /** The name of the matrix from the last state to the outputs. */
  String outputWeight(int depth) {
    return this == PLAIN ? "stage." + stagesTo(depth) + ".weight" : "output.weight";
  }

  /** The width at which this network has as nearly as possible so many parameters. */
  int channels(long parameters, int depth, int inputs, int outputs) {
    int low = 1;
    int high = 2;
    while (count(high, depth, inputs, outputs) < parameters && high < WIDEST) {
      low = high;
      high *= 2;
    }
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (count(middle, depth, inputs, outputs) < parameters) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return parameters - count(low, depth, inputs, outputs)
            < count(high, depth, inputs, outputs) - parameters
        ? low
        : high;
  }

  private long count(int channels, int depth, int inputs, int outputs) {
    return spec(channels, depth, inputs, outputs).layout().parameterCount();
  }
}
