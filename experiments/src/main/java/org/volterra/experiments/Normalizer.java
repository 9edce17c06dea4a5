package org.volterra.experiments;

import java.util.Arrays;
import org.volterra.train.Samples;

/** Inputs shifted and scaled column by column. */
final class Normalizer {
  private final double[] shift;
  private final double[] scale;

  private Normalizer(double[] shift, double[] scale) {
    this.shift = shift;
    this.scale = scale;
  }

  /** Divides by the largest absolute value of all columns. */
  static Normalizer max(Samples samples) {
    double largest = Arrays.stream(samples.inputs()).map(Math::abs).max().orElse(1);
    double[] scale = new double[samples.width()];
    Arrays.fill(scale, largest == 0 ? 1 : 1 / largest);
    return new Normalizer(new double[samples.width()], scale);
  }

  /** Gives every column mean 0 and deviation 1; constant columns become 0. */
  static Normalizer standard(Samples samples) {
    int width = samples.width();
    double[] inputs = samples.inputs();
    double[] mean = new double[width];
    double[] scale = new double[width];
    for (int i = 0; i < inputs.length; i++) {
      mean[i % width] += inputs[i] / samples.count();
    }
    for (int i = 0; i < inputs.length; i++) {
      double distance = inputs[i] - mean[i % width];
      scale[i % width] += distance * distance / samples.count();
    }
    for (int j = 0; j < width; j++) {
      scale[j] = scale[j] == 0 ? 1 : 1 / Math.sqrt(scale[j]);
    }
    return new Normalizer(mean, scale);
  }

  Samples.Split apply(Samples.Split split) {
    return new Samples.Split(apply(split.train()), apply(split.test()));
  }

  private Samples apply(Samples samples) {
    if (samples.width() != shift.length) {
      throw new IllegalArgumentException(
          "test samples have "
              + samples.width()
              + " inputs: the training samples have "
              + shift.length);
    }
    double[] inputs = samples.inputs();
    for (int i = 0; i < inputs.length; i++) {
      int j = i % shift.length;
      inputs[i] = (inputs[i] - shift[j]) * scale[j];
    }
    return samples.classes() > 0
        ? Samples.classification(inputs, samples.width(), samples.labels(), samples.classes())
        : Samples.regression(inputs, samples.width(), samples.targets(), samples.targetWidth());
  }
}
