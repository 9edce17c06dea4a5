package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.volterra.io.AtomicFiles;
import org.volterra.io.NpyFile;
import org.volterra.io.Tensor;

/** Results of a network: some numbers at each position of each sample. */
final class Predictions {
  private static final Gson GSON = new Gson();

  private final Kind kind;
  private final int positions;
  private final int columns;
  private final double[] values;

  /** What is made of outputs. */
  enum Kind {
    OUTPUTS,
    PROBABILITIES,
    CLASSES
  }

  /**
   * Makes what is wanted of outputs.
   *
   * @param outputs samples x positions x width
   */
  Predictions(Kind kind, double[] outputs, int positions, int width) {
    this.kind = kind;
    this.positions = positions;
    columns = kind == Kind.CLASSES ? 1 : width;
    values =
        switch (kind) {
          case OUTPUTS -> outputs.clone();
          case PROBABILITIES -> softmax(outputs, width);
          case CLASSES -> largest(outputs, width);
        };
  }

  private static double[] softmax(double[] outputs, int width) {
    double[] all = outputs.clone();
    for (int from = 0; from < all.length; from += width) {
      double most = all[from + index(all, from, width)];
      double sum = 0;
      for (int j = from; j < from + width; j++) {
        all[j] = Math.exp(all[j] - most);
        sum += all[j];
      }
      for (int j = from; j < from + width; j++) {
        all[j] /= sum;
      }
    }
    return all;
  }

  private static double[] largest(double[] outputs, int width) {
    double[] all = new double[outputs.length / width];
    for (int i = 0; i < all.length; i++) {
      all[i] = index(outputs, i * width, width);
    }
    return all;
  }

  private static int index(double[] outputs, int from, int width) {
    int best = 0;
    for (int j = 1; j < width; j++) {
      best = outputs[from + j] > outputs[from + best] ? j : best;
    }
    return best;
  }

  private List<String> names() {
    String word =
        switch (kind) {
          case OUTPUTS -> "output";
          case PROBABILITIES -> "probability";
          case CLASSES -> "class";
        };
    List<String> names = new ArrayList<>();
    for (int i = 0; i < positions; i++) {
      for (int j = 0; j < columns; j++) {
        names.add(word + (positions > 1 ? "_" + i : "") + (kind == Kind.CLASSES ? "" : "_" + j));
      }
    }
    return names;
  }

  /** Classes are whole numbers. */
  private Number number(double value) {
    if (kind == Kind.CLASSES) {
      return (int) value;
    }
    return value;
  }

  /** A line of names, and one for each sample. */
  String csv() {
    StringBuilder text = new StringBuilder(String.join(",", names())).append('\n');
    int each = positions * columns;
    for (int i = 0; i < values.length; i++) {
      text.append(number(values[i])).append((i + 1) % each == 0 ? '\n' : ',');
    }
    return text.toString();
  }

  /** An array for each sample; of arrays for each position where there are several. */
  String json() {
    JsonArray samples = new JsonArray();
    for (int from = 0; from < values.length; from += positions * columns) {
      if (positions == 1 || kind == Kind.CLASSES) {
        samples.add(row(from, positions * columns));
        continue;
      }
      JsonArray sample = new JsonArray();
      for (int i = 0; i < positions; i++) {
        sample.add(row(from + i * columns, columns));
      }
      samples.add(sample);
    }
    return GSON.toJson(samples) + "\n";
  }

  private JsonArray row(int from, int count) {
    JsonArray row = new JsonArray();
    for (int j = from; j < from + count; j++) {
      row.add(number(values[j]));
    }
    return row;
  }

  void writeCsv(Path file) throws IOException {
    AtomicFiles.writeString(file, csv());
  }

  void writeJson(Path file) throws IOException {
    AtomicFiles.writeString(file, json());
  }

  void writeNpy(Path file) throws IOException {
    long count = values.length / (positions * columns);
    NpyFile.write(file, Tensor.ofDoubles(values, count, positions, columns));
  }
}
