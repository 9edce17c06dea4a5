package org.volterra.experiments;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.volterra.DenseNets;
import org.volterra.FeedForwardSpec;
import org.volterra.feature.BatchNorm;
import org.volterra.feature.Connectivity;
import org.volterra.feature.Convolution;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Pooling;
import org.volterra.feature.Residual;
import org.volterra.feature.Shape;
import org.volterra.feature.Stage;
import org.volterra.spi.Activation;

/** Networks of stages by name. */
final class StagePresets {
  /** What names there are. */
  static final String NAMES =
      "densenet121, densenet161, densenet169, densenet201; densenet-L-K and densenet-bc-L-K of L"
          + " layers with growth rate K, log-densenet-L-K and log-densenet-bc-L-K whose layers see"
          + " those 1, 2, 4, 8 … back; residual-L-D and plain-L-D of L convolutions with D"
          + " channels";

  private static final Pattern IMAGE_NET = Pattern.compile("densenet(\\d{3})");
  private static final Pattern FAMILY =
      Pattern.compile("((?:log-)?densenet(?:-bc)?|residual|plain)-(\\d{1,4})-(\\d{1,4})");

  private StagePresets() {}

  /**
   * The network of that name.
   *
   * @param shape the shape of a sample; null for the usual one
   * @throws IllegalArgumentException if there is none of that name, or the sample does not fit
   */
  static FeedForwardSpec find(String name, Shape shape, int classes) {
    Matcher imageNet = IMAGE_NET.matcher(name);
    if (imageNet.matches()) {
      FeedForwardSpec usual = DenseNets.imageNet(Integer.parseInt(imageNet.group(1)), classes);
      return shape == null ? usual : new FeedForwardSpec(shape, usual.transform());
    }
    Matcher family = FAMILY.matcher(name);
    if (!family.matches()) {
      throw new IllegalArgumentException(
          "network '" + name + "': there are " + NAMES + "; in depth " + DepthPresets.NAMES);
    }
    int layers = Integer.parseInt(family.group(2));
    int width = Integer.parseInt(family.group(3));
    String kind = family.group(1);
    if (!kind.contains("densenet")) {
      return chain(kind.equals("residual"), layers, width, shape, classes);
    }
    Connectivity connectivity =
        kind.startsWith("log-") ? Connectivity.logarithmic() : Connectivity.full();
    return on(shape, DenseNets.cifar(layers, width, kind.endsWith("-bc"), connectivity, classes));
  }

  private static FeedForwardSpec on(Shape shape, FeedForwardSpec usual) {
    return shape == null ? usual : new FeedForwardSpec(shape, usual.transform());
  }

  /** Convolutions of 3 × 3 on one grid, each behind batch normalisation and ReLU. */
  private static FeedForwardSpec chain(
      boolean isResidual, int layers, int width, Shape shape, int classes) {
    Stage relu = new Stage.Pointwise(Activation.RELU);
    FeatureTransform layer =
        FeatureTransform.of(BatchNorm.standard(), relu, Convolution.same(width, 3));
    FeatureTransform all = FeatureTransform.of(Convolution.same(width, 3));
    for (int l = 1; l < layers; l++) {
      all = all.then(isResidual ? FeatureTransform.of(new Residual(layer)) : layer);
    }
    return new FeedForwardSpec(
        shape == null ? new Shape(32, 32, 3) : shape,
        all.then(
            FeatureTransform.of(
                BatchNorm.standard(), relu, Pooling.global(), new Stage.Affine(classes))));
  }

  /**
   * The shape of samples of so many numbers: a square of one channel, or of three.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static Shape shapeOf(int width) {
    for (int channels : new int[] {1, 3}) {
      int side = (int) Math.round(Math.sqrt((double) width / channels));
      if (side * side * channels == width) {
        return new Shape(side, side, channels);
      }
    }
    throw new IllegalArgumentException(
        "samples of " + width + " numbers are no square image: give their --shape");
  }
}
