package org.volterra.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.volterra.feature.Shape;
import org.volterra.train.InputSource;
import org.volterra.train.Samples;

/** Images as inputs: scaled, and in random variants where they are trained on. */
record ImageInputs(Pixels pixels, Normalizer normalizer, Augmentation augmentation)
    implements InputSource {
  /** Images that decide about a scale. */
  private static final int MOST_MEASURED = 5000;

  /** Labelled samples. */
  static Samples samples(
      Pixels pixels, Normalizer normalizer, Augmentation augmentation, int classes) {
    return Samples.classification(
        new ImageInputs(pixels, normalizer, augmentation), pixels.labels(), classes);
  }

  /** Mean 0 and deviation 1 of each channel, of some images evenly spread over all. */
  static Normalizer standard(Pixels pixels) throws IOException {
    Shape shape = pixels.shape();
    int count = pixels.count();
    int measured = Math.min(count, MOST_MEASURED);
    double[] sum = new double[shape.channels()];
    double[] squares = new double[shape.channels()];
    byte[] image = new byte[shape.positions() * shape.channels()];
    for (int i = 0; i < measured; i++) {
      pixels.read((int) ((long) count * i / measured), image);
      for (int j = 0; j < image.length; j++) {
        double value = Byte.toUnsignedInt(image[j]);
        sum[j % sum.length] += value;
        squares[j % sum.length] += value * value;
      }
    }
    double[] scale = new double[sum.length];
    long numbers = (long) measured * shape.positions();
    for (int c = 0; c < sum.length; c++) {
      sum[c] /= numbers;
      double variance = squares[c] / numbers - sum[c] * sum[c];
      scale[c] = variance > 0 ? 1 / Math.sqrt(variance) : 1;
    }
    return new Normalizer(sum, scale);
  }

  @Override
  public int count() {
    return pixels.count();
  }

  @Override
  public int width() {
    return pixels.shape().positions() * pixels.shape().channels();
  }

  @Override
  public void read(int sample, long draw, double[] target, int offset) {
    byte[] image = new byte[width()];
    try {
      pixels.read(sample, image);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    boolean isPlain = draw == PLAIN || augmentation.isNone();
    double[] scaled = isPlain ? target : new double[image.length];
    int begin = isPlain ? offset : 0;
    for (int j = 0; j < image.length; j++) {
      scaled[begin + j] = normalizer.apply(Byte.toUnsignedInt(image[j]), j);
    }
    if (!isPlain) {
      augmentation.apply(draw, pixels.shape(), scaled, target, offset);
    }
  }

  @Override
  public boolean isPrefetched() {
    return pixels.isSlow() || width() >= 1024 || !augmentation.isNone();
  }
}
