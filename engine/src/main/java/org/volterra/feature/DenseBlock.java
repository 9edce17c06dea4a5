package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A dense block (Huang et al., arXiv:1608.06993): every layer sees its input and the features of
 * all layers before it side by side, and appends its own. The result is the input and all features,
 * which lie in place in one matrix: nothing is copied to concatenate.
 *
 * <p>If layers begin with batch normalisation, the statistics of a channel are computed once and
 * shared by all layers that see it, and where a layer sees some channels alone ({@link
 * Connectivity}), they are normalised from where they lie. Other layers then see a copy.
 *
 * @param layers number of layers, at least 1
 * @param connectivity which features a layer sees; parameters are there for these alone
 * @param layer what a layer computes; it keeps the grid, and its output channels are the growth
 *     rate
 */
public record DenseBlock(int layers, Connectivity connectivity, FeatureTransform layer)
    implements Stage {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if layers is not positive or layer is the identity
   */
  public DenseBlock {
    Objects.requireNonNull(connectivity, "connectivity");
    Objects.requireNonNull(layer, "layer");
    if (layers < 1) {
      throw new IllegalArgumentException("layers " + layers + ": must be at least 1");
    }
    if (layer.isIdentity()) {
      throw new IllegalArgumentException("layer: must have at least one stage");
    }
  }

  /** Channels that one layer adds. */
  int growth(Shape input) {
    return layer.output(input).channels();
  }

  /** The channels that layer l sees, l = 0 … layers − 1. */
  ChannelRuns channels(Shape input, int l) {
    int growth = growth(input);
    ChannelRuns seen = new ChannelRuns(List.of());
    if (connectivity.sees(l + 1)) {
      seen = seen.plus(0, input.channels());
    }
    for (int back = l; back >= 1; back--) {
      if (connectivity.sees(back)) {
        seen = seen.plus(input.channels() + (l - back) * growth, growth);
      }
    }
    return seen;
  }

  /** The first channel that layer l writes, which is the end of what it sees. */
  int end(Shape input, int l) {
    return input.channels() + l * growth(input);
  }

  /**
   * The shape that a layer sees.
   *
   * @param input the shape of the block's argument
   * @param l the layer, from 0
   * @return the shape
   */
  public Shape seen(Shape input, int l) {
    return input.withChannels(channels(input, l).channels());
  }

  @Override
  public Shape output(Shape input) {
    int growth = growth(input);
    for (int l = 0; l < layers; l++) {
      Shape result = layer.output(seen(input, l));
      if (!result.equals(input.withChannels(growth))) {
        throw new IllegalArgumentException(
            "layer "
                + l
                + " of "
                + this
                + " makes "
                + result
                + ": every layer must make "
                + input.withChannels(growth));
      }
    }
    return input.withChannels(end(input, layers));
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    List<Parameter> all = new ArrayList<>();
    for (int l = 0; l < layers; l++) {
      for (Parameter parameter : layer.parameters(seen(input, l))) {
        all.add(parameter.within(prefix(l)));
      }
    }
    return all;
  }

  @Override
  public boolean isNonLocal() {
    return layer.isNonLocal();
  }

  /** What the names of layer l begin with. */
  static String prefix(int l) {
    return "layer." + l + ".";
  }

  @Override
  public String toString() {
    return "dense("
        + layers
        + ","
        + (connectivity.equals(Connectivity.full()) ? "" : "reach=" + connectivity + ",")
        + layer.text()
        + ")";
  }
}
