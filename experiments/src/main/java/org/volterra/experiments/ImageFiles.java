package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.volterra.feature.Shape;

/** An image, or those of a folder and of the folders in it: each a sample, decoded when read. */
final class ImageFiles implements SampleInputs {
  private final Path place;
  private final Shape shape;
  private final List<Path> files;
  private final byte[] pixels;

  private ImageFiles(Path place, Shape shape, List<Path> files) {
    this.place = place;
    this.shape = shape;
    this.files = files;
    pixels = new byte[shape.positions() * shape.channels()];
  }

  /** Whether samples there are images. */
  static boolean isImages(Path place) {
    return Files.isDirectory(place) || ImageFolder.isImage(place);
  }

  /**
   * Lists images.
   *
   * @param model what they are for, to be named in messages
   * @param shape what it takes, or null
   * @throws IOException if the model takes none, or there are none
   */
  static ImageFiles of(Path place, Path model, Shape shape) throws IOException {
    if (shape == null) {
      throw new IOException(
          model
              + " does not say what images it takes, since it was not trained on a set of them"
              + " (train --data KIND:DIR): give it numbers, as CSV or NPY");
    }
    if (!Files.isDirectory(place)) {
      return new ImageFiles(place, shape, List.of(place));
    }
    List<Path> files = new ArrayList<>(ImageFolder.images(place));
    for (String below : ImageFolder.classes(place)) {
      files.addAll(ImageFolder.images(place.resolve(below)));
    }
    if (files.isEmpty()) {
      throw new IOException(
          place + " holds no images: PNG and JPEG files are, there and in the folders in it");
    }
    return new ImageFiles(place, shape, files);
  }

  @Override
  public int count() {
    return files.size();
  }

  @Override
  public int width() {
    return pixels.length;
  }

  @Override
  public void requireWidth(int needed, String takes) throws IOException {
    if (width() != needed) {
      throw new IOException(
          "the model is for images of " + shape + ", but its network takes " + takes);
    }
  }

  @Override
  public void read(int sample, double[] target, int offset) throws IOException {
    ImageFolder.read(files.get(sample), shape, pixels);
    for (int j = 0; j < pixels.length; j++) {
      target[offset + j] = Byte.toUnsignedInt(pixels[j]);
    }
  }

  @Override
  public List<String> names() {
    return files.stream()
        .map(file -> file.equals(place) ? file.toString() : place.relativize(file).toString())
        .toList();
  }
}
