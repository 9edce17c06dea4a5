package org.volterra.feature;

import org.volterra.depth.DepthParameter;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.spi.TransformPrimitives;
import org.volterra.spi.Window;

/** A convolution. */
final class ConvolutionMap implements StageMap {
  private final Primitives primitives;
  private final TransformPrimitives transforms;
  private final Window window;
  private final int groups;
  private final DepthParameter weight;
  private final DepthParameter bias;

  ConvolutionMap(FeatureBinding binding, Convolution convolution, Shape input) {
    primitives = binding.primitives();
    transforms = binding.nonLocal();
    window = convolution.window().on(input);
    groups = convolution.groups();
    weight = binding.parameter("weight");
    bias = convolution.hasBias() ? binding.parameter("bias") : null;
  }

  @Override
  public boolean isExpensive() {
    return true;
  }

  @Override
  public void forward(int k, Matrix x, Matrix y, boolean again) {
    if (bias != null) {
      primitives.addRow(1, bias.value(k), 0, y);
    }
    transforms.convolve(window, groups, x, weight.value(k), bias == null ? 0 : 1, y);
  }

  @Override
  public void adjoint(int k, Matrix x, Matrix y, Matrix dy, double beta, Matrix dx) {
    transforms.convolveTransposed(window, groups, dy, weight.value(k), beta, dx);
    transforms.convolveGradient(window, groups, x, dy, weight.gradient(k));
    weight.accumulated(k);
    if (bias != null) {
      primitives.columnSums(1, dy, 1, bias.gradient(k));
      bias.accumulated(k);
    }
  }
}
