package org.volterra.feature;

import org.volterra.spi.Matrix;
import org.volterra.spi.TransformPrimitives;

/** Where batch normalisation has the statistics of the batch from. Not thread-safe. */
interface ChannelStatistics {
  /**
   * Brings the statistics of a batch.
   *
   * @param k layer
   * @param x the argument
   * @param again whether this repeats a forward pass with the same argument
   */
  void prepare(int k, Matrix x, boolean again);

  /** Means of the channels. */
  Matrix mean();

  /** Biased variances. */
  Matrix variance();

  /** 1 / √(variance + epsilon). */
  Matrix rate();

  /**
   * Takes the gradient with respect to the statistics, as sums over the batch.
   *
   * @param weight the factors γ
   * @param sum Σ du, the gradient of the bias
   * @param product Σ du ⊙ x̂, the gradient of the factors
   * @param x the argument
   * @param dx where the gradient of the argument is added, now or later
   */
  void backward(Matrix weight, Matrix sum, Matrix product, Matrix x, Matrix dx);

  /** Statistics of one layer's own argument. */
  final class Own implements ChannelStatistics {
    private final TransformPrimitives transforms;
    private final double epsilon;
    private final Matrix mean;
    private final Matrix variance;
    private final Matrix rate;
    private final Matrix sum;
    private final Matrix product;
    private int held = -1;

    Own(FeatureBinding binding, int channels, double epsilon) {
      transforms = binding.nonLocal();
      this.epsilon = epsilon;
      mean = binding.own("mean", 1, channels);
      variance = binding.own("variance", 1, channels);
      rate = binding.own("rate", 1, channels);
      sum = binding.own("scaled-sum", 1, channels);
      product = binding.own("scaled-product", 1, channels);
    }

    @Override
    public void prepare(int k, Matrix x, boolean again) {
      if (!again || held != k) {
        transforms.moments(x, mean, variance);
        transforms.reciprocalRoot(epsilon, variance, rate);
        held = k;
      }
    }

    @Override
    public Matrix mean() {
      return mean;
    }

    @Override
    public Matrix variance() {
      return variance;
    }

    @Override
    public Matrix rate() {
      return rate;
    }

    @Override
    public void backward(Matrix weight, Matrix du, Matrix duUnit, Matrix x, Matrix dx) {
      transforms.multiply(weight, du, 0, sum);
      transforms.multiply(weight, duUnit, 0, product);
      transforms.momentsBackward(x, mean, rate, sum, product, dx);
    }
  }
}
