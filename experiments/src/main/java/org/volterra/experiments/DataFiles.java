package org.volterra.experiments;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.volterra.feature.Shape;
import org.volterra.io.CsvFormat;
import org.volterra.io.CsvReader;
import org.volterra.io.NpyFile;
import org.volterra.io.Table;
import org.volterra.io.Tensor;
import org.volterra.train.Samples;

/** Reads samples from the bundled data set, from tables, arrays and images in IDX format. */
final class DataFiles {
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

  static int column(Path file, Table table, String name) throws IOException {
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
  static double[] inputs(Path file, Table table, List<Integer> without) throws IOException {
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
    Pixels pixels = ImageDatasets.idx(images, labels);
    int count = classesOf(classes, pixels.labels());
    return named(
        labels, () -> ImageInputs.samples(pixels, Normalizer.none(), Augmentation.NONE, count));
  }

  /** Arrays, the first dimension of which counts samples: inputs, and class labels. */
  static Samples arrays(Path file, Path labelFile, int classes) throws IOException {
    Tensor inputs = NpyFile.read(file);
    Tensor marks = NpyFile.read(labelFile);
    if (inputs.shape().length < 2 || inputs.elementCount() == 0) {
      throw new IOException(
          file
              + " is an array "
              + Arrays.toString(inputs.shape())
              + ": samples x inputs is needed");
    }
    int count = Math.toIntExact(inputs.shape()[0]);
    int width = Math.toIntExact(inputs.elementCount() / count);
    int[] labels = new int[Math.toIntExact(marks.elementCount())];
    for (int i = 0; i < labels.length; i++) {
      double value = marks.doubleAt(i);
      labels[i] = (int) value;
      if (labels[i] != value || value < 0) {
        throw new IOException(
            labelFile
                + ": label "
                + i
                + " is "
                + value
                + ": class labels are whole numbers from 0");
      }
    }
    return named(
        file,
        () ->
            Samples.classification(
                inputs.toDoubleArray(), width, labels, classesOf(classes, labels)));
  }

  /** The shape of the samples of an array of samples x height x width (x channels), or null. */
  static Shape arrayShape(Path file) throws IOException {
    long[] shape = NpyFile.read(file).shape();
    return shape.length < 3 || shape.length > 4
        ? null
        : new Shape((int) shape[1], (int) shape[2], shape.length == 3 ? 1 : (int) shape[3]);
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
