package org.volterra;

import java.util.Objects;
import org.volterra.feature.BatchNorm;
import org.volterra.feature.Connectivity;
import org.volterra.feature.Convolution;
import org.volterra.feature.DenseBlock;
import org.volterra.feature.Dropout;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Pooling;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.feature.WindowShape;
import org.volterra.spi.Activation;

/**
 * The standard DenseNets (Huang, Liu, van der Maaten, Weinberger, arXiv:1608.06993) as
 * specifications.
 */
public final class DenseNets {
  private static final Stage RELU = new Stage.Pointwise(Activation.RELU);

  private DenseNets() {}

  /**
   * The networks for images of 224 × 224: a convolution of 7 × 7 and pooling, four dense blocks
   * with bottlenecks and transitions that halve channels and grid, as torchvision has them.
   *
   * @param depth 121, 161, 169 or 201
   * @param classes outputs, at least 1
   * @return the specification
   * @throws IllegalArgumentException for another depth
   */
  public static FeedForwardSpec imageNet(int depth, int classes) {
    int[] layers =
        switch (depth) {
          case 121 -> new int[] {6, 12, 24, 16};
          case 161 -> new int[] {6, 12, 36, 24};
          case 169 -> new int[] {6, 12, 32, 32};
          case 201 -> new int[] {6, 12, 48, 32};
          default ->
              throw new IllegalArgumentException(
                  "depth " + depth + ": must be 121, 161, 169 or 201");
        };
    int growth = depth == 161 ? 48 : 32;
    FeatureTransform stem =
        FeatureTransform.of(
            new Convolution(2 * growth, WindowShape.of(7, 7).stride(2, 2).pad(3, 3), 1, false),
            BatchNorm.standard(),
            RELU,
            new Pooling(Pooling.Kind.MAX, WindowShape.of(3, 3).stride(2, 2).pad(1, 1)));
    return builder(new Shape(224, 224, 3), growth, layers)
        .stem(stem)
        .bottleneck(4)
        .compression(0.5)
        .classes(classes);
  }

  /**
   * The networks for images of 32 × 32: a convolution of 3 × 3 and three dense blocks. With
   * bottlenecks (DenseNet-BC) transitions halve the channels.
   *
   * @param depth number L of layers, 3 n + 4, or 6 n + 4 with bottlenecks
   * @param growth growth rate k
   * @param hasBottlenecks whether it is a DenseNet-BC
   * @param classes outputs, at least 1
   * @return the specification
   * @throws IllegalArgumentException if there is no network of that depth
   */
  public static FeedForwardSpec cifar(int depth, int growth, boolean hasBottlenecks, int classes) {
    return cifar(depth, growth, hasBottlenecks, Connectivity.full(), classes);
  }

  /**
   * The same networks with layers that see some features of their block alone, such as
   * Log-DenseNets (Hu et al., arXiv:1711.00002).
   *
   * @param depth number L of layers, 3 n + 4, or 6 n + 4 with bottlenecks
   * @param growth growth rate k
   * @param hasBottlenecks whether a convolution of 1 × 1 stands before each of 3 × 3
   * @param connectivity which features a layer sees
   * @param classes outputs, at least 1
   * @return the specification
   * @throws IllegalArgumentException if there is no network of that depth
   */
  public static FeedForwardSpec cifar(
      int depth, int growth, boolean hasBottlenecks, Connectivity connectivity, int classes) {
    int step = hasBottlenecks ? 6 : 3;
    if (depth <= 4 || (depth - 4) % step != 0) {
      throw new IllegalArgumentException(
          "depth " + depth + ": must be 4 more than a multiple of " + step);
    }
    int layers = (depth - 4) / step;
    Builder builder =
        builder(new Shape(32, 32, 3), growth, layers, layers, layers)
            .stem(FeatureTransform.of(Convolution.same(hasBottlenecks ? 2 * growth : 16, 3)))
            .connectivity(connectivity);
    return (hasBottlenecks ? builder.bottleneck(4).compression(0.5) : builder).classes(classes);
  }

