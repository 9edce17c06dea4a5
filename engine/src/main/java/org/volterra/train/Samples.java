package org.volterra.train;

import java.util.Arrays;

/**
 * {@code count} samples of {@code width} inputs, each with class labels or with real targets.
 * Labels and targets are in host memory, inputs too or wherever an {@link InputSource} has them.
 * Immutable.
 *
 * <p>For a network with N positions a sample holds N · inputs numbers, position by position, and
 * has N labels or N · outputs targets.
 */
public final class Samples {
  private final int count;
  private final int width;
  private final int classes;
  private final int targetWidth;
  private final InputSource inputs;
  private final int[] labels;
  private final double[] targets;

  private Samples(
      int count,
      int width,
      int classes,
      int targetWidth,
      InputSource inputs,
      int[] labels,
      double[] targets) {
    this.count = count;
    this.width = width;
    this.classes = classes;
    this.targetWidth = targetWidth;
    this.inputs = inputs;
    this.labels = labels;
    this.targets = targets;
  }

  /**
   * Two parts of a set of samples.
   *
   * @param train for training
   * @param test held out
   */
  public record Split(Samples train, Samples test) {}

  /**
   * Samples with class labels.
   *
   * @param inputs row-major, a whole number of samples
   * @param width inputs of a sample, at least 1
   * @param labels one for each sample, or the same number for each
   * @param classes number of classes, at least 2
   * @return the samples
   * @throws IllegalArgumentException if sizes do not fit, an input is not finite or a label is not
   *     in [0, classes)
   */
  public static Samples classification(double[] inputs, int width, int[] labels, int classes) {
    int count = count(inputs, width, labels.length, "labels");
    int each = each(count, labels, classes);
    InputSource stored = new StoredInputs(inputs.clone(), width);
    return new Samples(count, width, classes, each, stored, labels.clone(), new double[0]);
  }

  /**
   * Samples with class labels, whose inputs are read when they are needed.
   *
   * @param inputs where they come from
   * @param labels one for each sample, or the same number for each
   * @param classes number of classes, at least 2
   * @return the samples
   * @throws IllegalArgumentException if sizes do not fit or a label is not in [0, classes)
   */
  public static Samples classification(InputSource inputs, int[] labels, int classes) {
    int count = inputs.count();
    matching(labels.length, count, "labels");
    int each = each(count, labels, classes);
    return new Samples(count, inputs.width(), classes, each, inputs, labels.clone(), new double[0]);
  }

  /** Labels of a sample, all checked. */
  private static int each(int count, int[] labels, int classes) {
    if (classes < 2) {
      throw new IllegalArgumentException("classes " + classes + ": must be at least 2");
    }
    int each = labels.length / count;
    for (int i = 0; i < labels.length; i++) {
      if (labels[i] < 0 || labels[i] >= classes) {
        throw new IllegalArgumentException(
            "label of sample "
                + i / each
                + " is "
                + labels[i]
                + ": must be in 0.."
                + (classes - 1));
      }
    }
    return each;
  }

  /**
   * Samples with real targets.
   *
   * @param inputs row-major, a whole number of samples
   * @param width inputs of a sample, at least 1
   * @param targets row-major, as many samples
   * @param targetWidth targets of a sample, at least 1
   * @return the samples
   * @throws IllegalArgumentException if sizes do not fit or a number is not finite
   */
  public static Samples regression(double[] inputs, int width, double[] targets, int targetWidth) {
    int count = count(inputs, width, targets.length, "targets");
    if (targetWidth < 1 || (long) count * targetWidth != targets.length) {
      throw new IllegalArgumentException(
          "targetWidth "
              + targetWidth
              + ": "
              + count
              + " samples have "
              + targets.length
              + " targets");
    }
    finite(targets, targetWidth, "target");
    InputSource stored = new StoredInputs(inputs.clone(), width);
    return new Samples(count, width, 0, targetWidth, stored, new int[0], targets.clone());
  }

