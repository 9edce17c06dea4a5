package org.volterra.experiments;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.volterra.feature.Shape;

/** The usual sets of images, as their homes give them, in a folder of the user's. */
final class ImageDatasets {
  /** What kinds there are. */
  static final String KINDS = "mnist, fashion-mnist, cifar10, cifar100 and images";

  private static final List<String> FASHION =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");
  private static final Shape CIFAR = new Shape(32, 32, 3);
  private static final int IDX_LABELS = 0x801;
  private static final int IDX_IMAGES = 0x803;

  private ImageDatasets() {}

  /**
   * Training and test images.
   *
   * @param test null if the folder does not part them
   * @param classes names of the classes
   */
  record Images(Pixels train, Pixels test, List<String> classes) {}

  /** Whether a word before a colon is a kind of set. */
  static boolean isKind(String word) {
    return List.of("mnist", "fashion-mnist", "cifar10", "cifar100", "images").contains(word);
  }

  /**
   * Reads a set.
   *
   * @param shape of images in folders; null for that of the first
   */
  static Images read(String kind, Path folder, Shape shape) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + " is no folder: " + home(kind));
    }
    return switch (kind) {
      case "mnist", "fashion-mnist" ->
          new Images(
              idx(kind, folder, "train"),
              idx(kind, folder, "t10k"),
              kind.equals("mnist") ? numbers(10) : FASHION);
      case "cifar10" ->
          new Images(
              cifar(
                  kind,
                  folder,
                  IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i + ".bin").toList(),
                  1,
                  10),
              cifar(kind, folder, List.of("test_batch.bin"), 1, 10),
              names(kind, folder, "batches.meta.txt", 10));
      case "cifar100" ->
          new Images(
              cifar(kind, folder, List.of("train.bin"), 2, 100),
              cifar(kind, folder, List.of("test.bin"), 2, 100),
              names(kind, folder, "fine_label_names.txt", 100));
      default -> folders(folder, shape);
    };
  }

  /** Where a set comes from. */
  private static String home(String kind) {
    return switch (kind) {
      case "mnist" -> "get the four .gz files of MNIST, http://yann.lecun.com/exdb/mnist/";
      case "fashion-mnist" ->
          "get the four .gz files of https://github.com/zalandoresearch/fashion-mnist";
      case "cifar10" ->
          "get and unpack cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html";
      case "cifar100" ->
          "get and unpack cifar-100-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html";
      default -> "images are in a folder for each class, or such folders in train and test";
    };
  }

  private static Images folders(Path folder, Shape shape) throws IOException {
    Path train = folder.resolve("train");
    if (!Files.isDirectory(train)) {
      List<String> classes = ImageFolder.classes(folder);
      return new Images(ImageFolder.of(folder, classes, shape), null, classes);
    }
    List<String> classes = ImageFolder.classes(train);
    Pixels training = ImageFolder.of(train, classes, shape);
    for (String name : List.of("test", "val")) {
      Path held = folder.resolve(name);
      if (Files.isDirectory(held)) {
        return new Images(training, ImageFolder.of(held, classes, training.shape()), classes);
      }
    }
    return new Images(training, null, classes);
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(String::valueOf).toList();
  }

  /** The names of classes from a text that lies beside the images; numbers where it is missing. */
  private static List<String> names(String kind, Path folder, String file, int count)
      throws IOException {
    Optional<Path> text = lookUp(folder, List.of(file));
    if (text.isEmpty()) {
      return numbers(count);
    }
    List<String> names =
        Files.readAllLines(text.get()).stream()
            .map(String::strip)
            .filter(n -> !n.isEmpty())
            .toList();
    if (names.size() != count) {
      throw new IOException(
          text.get() + " has " + names.size() + " names: " + count + " are needed; " + home(kind));
    }
    return names;
  }

  /** A file under one of its names, in the folder or one below. */
  private static Path find(String kind, Path folder, List<String> names) throws IOException {
    return lookUp(folder, names)
        .orElseThrow(() ->
            new IOException(
                folder + " has no file " + String.join(" or ", names) + ": " + home(kind)));
  }

  private static Optional<Path> lookUp(Path folder, List<String> names) throws IOException {
    List<Path> places = new ArrayList<>(List.of(folder));
    for (String below : ImageFolder.classes(folder)) {
      places.add(folder.resolve(below));
    }
    for (Path place : places) {
      for (String name : names) {
        if (Files.isRegularFile(place.resolve(name))) {
          return Optional.of(place.resolve(name));
        }
      }
    }
    return Optional.empty();
  }

  private static DataInputStream open(Path file) throws IOException {
    InputStream raw = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    boolean complete = false;
    try {
      raw.mark(2);
      boolean isPacked = raw.read() == 0x1f && raw.read() == 0x8b;
      raw.reset();
      InputStream content = isPacked ? new GZIPInputStream(raw, 1 << 16) : raw;
      complete = true;
      return new DataInputStream(content);
    } finally {
      if (!complete) {
        raw.close();
      }
    }
  }

  private static Pixels idx(String kind, Path folder, String part) throws IOException {
    return idx(
        find(kind, folder, idxNames(part + "-images", "idx3")),
        find(kind, folder, idxNames(part + "-labels", "idx1")));
  }

  private static List<String> idxNames(String name, String type) {
    return List.of(
        name + "-" + type + "-ubyte.gz",
        name + "-" + type + "-ubyte",
        name + "." + type + "-ubyte");
  }

  /** Images and labels in the format of MNIST, each may be gzipped. */
  static StoredPixels idx(Path images, Path labels) throws IOException {
    int[] sizes = new int[3];
    byte[] pixels = idx(images, IDX_IMAGES, sizes);
    int[] count = new int[1];
    byte[] marks = idx(labels, IDX_LABELS, count);
    if (count[0] != sizes[0]) {
      throw new IOException(
          labels + " has " + count[0] + " labels: " + images + " has " + sizes[0] + " images");
    }
    int[] all = new int[marks.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = Byte.toUnsignedInt(marks[i]);
    }
    return new StoredPixels(new Shape(sizes[1], sizes[2], 1), all, pixels);
  }

  private static byte[] idx(Path file, int magic, int[] sizes) throws IOException {
    try (DataInputStream in = open(file)) {
      if (in.readInt() != magic) {
        throw new IOException(
            file
                + " is no IDX file of "
                + (magic == IDX_IMAGES ? "images" : "labels")
                + ": it must begin with "
                + String.format("0x%08x", magic));
      }
      long expected = 1;
      for (int d = 0; d < sizes.length; d++) {
        sizes[d] = in.readInt();
        if (sizes[d] < 1) {
          throw new IOException(
              file + ": dimension " + d + " is " + sizes[d] + ": must be at least 1");
        }
        expected = Math.multiplyExact(expected, (long) sizes[d]);
      }
      if (expected > Integer.MAX_VALUE - 8) {
        throw new IOException(file + " promises " + expected + " bytes: too many for memory");
      }
      byte[] bytes = in.readNBytes((int) expected);
      int more = in.readNBytes(1).length;
      if (bytes.length != expected || more > 0) {
        throw new IOException(
            file
                + " has "
                + (more > 0 ? "more than " : "")
                + bytes.length
                + " bytes of data: its header promises "
                + expected);
      }
      return bytes;
    } catch (EOFException e) {
      throw new IOException(file + " ends in its header: it is no IDX file", e);
    }
  }

  /** Records of label bytes, the last of which counts, and the planes of red, green and blue. */
  private static Pixels cifar(String kind, Path folder, List<String> names, int marks, int classes)
      throws IOException {
    int plane = CIFAR.positions();
    int record = marks + 3 * plane;
    List<byte[]> files = new ArrayList<>();
    int count = 0;
    for (String name : names) {
      Path file = find(kind, folder, List.of(name, name + ".gz"));
      try (DataInputStream in = open(file)) {
        byte[] bytes = in.readAllBytes();
        if (bytes.length == 0 || bytes.length % record != 0) {
          throw new IOException(
              file
                  + " has "
                  + bytes.length
                  + " bytes: a multiple of the "
                  + record
                  + " of an image is needed; "
                  + home(kind));
        }
        for (int at = 0; at < bytes.length; at += record) {
          int label = Byte.toUnsignedInt(bytes[at + marks - 1]);
          if (label >= classes) {
            throw new IOException(
                file
                    + ": the label of image "
                    + at / record
                    + " is "
                    + label
                    + ": must be below "
                    + classes);
          }
        }
        files.add(bytes);
        count += bytes.length / record;
      }
    }
    int[] labels = new int[count];
    byte[] pixels = new byte[Math.multiplyExact(count, 3 * plane)];
    int image = 0;
    for (byte[] bytes : files) {
      for (int at = 0; at < bytes.length; at += record, image++) {
        labels[image] = Byte.toUnsignedInt(bytes[at + marks - 1]);
        for (int i = 0; i < 3 * plane; i++) {
          pixels[image * 3 * plane + i % plane * 3 + i / plane] = bytes[at + marks + i];
        }
      }
    }
    return new StoredPixels(CIFAR, labels, pixels);
  }
}
