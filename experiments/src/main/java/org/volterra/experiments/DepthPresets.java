package org.volterra.experiments;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.kernel.DepthKernel;

/** Networks in depth by name. */
final class DepthPresets {
  /** What names there are. */
  static final String NAMES =
      "dense-transformer (depth-weighted averages), attention-residual (softmax over earlier"
          + " layers), both of Transformer blocks, dnl (a kernel field over attention) and"
          + " fractional (memory that fades like a power), each also with -L-D for L blocks or"
          + " layers of D channels";

  private static final Pattern NAME =
      Pattern.compile(
          "(dense-transformer|attention-residual|dnl|fractional)(?:-(\\d{1,4})-(\\d{1,4}))?");

  /** Channels of a head, where they divide the channels. */
  private static final int HEAD = 32;

  /** Sources that a layer of many attends to. */
  private static final int SOURCES = 8;

  private DepthPresets() {}

  /**
   * The network of that name; none if it is no name of a network in depth.
   *
   * @param shape the shape of a sample
   * @param outputs outputs at each position
   * @throws IllegalArgumentException if there is no network of that size
   */
  static Optional<NetworkSpec> find(String name, Shape shape, int outputs) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String kind = matcher.group(1);
    boolean isTransformer = kind.equals("dense-transformer") || kind.equals("attention-residual");
    int layers = number(matcher.group(2), isTransformer ? 4 : 32);
    int channels = number(matcher.group(3), 64);
    NetworkSpec.Builder builder =
        NetworkSpec.builder(channels, layers)
            .positions(shape.height(), shape.width())
            .inputs(shape.channels())
            .outputs(outputs);
    return Optional.of(
        switch (kind) {
          case "dense-transformer" ->
              transformer(
                  builder.depth(layers + 1),
                  DepthKernel.averaging(1, 1),
                  "sublayers("
                      + ("residual(" + attention(channels) + "),")
                      + ("residual(" + perceptron(channels) + "))"));
          case "attention-residual" ->
              transformer(
                  builder.depth(2 * layers + 1),
                  DepthKernel.attention(Math.max(1, 2 * layers / SOURCES)),
                  "sublayers(" + attention(channels) + "|" + perceptron(channels) + ")");
          case "dnl" ->
              builder
                  .kernel(DepthKernel.field(8))
                  .features(
                      FeatureTransform.parse("layer-norm,attention(" + heads(channels) + "),gelu"),
                      DepthDependence.field(8))
                  .build();
          default -> builder.kernel(DepthKernel.withMatrix(DepthKernel.fractional(0.5))).build();
        });
  }

  private static NetworkSpec transformer(
      NetworkSpec.Builder builder, DepthKernel kernel, String features) {
    return builder
        .kernel(kernel)
        .scaling(Scaling.UNIT)
        .features(FeatureTransform.parse(features), DepthDependence.perLayer())
        .source(Source.zero())
        .noBias()
        .build();
  }

  private static String attention(int channels) {
    return "layer-norm,position-embedding,attention(" + heads(channels) + ")";
  }

  private static String perceptron(int channels) {
    return "layer-norm,affine(" + 4 * channels + "),gelu,affine(" + channels + ")";
  }

  private static int heads(int channels) {
    return channels % HEAD == 0 ? channels / HEAD : 1;
  }

  private static int number(String text, int usual) {
    return text == null ? usual : Integer.parseInt(text);
  }
}
