package org.volterra.testing;

import java.util.ArrayList;
import java.util.List;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;

/**
 * Small networks in which every choice that a specification offers meets every other one: from the
 * product of all choices every {@value #STRIDE}th is taken.
 */
public final class NetworkChoices {
  /** Channels of the states. */
  public static final int CHANNELS = 3;

  private static final int STRIDE = 1997;
  private static final DepthDependence[] DEPENDENCES = {
    DepthDependence.constant(), DepthDependence.perLayer(), DepthDependence.field(2)
  };

  /** A part of a specification under its name. */
  public record Choice(String name, Part part) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Sets one part of a specification. */
  @FunctionalInterface
  public interface Part {
    /** Sets it. */
    void set(NetworkSpec.Builder builder);
  }

  private NetworkChoices() {}

  /** For each part of a specification what it may be. */
  public static List<List<Choice>> parts() {
    return List.of(
        depths(), kernels(), features(), scalings(), sources(), activations(), biases(), shapes());
  }

  private static List<Choice> depths() {
    List<Choice> all = new ArrayList<>();
    for (int layers : new int[] {1, 2, 3, 7}) {
      all.add(new Choice("L = " + layers, b -> b.depth(layers)));
    }
    return all;
  }

  private static List<Choice> kernels() {
    return List.of(
        new Choice("dense kernel", b -> b.kernel(DepthKernel.dense())),
        new Choice("field kernel", b -> b.kernel(DepthKernel.field(2))),
        new Choice("fine field kernel", b -> b.kernel(DepthKernel.field(5))),
        new Choice(
            "fixed scalar kernel",
            b -> b.kernel(DepthKernel.scalar((t, s) -> 0.5 * Math.exp(s - t)))),
        new Choice(
            "trainable scalar kernel",
            b -> b.kernel(DepthKernel.trainableScalar((t, s) -> 0.5 * Math.cos(2 * t + s)))));
  }

  private static List<Choice> features() {
    List<Choice> all = new ArrayList<>();
    for (Activation f : Activation.values()) {
      all.add(new Choice("φ = " + f, b -> b.features(FeatureTransform.activation(f))));
    }
    List<FeatureTransform> withParameters =
        List.of(
            FeatureTransform.affine(CHANNELS),
            FeatureTransform.mlp(4, Activation.GELU, CHANNELS),
            FeatureTransform.activation(Activation.TANH)
                .then(FeatureTransform.affine(4))
                .then(FeatureTransform.activation(Activation.RELU))
                .then(FeatureTransform.affine(CHANNELS))
                .then(FeatureTransform.activation(Activation.SILU)));
    for (FeatureTransform transform : withParameters) {
      for (DepthDependence d : DEPENDENCES) {
        all.add(new Choice("φ = " + transform + ", " + d, b -> b.features(transform, d)));
      }
    }
    return all;
  }

  private static List<Choice> scalings() {
    return List.of(
        new Choice("h = 1.5/L", b -> b.scaling(Scaling.STEP).horizon(1.5)),
        new Choice("graded steps, T = 1.5", b -> b.scaling(Scaling.STEP).horizon(1.5).grading(1.7)),
        new Choice("h = 1", b -> b.scaling(Scaling.UNIT).horizon(1)));
  }

  private static List<Choice> sources() {
    List<Choice> all = new ArrayList<>();
    all.add(new Choice("g = x_0", b -> b.source(Source.initialState())));
    all.add(new Choice("g = 0", b -> b.source(Source.zero())));
    for (DepthDependence d : DEPENDENCES) {
      all.add(new Choice("g = x_0 A(t), " + d, b -> b.source(Source.linear(d))));
    }
    return all;
  }

  private static List<Choice> activations() {
    List<Choice> all = new ArrayList<>();
    for (Activation f : Activation.values()) {
      all.add(new Choice("ψ = " + f, b -> b.activation(f)));
    }
    return all;
  }

  private static List<Choice> biases() {
    List<Choice> all = new ArrayList<>();
    all.add(new Choice("no bias", NetworkSpec.Builder::noBias));
    for (DepthDependence d : DEPENDENCES) {
      all.add(new Choice("bias " + d, b -> b.bias(d)));
    }
    return all;
  }

  private static List<Choice> shapes() {
    List<Choice> all = new ArrayList<>();
    for (int maps = 0; maps < 4; maps++) {
      for (int positions : new int[] {1, 2}) {
        int in = maps % 2 * 2;
        int out = maps / 2 * 4;
        all.add(
            new Choice(
                "inputs " + in + ", outputs " + out + ", positions " + positions,
                b -> b.inputs(in).outputs(out).positions(positions)));
      }
    }
    return all;
  }

  /** The combinations that are taken. */
  public static List<List<Choice>> combinations() {
    long all = 1;
    for (List<Choice> part : parts()) {
      all *= part.size();
    }
    List<List<Choice>> taken = new ArrayList<>();
    for (long code = 0; code < all; code += STRIDE) {
      List<Choice> combination = new ArrayList<>();
      long rest = code;
      for (List<Choice> part : parts()) {
        combination.add(part.get((int) (rest % part.size())));
        rest /= part.size();
      }
      taken.add(combination);
    }
    return taken;
  }

  /** The specification of a combination. */
  public static NetworkSpec spec(List<Choice> combination) {
    NetworkSpec.Builder builder = NetworkSpec.builder(CHANNELS, 1);
    combination.forEach(choice -> choice.part().set(builder));
    return builder.build();
  }
}
