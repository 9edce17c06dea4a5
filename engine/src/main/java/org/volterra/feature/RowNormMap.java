package org.volterra.feature;

import org.volterra.depth.DepthParameter;
import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;

/** Layer or RMS normalisation: rows are normalised, then channels scaled and shifted. */
final class RowNormMap implements StageMap {
  private final Primitives primitives;
  private final TransformPrimitives transforms;
  private final boolean centered;
  private final double epsilon;
  private final DepthParameter weight;
  private final DepthParameter bias;
  private final Matrix unit;
  private final Matrix unitGradient;
  private final Matrix zeros;
  private final Matrix weightSum;
  private final Matrix biasSum;

  RowNormMap(FeatureBinding binding, RowNorm norm, Shape input, int batch) {
    primitives = binding.primitives();
    transforms = binding.nonLocal();
    centered = norm.kind() == RowNorm.Kind.LAYER;
    epsilon = norm.epsilon();
    weight = binding.parameter("weight");
    bias = centered ? binding.parameter("bias") : null;
    int n = input.channels();
    int rows = batch * input.positions();
    unit = binding.shared("row-norm.unit", rows, n);
    unitGradient = binding.shared("row-norm.gradient", rows, n);
    zeros = binding.own("zeros", 1, n);
    weightSum = binding.own("weight-sum", 1, n);
    biasSum = binding.own("bias-sum", 1, n);
  }

  private ChannelNorm norm(int k) {
    if (bias == null) {
      primitives.fill(0, zeros);
    }
    return new ChannelNorm(null, null, weight.value(k), bias == null ? zeros : bias.value(k));
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    transforms.normalizeRows(centered, epsilon, x, unit);
    transforms.normalize(Activation.IDENTITY, norm(k), unit, y);
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    transforms.normalizeRows(centered, epsilon, x, unit);
    primitives.fill(0, weightSum);
    primitives.fill(0, biasSum);
    transforms.normalizeBackward(
        Activation.IDENTITY, norm(k), unit, dy, 0, unitGradient, weightSum, biasSum);
    primitives.axpby(1, weightSum, 1, weight.gradient(k));
    weight.accumulated(k);
    if (bias != null) {
      primitives.axpby(1, biasSum, 1, bias.gradient(k));
      bias.accumulated(k);
    }
    transforms.normalizeRowsBackward(centered, epsilon, x, unitGradient, beta, dx);
  }
}
