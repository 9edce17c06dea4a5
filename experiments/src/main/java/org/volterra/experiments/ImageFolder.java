package org.volterra.experiments;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.volterra.feature.Shape;

/**
 * Images in folders, one for each class, PNG or JPEG. They are decoded whenever they are read;
 * those of another size are scaled so that they cover the shape, and cut in the middle.
 */
final class ImageFolder implements Pixels {
  private final Shape shape;
  private final List<Path> files;
  private final List<Integer> labels;

  private ImageFolder(Shape shape, List<Path> files, List<Integer> labels) {
    this.shape = shape;
    this.files = files;
    this.labels = labels;
  }

  /**
   * Lists a folder of folders.
   *
   * @param classes names of the classes, in order; null for the folders' own
   * @param shape the shape of images, or null for that of the first
   */
  static ImageFolder of(Path folder, List<String> classes, Shape shape) throws IOException {
    List<String> names = classes == null ? classes(folder) : classes;
    List<Path> files = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    for (int label = 0; label < names.size(); label++) {
      Path of = folder.resolve(names.get(label));
      for (Path file : Files.isDirectory(of) ? images(of) : List.<Path>of()) {
        files.add(file);
        labels.add(label);
      }
    }
    if (files.isEmpty()) {
      throw new IOException(
          folder
              + " holds no images: it must have a folder for each class, with PNG or JPEG files");
    }
    Shape wanted = shape == null ? shapeOf(files.getFirst()) : shape;
    return new ImageFolder(wanted, files, labels);
  }

  /** The names of the folders in a folder. */
  static List<String> classes(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(Files::isDirectory).map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  /** The images in a folder, by their names. */
  static List<Path> images(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(ImageFolder::isImage).sorted().toList();
    }
  }

  /** Whether a file's name is that of an image. */
  static boolean isImage(Path file) {
    return file.getFileName().toString().toLowerCase(Locale.ROOT).matches(".*\\.(png|jpg|jpeg)");
  }

  private static BufferedImage decode(Path file) throws IOException {
    BufferedImage image;
    try (InputStream in = Files.newInputStream(file)) {
      image = ImageIO.read(in);
    } catch (NoSuchFileException | AccessDeniedException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(file + " is a damaged image: " + e.getMessage(), e);
    }
    if (image == null) {
      throw new IOException(file + " is no image that can be read: PNG and JPEG are");
    }
    return image;
  }

  /** The shape of an image: one channel if it is gray, else three. */
  static Shape shapeOf(Path file) throws IOException {
    BufferedImage image = decode(file);
    int channels = image.getRaster().getNumBands() <= 2 ? 1 : 3;
    return new Shape(image.getHeight(), image.getWidth(), channels);
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public int[] labels() {
    return labels.stream().mapToInt(i -> i).toArray();
  }

  @Override
  public int count() {
    return files.size();
  }

  @Override
  public void read(int image, byte[] target) throws IOException {
    read(files.get(image), shape, target);
  }

  /** Reads a file in a shape. */
  static void read(Path file, Shape shape, byte[] target) throws IOException {
    BufferedImage image = decode(file);
    boolean isGray = shape.channels() == 1;
    boolean fits = image.getWidth() == shape.width() && image.getHeight() == shape.height();
    if (isGray && fits && image.getRaster().getNumBands() == 1) {
      int[] samples =
          image.getRaster().getSamples(0, 0, shape.width(), shape.height(), 0, (int[]) null);
      for (int i = 0; i < samples.length; i++) {
        target[i] = (byte) samples[i];
      }
      return;
    }
    int type = isGray ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
    BufferedImage drawn = new BufferedImage(shape.width(), shape.height(), type);
    Graphics2D graphics = drawn.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    double factor =
        Math.max(
            (double) shape.width() / image.getWidth(), (double) shape.height() / image.getHeight());
    int width = (int) Math.round(factor * image.getWidth());
    int height = (int) Math.round(factor * image.getHeight());
    graphics.drawImage(
        image, (shape.width() - width) / 2, (shape.height() - height) / 2, width, height, null);
    graphics.dispose();
    for (int i = 0; i < shape.positions(); i++) {
      int x = i % shape.width();
      int y = i / shape.width();
      if (isGray) {
        target[i] = (byte) drawn.getRaster().getSample(x, y, 0);
      } else {
        int rgb = drawn.getRGB(x, y);
        target[3 * i] = (byte) (rgb >> 16);
        target[3 * i + 1] = (byte) (rgb >> 8);
        target[3 * i + 2] = (byte) rgb;
      }
    }
  }

  @Override
  public boolean isSlow() {
    return true;
  }
}
