package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.volterra.io.AtomicFiles;
import org.volterra.io.CsvFormat;
import org.volterra.io.CsvWriter;
import org.volterra.io.NpyFile;
import org.volterra.io.Tensor;

/** Results of a network: some numbers at each position of each sample, and names. */
final class Predictions {
  private static final Gson GSON = new Gson();

  private final Kind kind;
  private final int positions;
  private final int columns;
  private final double[] values;
  private final List<String> samples;
  private final List<String> classes;

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
    samples = List.of();
    classes = List.of();
  }

  private Predictions(Predictions other, List<String> samples, List<String> classes) {
    kind = other.kind;
    positions = other.positions;
    columns = other.columns;
    values = other.values;
    this.samples = samples;
    this.classes = classes;
  }

  /**
   * The same with names.
   *
   * @param ofSamples a name for each sample, or none
   * @param ofClasses a name for each class, or none
   */
  Predictions named(List<String> ofSamples, List<String> ofClasses) {
    return new Predictions(this, List.copyOf(ofSamples), List.copyOf(ofClasses));
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

  /** A class by its name, if it has one, else by its number. */
  private Object cell(double value) {
    if (kind != Kind.CLASSES) {
      return value;
    }
    int index = (int) value;
    return index < classes.size() ? classes.get(index) : (Object) index;
  }

  /** A line of names, and one for each sample, which begins with its name if it has one. */
  String csv() throws IOException {
    StringWriter text = new StringWriter();
    CsvWriter csv = new CsvWriter(text, CsvFormat.DEFAULT);
    if (!samples.isEmpty()) {
      csv.text("file");
    }
    for (String name : names()) {
      csv.text(name);
    }
    int each = positions * columns;
    for (int i = 0; i < values.length; i++) {
      if (i % each == 0) {
        csv.endRow();
        if (!samples.isEmpty()) {
          csv.text(samples.get(i / each));
        }
      }
      csv.text(String.valueOf(cell(values[i])));
    }
    csv.endRow();
    return text.toString();
  }

  /**
   * An array for each sample; of arrays for each position where there are several. Where samples
   * have names, an object with the name and this.
   */
  String json() {
    JsonArray all = new JsonArray();
    int each = positions * columns;
    for (int from = 0; from < values.length; from += each) {
      JsonArray sample = new JsonArray();
      if (positions == 1 || kind == Kind.CLASSES) {
        sample = row(from, each);
      } else {
        for (int i = 0; i < positions; i++) {
          sample.add(row(from + i * columns, columns));
        }
      }
      if (samples.isEmpty()) {
        all.add(sample);
      } else {
        JsonObject named = new JsonObject();
        named.addProperty("file", samples.get(from / each));
        named.add(kind.name().toLowerCase(Locale.ROOT), sample);
        all.add(named);
      }
    }
    return GSON.toJson(all) + "\n";
  }

  private JsonArray row(int from, int count) {
    JsonArray row = new JsonArray();
    for (int j = from; j < from + count; j++) {
      row.add(GSON.toJsonTree(cell(values[j])));
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
