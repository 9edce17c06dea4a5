package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.volterra.train.Samples;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Which data to train on. */
final class DataOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "DATASET",
      description = "A bundled data set: digits (1797 handwritten digits of 8 x 8 pixels).")
  String dataset;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "A table (CSV, may be gzipped), or images in IDX format with --labels.")
  Path data;

  @Option(names = "--labels", paramLabel = "FILE", description = "Labels of IDX images.")
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
              + " of the training samples); default: max for images, standard for tables.")
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
    String file = data.getFileName().toString();
    int dot = file.indexOf('.');
    return dot > 0 ? file.substring(0, dot) : file;
  }

  /** Reads, normalises and splits the data. */
  Samples.Split load() throws IOException {
    if ((dataset == null) == (data == null)) {
      throw usage("say what to train on: a bundled data set (digits), or --data FILE");
    }
    if (dataset != null) {
      if (!dataset.equals("digits")) {
        throw usage(
            "data set '"
                + dataset
                + "' is unknown: digits is bundled; your own go with --data FILE");
      }
      if (test != null
          || labels != null
          || labelColumn != null
          || targetColumns != null
          || classes != 0) {
        throw usage(
            "digits has its own labels and split: --test, --labels, --label-column,"
                + " --target-columns and --classes go with --data");
      }
      return normalized(DataFiles.digits(splitSeed), Normalization.MAX);
    }
    Samples all = read(data);
    Normalization usual = labels == null ? Normalization.STANDARD : Normalization.MAX;
    if (test != null && !isNumber(test)) {
      return normalized(new Samples.Split(all, read(Path.of(test))), usual);
    }
    double fraction = test == null ? 0.2 : Double.parseDouble(test);
    int held = (int) Math.round(fraction * all.count());
    if (!(fraction > 0 && fraction < 1) || held < 1 || held >= all.count()) {
      throw usage(
          "--test "
              + test
              + ": a fraction must be in (0, 1) and leave some of the "
              + all.count()
              + " samples on both sides");
    }
    return normalized(all.split(all.count() - held, splitSeed), usual);
  }

  private Samples read(Path file) throws IOException {
    if (labels != null) {
      return DataFiles.idx(file, labels, classes);
    }
    return targetColumns == null
        ? DataFiles.labelledTable(file, labelColumn, classes)
        : DataFiles.targetTable(file, targetColumns);
  }

  private Samples.Split normalized(Samples.Split split, Normalization usual) {
    return switch (normalize == null ? usual : normalize) {
      case NONE -> split;
      case MAX -> Normalizer.max(split.train()).apply(split);
      case STANDARD -> Normalizer.standard(split.train()).apply(split);
    };
  }

  private static boolean isNumber(String text) {
    return text.matches("[-+]?[0-9]*\\.?[0-9]+([eE][-+]?[0-9]+)?");
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
