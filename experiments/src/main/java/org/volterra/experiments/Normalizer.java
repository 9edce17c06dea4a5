package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.volterra.train.Samples;

/**
 * Inputs shifted and scaled: value j by the numbers at j modulo their count, which are one for all,
 * one for each channel or one for each column. They go with a model, in the metadata of its file.
 */
final class Normalizer {
  private static final String SHIFT = "input-shift";
  private static final String SCALE = "input-scale";

  private final double[] shift;
  private final double[] scale;

  Normalizer(double[] shift, double[] scale) {
    this.shift = shift.clone();
    this.scale = scale.clone();
  }

  /** Leaves inputs as they are. */
  static Normalizer none() {
    return new Normalizer(new double[1], new double[] {1});
  }

  /** Divides by the largest absolute value of all columns. */
  static Normalizer max(Samples samples) {
    double largest = Arrays.stream(samples.inputs()).map(Math::abs).max().orElse(1);
    return new Normalizer(new double[1], new double[] {largest == 0 ? 1 : 1 / largest});
  }

  /** Gives every column mean 0 and deviation 1; constant columns become 0. */
  static Normalizer standard(Samples samples) {
    int width = samples.width();
    double[] inputs = samples.inputs();
    double[] mean = new double[width];
    double[] scale = new double[width];
    for (int i = 0; i < inputs.length; i++) {
      mean[i % width] += inputs[i] / samples.count();
    }
    for (int i = 0; i < inputs.length; i++) {
      double distance = inputs[i] - mean[i % width];
      scale[i % width] += distance * distance / samples.count();
    }
    for (int j = 0; j < width; j++) {
      scale[j] = scale[j] == 0 ? 1 : 1 / Math.sqrt(scale[j]);
    }
    return new Normalizer(mean, scale);
  }

  /**
   * What a model was trained with.
   *
   * @throws IllegalArgumentException if an entry is malformed
   */
  static Normalizer of(Map<String, String> metadata) {
    return metadata.containsKey(SHIFT) && metadata.containsKey(SCALE)
        ? new Normalizer(numbers(metadata.get(SHIFT)), numbers(metadata.get(SCALE)))
        : none();
  }

  private static double[] numbers(String text) {
    return Arrays.stream(text.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
  }

  /** What {@link #of} reads. */
  Map<String, String> metadata() {
    Map<String, String> map = new LinkedHashMap<>();
    map.put(SHIFT, text(shift));
    map.put(SCALE, text(scale));
    return map;
  }

  private static String text(double[] numbers) {
    return Arrays.stream(numbers).mapToObj(Double::toString).collect(Collectors.joining(","));
  }

  /** Checks that there is a scale for each of so many inputs. */
  void requireWidth(int width, Path file) throws IOException {
    if (shift.length != scale.length || width % shift.length != 0) {
      throw new IOException(
          file
              + ": inputs are scaled by "
              + shift.length
              + " and "
              + scale.length
              + " numbers: the network takes "
              + width);
    }
  }

  /** The value of input j. */
  double apply(double value, int j) {
    int i = j % shift.length;
    return (value - shift[i]) * scale[i];
  }

  /** The same as nodes of a graph, for samples of rows × columns; gives the name of the result. */
  String nodes(OnnxGraph graph, String input, int rows, int columns) {
    if (Arrays.stream(shift).allMatch(v -> v == 0) && Arrays.stream(scale).allMatch(v -> v == 1)) {
      return input;
    }
    String shifted = graph.node("Sub", input, repeated(graph, SHIFT, shift, rows, columns));
    return graph.node("Mul", shifted, repeated(graph, SCALE, scale, rows, columns));
  }

  private static String repeated(
      OnnxGraph graph, String name, double[] numbers, int rows, int columns) {
    int height = columns % numbers.length == 0 ? 1 : rows;
    double[] all = new double[Math.multiplyExact(height, columns)];
    Arrays.setAll(all, j -> numbers[j % numbers.length]);
    return graph.tensor(name, () -> all, height, columns);
  }

  Samples.Split apply(Samples.Split split) {
    if (split.test().width() != split.train().width()) {
      throw new IllegalArgumentException(
          "test samples have "
              + split.test().width()
              + " inputs: the training samples have "
              + split.train().width());
    }
    return new Samples.Split(apply(split.train()), apply(split.test()));
  }

  private Samples apply(Samples samples) {
    double[] inputs = samples.inputs();
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] = apply(inputs[i], i % samples.width());
    }
    return samples.classes() > 0
        ? Samples.classification(inputs, samples.width(), samples.labels(), samples.classes())
        : Samples.regression(inputs, samples.width(), samples.targets(), samples.targetWidth());
  }
}
