package org.volterra.feature;

import org.volterra.depth.DepthParameter;
import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/** Batch normalisation and the function behind it. */
final class NormMap implements StageMap {
  private final FeatureBinding binding;
  private final Primitives primitives;
  private final TransformPrimitives transforms;
  private final BatchNorm norm;
  private final Activation function;
  private final ChannelStatistics statistics;
  private final DepthParameter weight;
  private final DepthParameter bias;
  private final DepthParameter runningMean;
  private final DepthParameter runningVariance;
  private final Matrix keptRate;
  private final Matrix weightSum;
  private final Matrix biasSum;

  NormMap(
      FeatureBinding binding,
      BatchNorm norm,
      Activation function,
      int channels,
      ChannelStatistics statistics) {
    this.binding = binding;
    this.primitives = binding.primitives();
    this.transforms = binding.nonLocal();
    this.norm = norm;
    this.function = function;
    this.statistics = statistics;
    weight = binding.parameter("weight");
    bias = binding.parameter("bias");
    runningMean = binding.parameter("running-mean");
    runningVariance = binding.parameter("running-variance");
    keptRate = binding.own("kept-rate", 1, channels);
    weightSum = binding.own("weight-sum", 1, channels);
    biasSum = binding.own("bias-sum", 1, channels);
  }

  /**
   * The vectors of the normalisation of this pass; in training those of the batch, which then also
   * go into the running statistics.
   */
  ChannelNorm prepare(int k, Matrix x, boolean again) {
    if (!binding.mode().isTraining()) {
      transforms.reciprocalRoot(norm.epsilon(), runningVariance.value(k), keptRate);
      return new ChannelNorm(runningMean.value(k), keptRate, weight.value(k), bias.value(k));
    }
    statistics.prepare(k, x, again);
    if (!again) {
      double momentum = norm.momentum();
      primitives.axpby(momentum, statistics.mean(), 1 - momentum, runningMean.value(k));
      double unbiased = x.rows() > 1 ? x.rows() / (x.rows() - 1.0) : 1;
      primitives.axpby(
          momentum * unbiased, statistics.variance(), 1 - momentum, runningVariance.value(k));
    }
    return new ChannelNorm(statistics.mean(), statistics.rate(), weight.value(k), bias.value(k));
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    normalize(prepare(k, x, again), x, y);
  }

  /** y = f(normalised x), for some rows. */
  void normalize(ChannelNorm with, Matrix x, Matrix y) {
    transforms.normalize(function, with, x, y);
  }

  /** Begins an adjoint. */
  ChannelNorm begin(int k, Matrix x) {
    primitives.fill(0, weightSum);
    primitives.fill(0, biasSum);
    return prepare(k, x, true);
  }

  /** The adjoint for some rows, without that of the statistics. */
  void transpose(ChannelNorm with, Matrix x, Matrix dy, double beta, Matrix dx) {
    transforms.normalizeBackward(function, with, x, dy, beta, dx, weightSum, biasSum);
  }

  /** Ends an adjoint: gradients of parameters and statistics. */
  void end(int k, ChannelNorm with, Matrix x, Matrix dx) {
    primitives.axpby(1, weightSum, 1, weight.gradient(k));
    weight.accumulated(k);
    primitives.axpby(1, biasSum, 1, bias.gradient(k));
    bias.accumulated(k);
    if (binding.mode().isTraining()) {
      statistics.backward(with.weight(), biasSum, weightSum, x, dx);
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    ChannelNorm with = begin(k, x);
    transpose(with, x, dy, beta, dx);
    end(k, with, x, dx);
  }
}
