package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.volterra.feature.Shape;
import org.volterra.train.Samples;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Which data to train on. */
final class DataOptions {
  private static final int FRACTIONAL_TRAINED = 5000;
  private static final int FRACTIONAL_HELD = 1000;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "DATASET",
      description =
          "A bundled data set: digits (1797 handwritten digits of 8 x 8 pixels); fractional (6000"
              + " solutions of a fractional logistic equation: the end from start and speed); or a"
              + " task on random sequences of 10 of 8 tokens, reverse or sort.")
  String dataset;

  @Option(
      names = "--data",
      paramLabel = "FILE|KIND:DIR",
      description =
          "A table (CSV, may be gzipped), an array (NPY) or images in IDX format with --labels; or"
              + " the standard files of a set of images in a folder, KIND being mnist,"
              + " fashion-mnist, cifar10, cifar100 or images (a folder of PNG or JPEG files for"
              + " each class, or such folders in train and test).")
  String data;

  @Option(
      names = "--augment",
      split = ",",
      paramLabel = "HOW",
      description =
          "Random variants of the images of KIND:DIR in each epoch: crop:PIXELS, flip,"
              + " cutout:PIXELS.")
  List<String> augment = List.of();

  @Option(
      names = "--image-size",
      paramLabel = "HxWxC",
      description =
          "Shape that the images of images:DIR are scaled to; by default that of the first.")
  String imageSize;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = "Labels of an array or of IDX images.")
  Path labels;

  @Option(
      names = "--label-column",
      paramLabel = "COLUMN",
      description = "Column with the class labels, by name or number from 0; by default the last.")
  String labelColumn;

  @Option(
      names = "--target-columns",
      split = ",",
      paramLabel = "COLUMN",
      description = "Columns with real targets, for regression instead of classification.")
  List<String> targetColumns;

  @Option(
      names = "--classes",
      paramLabel = "N",
      description = "Number of classes; by default one more than the largest label.")
  int classes;

  @Option(
      names = "--test",
      paramLabel = "FILE|FRACTION",
      description =
          "Held-out samples: a file like --data, or a fraction of the samples (default: 0.2;"
              + " digits: 360 samples).")
  String test;

  @Option(
      names = "--split-seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Seed of the split into training and test samples (default: ${DEFAULT-VALUE}).")
  long splitSeed;

  @Option(
      names = "--normalize",
      paramLabel = "HOW",
      description =
          "none, max (divide by the largest value) or standard (mean 0, deviation 1 of each column"
              + " of the training samples, of each channel of images); default: standard for"
              + " tables, arrays and images of colour, else max.")
  Normalization normalize;

  /** How inputs are scaled. */
  enum Normalization {
    NONE,
    MAX,
    STANDARD
  }

  /** What the run is called. */
  String name() {
    if (dataset != null) {
      return dataset;
    }
    if (kind() != null) {
      return kind();
    }
    String file = Path.of(data).getFileName().toString();
    int dot = file.indexOf('.');
    return dot > 0 ? file.substring(0, dot) : file;
  }

  /**
   * What was loaded.
   *
   * @param split training and test samples
   * @param shape the shape of a sample, or null if it is just numbers
   * @param inputs how samples are made inputs, and the names of classes
   */
  record Data(Samples.Split split, Shape shape, InputFormat inputs) {}

  /** Reads, normalises and splits the data. */
  Data load() throws IOException {
    if ((dataset == null) == (data == null)) {
      throw usage("say what to train on: a bundled data set (digits), or --data FILE");
    }
    if (kind() == null && (!augment.isEmpty() || imageSize != null)) {
      throw usage("--augment and --image-size go with images, --data KIND:DIR");
    }
    return dataset != null ? bundled() : kind() != null ? images() : file();
  }

  private Data bundled() throws IOException {
    boolean isTask = SequenceTasks.isTask(dataset);
    boolean isFractional = dataset.equals("fractional");
    if (!isTask && !isFractional && !dataset.equals("digits")) {
      throw usage(
          "data set '"
              + dataset
              + "' is unknown: digits and fractional are bundled, "
              + SequenceTasks.NAMES
              + " are tasks; your own go with --data FILE");
    }
    if (test != null
        || labels != null
        || labelColumn != null
        || targetColumns != null
        || classes != 0) {
      throw usage(
          dataset
              + " has its own targets and split: --test, --labels, --label-column,"
              + " --target-columns and --classes go with --data");
    }
    if (isTask) {
      Samples all = SequenceTasks.make(dataset, splitSeed);
      Samples.Split split = all.split(all.count() - all.count() / 6, splitSeed);
      return normalized(split, SequenceTasks.shape(), Normalization.NONE);
    }
    return isFractional
        ? normalized(
            StudySamples.fractional(0.5, FRACTIONAL_TRAINED, FRACTIONAL_HELD, splitSeed),
            null,
            Normalization.STANDARD)
        : normalized(DataFiles.digits(splitSeed), new Shape(8, 8, 1), Normalization.MAX);
  }

  /** The kind of a set of images, or null. */
  private String kind() {
    int colon = data == null ? -1 : data.indexOf(':');
    return colon > 0 && ImageDatasets.isKind(data.substring(0, colon))
        ? data.substring(0, colon)
        : null;
  }

  private Data images() throws IOException {
    if (labels != null || labelColumn != null || targetColumns != null || classes != 0) {
      throw usage(
          kind()
              + " has its own labels: --labels, --label-column, --target-columns and --classes go"
              + " with files");
    }
    Augmentation variants;
    Shape size;
    try {
      variants = Augmentation.parse(augment);
      size = imageSize == null ? null : Shape.parse(imageSize);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    Path folder = Path.of(data.substring(kind().length() + 1));
    ImageDatasets.Images images = ImageDatasets.read(kind(), folder, size);
    if (images.test() != null && test != null) {
      throw usage("--test " + test + ": " + folder + " has its own test samples");
    }
    Shape shape = images.train().shape();
    Normalization usual = shape.channels() == 1 ? Normalization.MAX : Normalization.STANDARD;
    Normalizer normalizer =
        switch (normalize == null ? usual : normalize) {
          case NONE -> Normalizer.none();
          case MAX -> new Normalizer(new double[1], new double[] {1.0 / 255});
          case STANDARD -> ImageInputs.standard(images.train());
        };
    int count = Math.max(2, images.classes().size());
    Samples train = ImageInputs.samples(images.train(), normalizer, variants, count);
    Samples plain = ImageInputs.samples(images.train(), normalizer, Augmentation.NONE, count);
    Samples.Split split =
        images.test() == null
            ? new Samples.Split(parted(train).train(), parted(plain).test())
            : new Samples.Split(
                train, ImageInputs.samples(images.test(), normalizer, Augmentation.NONE, count));
    return new Data(split, shape, new InputFormat(normalizer, shape, images.classes()));
  }

  private Data file() throws IOException {
    Path file = Path.of(data);
    Shape shape = data.endsWith(".npy") ? DataFiles.arrayShape(file) : null;
    Samples all = read(file);
    boolean isTable = labels == null || data.endsWith(".npy");
    Normalization usual = isTable ? Normalization.STANDARD : Normalization.MAX;
    if (test != null && !isNumber(test)) {
      return normalized(new Samples.Split(all, read(Path.of(test))), shape, usual);
    }
    return normalized(parted(all), shape, usual);
  }

  /** Holds a fraction out. */
  private Samples.Split parted(Samples all) {
    double fraction = test == null ? 0.2 : isNumber(test) ? Double.parseDouble(test) : -1;
    int held = (int) Math.round(fraction * all.count());
    if (!(fraction > 0 && fraction < 1) || held < 1 || held >= all.count()) {
      throw usage(
          "--test "
              + test
              + ": a fraction must be in (0, 1) and leave some of the "
              + all.count()
              + " samples on both sides");
    }
    return all.split(all.count() - held, splitSeed);
  }

  private Samples read(Path file) throws IOException {
    if (data.endsWith(".npy")) {
      if (labels == null) {
        throw usage("--data " + data + ": the labels of an array are another, give --labels");
      }
      return DataFiles.arrays(file, labels, classes);
    }
    if (labels != null) {
      return DataFiles.idx(file, labels, classes);
    }
    return targetColumns == null
        ? DataFiles.labelledTable(file, labelColumn, classes)
        : DataFiles.targetTable(file, targetColumns);
  }

  private Data normalized(Samples.Split split, Shape shape, Normalization usual) {
    Normalizer normalizer =
        switch (normalize == null ? usual : normalize) {
          case NONE -> Normalizer.none();
          case MAX -> Normalizer.max(split.train());
          case STANDARD -> Normalizer.standard(split.train());
        };
    return new Data(normalizer.apply(split), shape, InputFormat.of(normalizer));
  }

  private static boolean isNumber(String text) {
    return text.matches("[-+]?[0-9]*\\.?[0-9]+([eE][-+]?[0-9]+)?");
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
