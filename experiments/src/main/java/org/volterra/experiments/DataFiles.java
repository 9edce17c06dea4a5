package org.volterra.experiments;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.volterra.io.CsvFormat;
import org.volterra.io.CsvReader;
import org.volterra.io.Table;
import org.volterra.train.Samples;

/** Reads samples from the bundled data set, from tables and from images in IDX format. */
final class DataFiles {
  private static final int IDX_LABELS = 0x801;
  private static final int IDX_IMAGES = 0x803;

  private static final int DIGITS_TO_TRAIN = 1437;

  private DataFiles() {}

  /** The bundled digits, 1437 for training and 360 for tests. */
  static Samples.Split digits(long splitSeed) throws IOException {
    return digits().split(DIGITS_TO_TRAIN, splitSeed);
  }

  /** The bundled digits. */
  static Samples digits() throws IOException {
    Path copy = Files.createTempFile("volterra-digits", ".csv.gz");
    try (InputStream in = DataFiles.class.getResourceAsStream("data/digits.csv.gz")) {
      Files.write(copy, in.readAllBytes());
      return labelledTable(copy, "label", 10);
    } finally {
      Files.delete(copy);
    }
  }

  /** A table with class labels in one column, the last one by default. */
  static Samples labelledTable(Path file, String labelColumn, int classes) throws IOException {
    Table table = CsvReader.read(file, CsvFormat.DEFAULT);
    int label = labelColumn == null ? table.columns() - 1 : column(file, table, labelColumn);
    int[] labels = new int[table.rows()];
    int largest = 0;
    for (int i = 0; i < labels.length; i++) {
      double value = table.get(i, label);
      labels[i] = (int) value;
      if (labels[i] != value || labels[i] < 0) {
        throw new IOException(
            file
                + ": the label of row "
                + (i + 1)
                + " in column '"
                + table.names().get(label)
                + "' is "
                + value
                + ": class labels are whole numbers from 0");
      }
      largest = Math.max(largest, labels[i]);
    }
    double[] inputs = inputs(file, table, List.of(label));
    return named(
        file,
        () ->
            Samples.classification(
                inputs, table.columns() - 1, labels, classesOf(classes, labels)));
  }

  private static int classesOf(int asked, int[] labels) {
    int largest = 1;
    for (int label : labels) {
      largest = Math.max(largest, label);
    }
    return asked == 0 ? largest + 1 : asked;
  }

  /** A table with real targets. */
  static Samples targetTable(Path file, List<String> targetColumns) throws IOException {
    Table table = CsvReader.read(file, CsvFormat.DEFAULT);
    List<Integer> columns = new ArrayList<>();
    for (String name : targetColumns) {
      columns.add(column(file, table, name));
    }
    double[] targets = new double[table.rows() * columns.size()];
    for (int i = 0; i < table.rows(); i++) {
      for (int j = 0; j < columns.size(); j++) {
        targets[i * columns.size() + j] = table.get(i, columns.get(j));
      }
    }
    double[] inputs = inputs(file, table, columns);
    return named(
        file,
        () -> Samples.regression(inputs, inputs.length / table.rows(), targets, columns.size()));
  }

  private static int column(Path file, Table table, String name) throws IOException {
    int index = table.names().indexOf(name);
    if (index < 0 && name.matches("\\d{1,9}")) {
      index = Integer.parseInt(name);
    }
    if (index < 0 || index >= table.columns()) {
      throw new IOException(
          file
              + " has no column '"
              + name
              + "': its columns are "
              + names(table)
              + ", numbered 0.."
              + (table.columns() - 1));
    }
    return index;
  }

  private static String names(Table table) {
    List<String> names = table.names();
    return names.size() <= 12
        ? String.join(", ", names)
        : String.join(", ", names.subList(0, 10)) + ", …, " + names.getLast();
  }

  /** All columns but some, which must all be finite. */
  private static double[] inputs(Path file, Table table, List<Integer> without) throws IOException {
    int width = table.columns() - (int) without.stream().distinct().count();
    if (width < 1) {
      throw new IOException(file + " has no column left for inputs");
    }
    double[] inputs = new double[Math.multiplyExact(table.rows(), width)];
    int at = 0;
    for (int i = 0; i < table.rows(); i++) {
      for (int j = 0; j < table.columns(); j++) {
        if (!without.contains(j)) {
          inputs[at++] = table.get(i, j);
        }
        if (!Double.isFinite(table.get(i, j))) {
          throw new IOException(
              file
                  + ": row "
                  + (i + 1)
                  + ", column '"
                  + table.names().get(j)
                  + "' is "
                  + table.get(i, j)
                  + ": all values must be finite");
        }
      }
    }
    return inputs;
  }

  /** Images and labels in the format of MNIST (IDX), each may be gzipped. */
  static Samples idx(Path images, Path labels, int classes) throws IOException {
    ByteBuffer pixels = idxContent(images, IDX_IMAGES, 3);
    ByteBuffer marks = idxContent(labels, IDX_LABELS, 1);
    int count = pixels.getInt(4);
    int width = Math.multiplyExact(pixels.getInt(8), pixels.getInt(12));
    if (marks.getInt(4) != count) {
      throw new IOException(
          labels + " has " + marks.getInt(4) + " labels: " + images + " has " + count + " images");
    }
    double[] inputs = new double[Math.multiplyExact(count, width)];
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = Byte.toUnsignedInt(pixels.get(16 + i));
    }
    int[] all = new int[count];
    for (int i = 0; i < count; i++) {
      all[i] = Byte.toUnsignedInt(marks.get(8 + i));
    }
    return named(labels, () -> Samples.classification(inputs, width, all, classesOf(classes, all)));
  }

  private static ByteBuffer idxContent(Path file, int magic, int dimensions) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    if (bytes.length > 2 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b) {
      try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
        bytes = in.readAllBytes();
      }
    }
    ByteBuffer content = ByteBuffer.wrap(bytes);
    if (bytes.length < 4 + 4 * dimensions || content.getInt(0) != magic) {
      throw new IOException(
          file
              + " is no IDX file of "
              + (magic == IDX_IMAGES ? "images" : "labels")
              + ": it must begin with "
              + String.format("0x%08x", magic));
    }
    long expected = 1;
    for (int d = 0; d < dimensions; d++) {
      int size = content.getInt(4 + 4 * d);
      if (size < 1) {
        throw new IOException(file + ": dimension " + d + " is " + size + ": must be at least 1");
      }
      expected = Math.multiplyExact(expected, (long) size);
    }
    if (bytes.length - (4L + 4L * dimensions) != expected) {
      throw new IOException(
          file
              + " has "
              + (bytes.length - (4L + 4L * dimensions))
              + " bytes of data: its header promises "
              + expected);
    }
    return content;
  }

  /** Names the file in what the samples' own checks say. */
  private static Samples named(Path file, java.util.function.Supplier<Samples> make)
      throws IOException {
    try {
      return make.get();
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