  private static int count(double[] inputs, int width, int others, String what) {
    if (width < 1 || inputs.length == 0 || inputs.length % width != 0) {
      throw new IllegalArgumentException(
          "width "
              + width
              + ": "
              + inputs.length
              + " inputs must be a positive whole number of samples");
    }
    int count = inputs.length / width;
    matching(others, count, what);
    finite(inputs, width, "input");
    return count;
  }

  private static void matching(int others, int count, String what) {
    if (others == 0 || others % count != 0) {
      throw new IllegalArgumentException(
          what + ": got " + others + " for " + count + " samples, a multiple is needed");
    }
  }

  private static void finite(double[] values, int width, String what) {
    for (int i = 0; i < values.length; i++) {
      if (!Double.isFinite(values[i])) {
        throw new IllegalArgumentException(
            what
                + " "
                + i % width
                + " of sample "
                + i / width
                + " is "
                + values[i]
                + ": must be finite");
      }
    }
  }

  /**
   * Shuffles by a seed and splits.
   *
   * @param trainCount samples of the first part, from 1 to count − 1
   * @param seed the same seed gives the same split
   * @return both parts
   * @throws IllegalArgumentException if {@code trainCount} is out of range
   */
  public Split split(int trainCount, long seed) {
    if (trainCount < 1 || trainCount >= count) {
      throw new IllegalArgumentException(
          "trainCount " + trainCount + ": must be in 1.." + (count - 1));
    }
    int[] order = Seeds.permutation(count, Seeds.stream(seed, 0));
    return new Split(
        select(Arrays.copyOf(order, trainCount)),
        select(Arrays.copyOfRange(order, trainCount, count)));
  }

  /**
   * Some of the samples.
   *
   * @param indices their numbers, in the wanted order, at least one
   * @return the samples
   */
  public Samples select(int... indices) {
    if (indices.length == 0) {
      throw new IllegalArgumentException("indices: at least one sample must be selected");
    }
    int[] classesOf = new int[classes == 0 ? 0 : indices.length * targetWidth];
    double[] wanted = new double[classes == 0 ? indices.length * targetWidth : 0];
    for (int i = 0; i < indices.length; i++) {
      int from = indices[i];
      if (classes == 0) {
        System.arraycopy(targets, from * targetWidth, wanted, i * targetWidth, targetWidth);
      } else {
        System.arraycopy(labels, from * targetWidth, classesOf, i * targetWidth, targetWidth);
      }
    }
    InputSource chosen = new SelectedInputs(inputs, indices.clone());
    return new Samples(indices.length, width, classes, targetWidth, chosen, classesOf, wanted);
  }

  /**
   * Number of samples.
   *
   * @return at least 1
   */
  public int count() {
    return count;
  }

  /**
   * Inputs of a sample.
   *
   * @return at least 1
   */
  public int width() {
    return width;
  }

  /**
   * Number of classes.
   *
   * @return 0 if the samples have real targets
   */
  public int classes() {
    return classes;
  }

  /**
   * Labels or targets of a sample.
   *
   * @return at least 1
   */
  public int targetWidth() {
    return targetWidth;
  }

  /**
   * The inputs, read from where they are.
   *
   * @return a row-major copy
   */
  public double[] inputs() {
    double[] all = new double[Math.multiplyExact(count, width)];
    for (int i = 0; i < count; i++) {
      inputs.read(i, InputSource.PLAIN, all, i * width);
    }
    return all;
  }

  /**
   * The class labels.
   *
   * @return a copy, empty if the samples have real targets
   */
  public int[] labels() {
    return labels.clone();
  }

  /**
   * The real targets.
   *
   * @return a row-major copy, empty if the samples have labels
   */
  public double[] targets() {
    return targets.clone();
  }

  InputSource source() {
    return inputs;
  }

  /** The label or the target. */
  double target(int sample, int j) {
    int index = sample * targetWidth + j;
    return classes == 0 ? targets[index] : labels[index];
  }
}
