package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.volterra.io.CsvFormat;
import org.volterra.io.CsvReader;
import org.volterra.io.NpyFile;
import org.volterra.io.Table;
import org.volterra.io.Tensor;

/** Samples without labels, from a table or an array. */
final class InputFile implements SampleInputs {
  private final Path file;
  private final int count;
  private final int width;
  private final double[] values;

  private InputFile(Path file, int count, double[] values) {
    this.file = file;
    this.count = count;
    this.width = values.length / count;
    this.values = values;
  }

  /**
   * Reads a file.
   *
   * @param without columns of a table that are no inputs
   * @throws IOException if it cannot be read, is empty, or holds a number that is not finite
   */
  static InputFile read(Path file, List<String> without) throws IOException {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    InputFile samples = name.endsWith(".npy") ? array(file, without) : table(file, without);
    for (int i = 0; i < samples.values.length; i++) {
      if (!Double.isFinite(samples.values[i])) {
        throw new IOException(
            file
                + ": input "
                + i % samples.width
                + " of sample "
                + i / samples.width
                + " is "
                + samples.values[i]
                + ": must be finite");
      }
    }
    return samples;
  }

  private static InputFile array(Path file, List<String> without) throws IOException {
    if (!without.isEmpty()) {
      throw new IOException(file + " is an array: --without goes with tables");
    }
    Tensor tensor = NpyFile.read(file);
    long[] shape = tensor.shape();
    if (shape.length == 0 || tensor.elementCount() == 0) {
      throw new IOException(file + " holds no samples: its first dimension must count them");
    }
    return new InputFile(file, Math.toIntExact(shape[0]), tensor.toDoubleArray());
  }

  private static InputFile table(Path file, List<String> without) throws IOException {
    Table table = CsvReader.read(file, CsvFormat.DEFAULT);
    if (table.rows() == 0) {
      throw new IOException(file + " holds no samples");
    }
    List<Integer> dropped = new ArrayList<>();
    for (String column : without) {
      dropped.add(DataFiles.column(file, table, column));
    }
    return new InputFile(file, table.rows(), DataFiles.inputs(file, table, dropped));
  }

  @Override
  public void requireWidth(int needed, String shape) throws IOException {
    if (width != needed) {
      throw new IOException(
          file
              + " has "
              + width
              + " numbers a sample: the network takes "
              + needed
              + " ("
              + shape
              + ")"
              + (width > needed ? "; --without leaves columns such as labels out" : ""));
    }
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int width() {
    return width;
  }

  @Override
  public void read(int sample, double[] target, int offset) {
    System.arraycopy(values, sample * width, target, offset, width);
  }
}
