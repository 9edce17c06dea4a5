package org.volterra.experiments;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.volterra.feature.Shape;

/**
 * Random variants of images: moved by at most some pixels, with zeros where nothing is left;
 * flipped left to right; with a square of zeros somewhere, at the border in part.
 *
 * @param crop the most pixels that an image moves in each direction
 * @param flips whether half of the images are flipped
 * @param cutout side of the square, 0 for none
 */
record Augmentation(int crop, boolean flips, int cutout) {
  static final Augmentation NONE = new Augmentation(0, false, 0);

  private static final RandomGeneratorFactory<RandomGenerator> FACTORY =
      RandomGeneratorFactory.of("L64X128MixRandom");

  /**
   * Reads words such as crop:4, flip and cutout:8.
   *
   * @throws IllegalArgumentException if one is malformed
   */
  static Augmentation parse(List<String> words) {
    int crop = 0;
    boolean flips = false;
    int cutout = 0;
    for (String word : words) {
      if (word.equals("flip")) {
        flips = true;
      } else if (word.matches("crop:[1-9]\\d{0,3}")) {
        crop = Integer.parseInt(word.substring(5));
      } else if (word.matches("cutout:[1-9]\\d{0,3}")) {
        cutout = Integer.parseInt(word.substring(7));
      } else {
        throw new IllegalArgumentException(
            "--augment " + word + ": must be crop:PIXELS, flip or cutout:PIXELS");
      }
    }
    return new Augmentation(crop, flips, cutout);
  }

  boolean isNone() {
    return equals(NONE);
  }

  /**
   * Makes a variant.
   *
   * @param draw its seed
   * @param from an image, channels of a pixel together
   * @param target receives the variant
   * @param offset where it begins
   */
  void apply(long draw, Shape shape, double[] from, double[] target, int offset) {
    RandomGenerator random = FACTORY.create(draw);
    int down = random.nextInt(2 * crop + 1) - crop;
    int right = random.nextInt(2 * crop + 1) - crop;
    boolean isFlipped = flips && random.nextBoolean();
    int top = random.nextInt(shape.height()) - cutout / 2;
    int left = random.nextInt(shape.width()) - cutout / 2;
    int channels = shape.channels();
    for (int y = 0; y < shape.height(); y++) {
      for (int x = 0; x < shape.width(); x++) {
        int fromY = y - down;
        int fromX = (isFlipped ? shape.width() - 1 - x : x) - right;
        boolean isCut = y >= top && y < top + cutout && x >= left && x < left + cutout;
        boolean isInside =
            fromY >= 0 && fromY < shape.height() && fromX >= 0 && fromX < shape.width();
        int to = offset + (y * shape.width() + x) * channels;
        for (int c = 0; c < channels; c++) {
          target[to + c] =
              isCut || !isInside ? 0 : from[(fromY * shape.width() + fromX) * channels + c];
        }
      }
    }
  }
}
