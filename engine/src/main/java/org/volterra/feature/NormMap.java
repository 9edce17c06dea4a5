package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import org.volterra.depth.DepthParameter;
import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/** Batch normalisation of the channels that are seen, and the function behind it. */
final class NormMap implements StageMap {
  private final FeatureBinding binding;
  private final Primitives primitives;
  private final TransformPrimitives transforms;
  private final BatchNorm norm;
  private final Activation function;
  private final ChannelRuns channels;
  private final ChannelStatistics statistics;
  private final DepthParameter weight;
  private final DepthParameter bias;
  private final DepthParameter runningMean;
  private final DepthParameter runningVariance;
  private final Matrix keptRate;
  private final Matrix weightSum;
  private final Matrix biasSum;

  NormMap(FeatureBinding binding, BatchNorm norm, Activation function, SeenFeatures seen) {
    this.binding = binding;
    this.primitives = binding.primitives();
    this.transforms = binding.nonLocal();
    this.norm = norm;
    this.function = function;
    channels = seen.channels();
    statistics = seen.statistics();
    int count = channels.channels();
    weight = binding.parameter("weight");
    bias = binding.parameter("bias");
    runningMean = binding.parameter("running-mean");
    runningVariance = binding.parameter("running-variance");
    keptRate = binding.own("kept-rate", 1, count);
    weightSum = binding.own("weight-sum", 1, count);
    biasSum = binding.own("bias-sum", 1, count);
  }

  /**
   * The vectors of the normalisation of this pass, run by run; in training those of the batch,
   * which then also go into the running statistics.
   */
  List<ChannelNorm> prepare(int k, Matrix x, boolean again) {
    Matrix keptMean = runningMean.value(k);
    Matrix keptVariance = runningVariance.value(k);
    if (!binding.mode().isTraining()) {
      transforms.reciprocalRoot(norm.epsilon(), keptVariance, keptRate);
      return norms(k, false, keptMean, keptRate);
    }
    statistics.prepare(k, x, again);
    if (!again) {
      double momentum = norm.momentum();
      double unbiased = x.rows() > 1 ? x.rows() / (x.rows() - 1.0) : 1;
      for (ChannelRuns.Run run : channels.runs()) {
        primitives.axpby(momentum, run.of(statistics.mean()), 1 - momentum, run.among(keptMean));
        primitives.axpby(
            momentum * unbiased,
            run.of(statistics.variance()),
            1 - momentum,
            run.among(keptVariance));
      }
    }
    return norms(k, true, statistics.mean(), statistics.rate());
  }

  /** Mean and rate are for the columns of the argument, or for those that are seen. */
  private List<ChannelNorm> norms(int k, boolean isOfArgument, Matrix mean, Matrix rate) {
    Matrix factors = weight.value(k);
    Matrix shifts = bias.value(k);
    List<ChannelNorm> all = new ArrayList<>(channels.runs().size());
    for (ChannelRuns.Run run : channels.runs()) {
      all.add(
          new ChannelNorm(
              isOfArgument ? run.of(mean) : run.among(mean),
              isOfArgument ? run.of(rate) : run.among(rate),
              run.among(factors),
              run.among(shifts)));
    }
    return all;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    normalize(prepare(k, x, again), x, y);
  }

  /** y = f(normalised x), for some rows; y has the columns that are seen. */
  void normalize(List<ChannelNorm> with, Matrix x, Matrix y) {
    for (int i = 0; i < with.size(); i++) {
      ChannelRuns.Run run = channels.runs().get(i);
      transforms.normalize(function, with.get(i), run.of(x), run.among(y));
    }
  }

  /** Begins an adjoint. */
  List<ChannelNorm> begin(int k, Matrix x) {
    primitives.fill(0, weightSum);
    primitives.fill(0, biasSum);
    return prepare(k, x, true);
  }

  /** The adjoint for some rows, without that of the statistics; dx has the columns of x. */
  void transpose(List<ChannelNorm> with, Matrix x, Matrix dy, double beta, Matrix dx) {
    for (int i = 0; i < with.size(); i++) {
      ChannelRuns.Run run = channels.runs().get(i);
      transforms.normalizeBackward(
          function,
          with.get(i),
          run.of(x),
          run.among(dy),
          beta,
          run.of(dx),
          run.among(weightSum),
          run.among(biasSum));
    }
  }

  /** Ends an adjoint: gradients of parameters and statistics. */
  void end(int k, Matrix x, Matrix dx) {
    primitives.axpby(1, weightSum, 1, weight.gradient(k));
    weight.accumulated(k);
    primitives.axpby(1, biasSum, 1, bias.gradient(k));
    bias.accumulated(k);
    if (binding.mode().isTraining()) {
      statistics.backward(weight.value(k), biasSum, weightSum, x, dx);
    }
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    List<ChannelNorm> with = begin(k, x);
    transpose(with, x, dy, beta, dx);
    end(k, x, dx);
  }
}
