package org.volterra.experiments;

import java.io.IOException;
import org.volterra.feature.Shape;

/** Labelled images of one shape, as bytes. Thread-safe. */
interface Pixels {
  /** The shape of an image. */
  Shape shape();

  /** The class of each image. */
  int[] labels();

  /** Number of images. */
  int count();

  /** Reads an image: row by row, pixel by pixel, the channels of a pixel together. */
  void read(int image, byte[] target) throws IOException;

  /** Whether an image must be decoded anew each time. */
  boolean isSlow();
}