  /**
   * Begins a DenseNet: without further calls a convolution of 3 × 3 to twice the growth rate, no
   * bottlenecks, no compression and no dropout.
   *
   * @param input the shape of a sample
   * @param growth growth rate k
   * @param layers layers of each dense block
   * @return a builder
   */
  public static Builder builder(Shape input, int growth, int... layers) {
    return new Builder(input, growth, layers.clone());
  }

  /** Collects the parts of a DenseNet. Not thread-safe. */
  public static final class Builder {
    private final Shape input;
    private final int growth;
    private final int[] layers;
    private FeatureTransform stem;
    private int bottleneck;
    private double compression = 1;
    private double dropout;
    private Connectivity connectivity = Connectivity.full();

    private Builder(Shape input, int growth, int[] layers) {
      this.input = input;
      this.growth = growth;
      this.layers = layers;
      if (growth < 1 || layers.length == 0) {
        throw new IllegalArgumentException(
            "growth " + growth + " and " + layers.length + " blocks: both must be at least 1");
      }
      stem = FeatureTransform.of(Convolution.same(2 * growth, 3));
    }

    /**
     * What comes before the first block.
     *
     * @param stages the stem
     * @return this
     */
    public Builder stem(FeatureTransform stages) {
      stem = stages;
      return this;
    }

    /**
     * Puts a convolution of 1 × 1 before that of 3 × 3.
     *
     * @param factor its channels over the growth rate, at least 1
     * @return this
     */
    public Builder bottleneck(int factor) {
      if (factor < 1) {
        throw new IllegalArgumentException("factor " + factor + ": must be at least 1");
      }
      bottleneck = factor;
      return this;
    }

    /**
     * What part of its channels a transition keeps.
     *
     * @param part in (0, 1]
     * @return this
     */
    public Builder compression(double part) {
      if (!(part > 0 && part <= 1)) {
        throw new IllegalArgumentException("compression " + part + ": must be in (0, 1]");
      }
      compression = part;
      return this;
    }

    /**
     * Drops features in training.
     *
     * @param rate probability of being dropped, in [0, 1)
     * @return this
     */
    public Builder dropout(double rate) {
      dropout = new Dropout(rate).rate();
      return this;
    }

    /**
     * Which features of its block a layer sees; transitions see all of them. By default the same.
     *
     * @param which the features
     * @return this
     */
    public Builder connectivity(Connectivity which) {
      connectivity = Objects.requireNonNull(which, "which");
      return this;
    }

    private FeatureTransform layer() {
      FeatureTransform result = FeatureTransform.of(BatchNorm.standard(), RELU);
      if (bottleneck > 0) {
        result =
            result.then(
                FeatureTransform.of(
                    Convolution.same(bottleneck * growth, 1), BatchNorm.standard(), RELU));
      }
      result = result.then(FeatureTransform.of(Convolution.same(growth, 3)));
      return dropout > 0 ? result.then(FeatureTransform.of(new Dropout(dropout))) : result;
    }

    /**
     * Ends with batch normalisation, ReLU, the mean over all positions, and an affine map.
     *
     * @param count outputs, at least 1
     * @return the specification
     * @throws IllegalArgumentException if a part does not fit
     */
    public FeedForwardSpec classes(int count) {
      FeatureTransform all = stem;
      for (int b = 0; b < layers.length; b++) {
        all = all.then(FeatureTransform.of(new DenseBlock(layers[b], connectivity, layer())));
        if (b < layers.length - 1) {
          int channels = all.output(input).channels();
          all =
              all.then(
                  FeatureTransform.of(
                      BatchNorm.standard(),
                      RELU,
                      Convolution.same((int) (channels * compression), 1),
                      Pooling.average(2)));
        }
      }
      return new FeedForwardSpec(
          input,
          all.then(
              FeatureTransform.of(
                  BatchNorm.standard(), RELU, Pooling.global(), new Stage.Affine(count))));
    }
  }
}
