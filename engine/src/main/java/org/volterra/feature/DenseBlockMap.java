package org.volterra.feature;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/**
 * A dense block. Its result is the history of its features, into which every layer writes in place,
 * and the gradient of its result becomes that of the history, to which every layer adds.
 *
 * <p>With shared statistics the gradients with respect to mean and variance of a channel are summed
 * over all layers that see it, and go back into the channel's gradient once, when that is complete:
 * x̂ is the same for all, so that sums of du and of du ⊙ x̂ add up.
 */
final class DenseBlockMap implements StageMap {
  private final Primitives primitives;
  private final DenseBlock block;
  private final Shape input;
  private final int growth;
  private final FeatureMap[] layers;
  private final List<ChannelRuns> channels;
  private final Shared shared;

  DenseBlockMap(FeatureBinding binding, DenseBlock block, Shape input, int batch) {
    this.primitives = binding.primitives();
    this.block = block;
    this.input = input;
    this.growth = block.growth(input);
    layers = new FeatureMap[block.layers()];
    shared =
        block.layer().stages().getFirst() instanceof BatchNorm norm
            ? new Shared(binding, norm.epsilon(), block.output(input).channels())
            : null;
    channels = IntStream.range(0, layers.length).mapToObj(l -> block.channels(input, l)).toList();
    // The layer that sees most needs most scratch, which the others then share.
    IntStream.range(0, layers.length)
        .boxed()
        .sorted(Comparator.comparingInt(l -> -channels.get(l).channels()))
        .forEach(l ->
            layers[l] =
                new FeatureMap(
                    binding.within(DenseBlock.prefix(l)),
                    block.layer(),
                    block.seen(input, l),
                    batch,
                    seen(channels.get(l))));
  }

  @Override
  public boolean isExpensive() {
    return true;
  }

  @Override
  public boolean usesOutput() {
    return true;
  }

  @Override
  public boolean overwritesGradient() {
    return true;
  }

  private SeenFeatures seen(ChannelRuns runs) {
    return new SeenFeatures(runs.fromFirst(), shared == null ? null : shared.part(runs));
  }

  /** From the first to the last channel that layer l sees. */
  private Matrix seen(Matrix history, int l) {
    int first = channels.get(l).first();
    return history.block(0, first, history.rows(), channels.get(l).end() - first);
  }

  private Matrix written(Matrix history, int l) {
    return history.block(0, block.end(input, l), history.rows(), growth);
  }

  private Matrix received(Matrix history) {
    return history.block(0, 0, history.rows(), input.channels());
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    primitives.axpby(1, x, 0, received(y));
    if (shared != null) {
      shared.measure(received(y), 0, input.channels());
    }
    for (int l = 0; l < layers.length; l++) {
      Matrix feature = written(y, l);
      layers[l].forward(k, seen(y, l), feature, again);
      if (shared != null && l < layers.length - 1) {
        shared.measure(feature, block.end(input, l), growth);
      }
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    if (shared != null) {
      shared.begin();
    }
    for (int l = layers.length - 1; l >= 0; l--) {
      if (shared != null && l < layers.length - 1) {
        shared.finish(written(y, l), block.end(input, l), growth, written(dy, l));
      }
      layers[l].adjoint(k, seen(y, l), written(dy, l), 1, seen(dy, l));
    }
    if (shared != null) {
      shared.finish(received(y), 0, input.channels(), received(dy));
    }
    primitives.axpby(1, received(dy), beta, dx);
  }

  /** Statistics of all channels of a block. */
  private static final class Shared {
    private final PassMode mode;
    private final Primitives primitives;
    private final TransformPrimitives transforms;
    private final double epsilon;
    private final Matrix mean;
    private final Matrix variance;
    private final Matrix rate;
    private final Matrix sum;
    private final Matrix product;

    Shared(FeatureBinding binding, double epsilon, int channels) {
      mode = binding.mode();
      primitives = binding.primitives();
      transforms = binding.nonLocal();
      this.epsilon = epsilon;
      mean = binding.own("mean", 1, channels);
      variance = binding.own("variance", 1, channels);
      rate = binding.own("rate", 1, channels);
      sum = binding.own("sum", 1, channels);
      product = binding.own("product", 1, channels);
    }

    private static Matrix part(Matrix vector, int first, int count) {
      return vector.block(0, first, 1, count);
    }

    void measure(Matrix values, int first, int count) {
      if (mode.isTraining()) {
        Matrix variances = part(variance, first, count);
        transforms.moments(values, part(mean, first, count), variances);
        transforms.reciprocalRoot(epsilon, variances, part(rate, first, count));
      }
    }

    void begin() {
      primitives.fill(0, sum);
      primitives.fill(0, product);
    }

    void finish(Matrix values, int first, int count, Matrix gradient) {
      if (mode.isTraining()) {
        transforms.momentsBackward(
            values,
            part(mean, first, count),
            part(rate, first, count),
            part(sum, first, count),
            part(product, first, count),
            gradient);
      }
    }

    ChannelStatistics part(ChannelRuns seen) {
      int first = seen.first();
      int count = seen.end() - first;
      return new Part(
          transforms,
          seen.fromFirst(),
          part(mean, first, count),
          part(variance, first, count),
          part(rate, first, count),
          part(sum, first, count),
          part(product, first, count));
    }
  }

  /** The statistics that one layer sees, from the first channel to the last. */
  private record Part(
      TransformPrimitives transforms,
      ChannelRuns channels,
      Matrix mean,
      Matrix variance,
      Matrix rate,
      Matrix sum,
      Matrix product)
      implements ChannelStatistics {
    @Override
    public void prepare(int k, Matrix x, boolean again) {}

    @Override
    public void backward(Matrix weight, Matrix du, Matrix duUnit, Matrix x, Matrix dx) {
      for (ChannelRuns.Run run : channels.runs()) {
        transforms.multiply(run.among(weight), run.among(du), 1, run.of(sum));
        transforms.multiply(run.among(weight), run.among(duUnit), 1, run.of(product));
      }
    }
  }
}
