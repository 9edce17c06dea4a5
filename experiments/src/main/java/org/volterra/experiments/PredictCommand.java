package org.volterra.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.ModelWorkspace;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.Matrix;
import org.volterra.train.ModelFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a model on samples of a file. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Run a trained network on the samples of a file, or on images. Inputs are scaled as they"
            + " were in training.",
    footer = {
      "",
      "Examples:",
      "  volterra predict --model runs/digits-20261125-101500 --input digits.csv --without label",
      "  volterra predict --model model.safetensors --input x.npy --output y.npy",
      "  volterra predict --model model.safetensors --input x.csv --as classes --format json",
      "  volterra predict --model runs/cifar10-20261125-101500 --input photos --as classes"
    })
final class PredictCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--model",
      required = true,
      paramLabel = "FILE|DIR",
      description = "A model file, or the folder of a run.")
  private Path model;

  @Option(
      names = "--input",
      required = true,
      paramLabel = "FILE|DIR",
      description =
          "Samples: a table with a row for each (CSV, may be gzipped), an array whose first"
              + " dimension counts them (NPY), a PNG or JPEG image, or a folder of images; these"
              + " are scaled to the size that the network was trained on, and cut in the middle.")
  private Path input;

  @Option(
      names = "--without",
      split = ",",
      paramLabel = "COLUMN",
      description = "Columns of the table that are no inputs, by name or number from 0.")
  private List<String> without = List.of();

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Where results go (default: standard output).")
  private Path output;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "csv, npy (float64, samples x positions x outputs; needs --output) or json; by default"
              + " what the name of --output ends with, else csv.")
  private Format format;

  @Option(
      names = "--as",
      defaultValue = "outputs",
      paramLabel = "WHAT",
      description =
          "outputs of the network, probabilities (their softmax) or classes (the largest, by its"
              + " name where the data of the training had names) (default: ${DEFAULT-VALUE}).")
  private Predictions.Kind what;

  @Option(
      names = "--batch",
      defaultValue = "64",
      paramLabel = "N",
      description = "Samples that are run together (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Mixin private DeviceOptions deviceOptions;

  /** How results are written. */
  enum Format {
    CSV,
    NPY,
    JSON
  }

  @Override
  public Integer call() throws IOException {
    Format chosen = format != null ? format : formatOf(output);
    if (chosen == Format.NPY && output == null) {
      throw usage("--format npy: goes to a file, give --output");
    }
    if (batch < 1) {
      throw usage("--batch " + batch + ": must be at least 1");
    }
    Path file = Files.isDirectory(model) ? model.resolve("model.safetensors") : model;
    InputFormat inputs = InputFormat.ofFile(file);
    SampleInputs samples = samples(file, inputs);
    try (ComputeProvider device = deviceOptions.open();
        Model net = ModelFile.loadModel(file, device)) {
      int width = Math.multiplyExact(net.spec().positions(), net.spec().inputs());
      samples.requireWidth(width, net.spec().positions() + " x " + net.spec().inputs());
      inputs.normalizer().requireWidth(width, file);
      double[] values = run(net, samples, inputs.normalizer());
      Predictions predictions =
          new Predictions(what, values, net.spec().outputPositions(), net.spec().outputs());
      write(predictions.named(samples.names(), inputs.classes()), chosen);
    }
    return 0;
  }

  private SampleInputs samples(Path file, InputFormat inputs) throws IOException {
    if (!ImageFiles.isImages(input)) {
      return InputFile.read(input, without);
    }
    if (!without.isEmpty()) {
      throw usage("--without: goes with tables, " + input + " is no table");
    }
    return ImageFiles.of(input, file, inputs.image());
  }

  private static Format formatOf(Path file) {
    String name = file == null ? "" : file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".npy") ? Format.NPY : name.endsWith(".json") ? Format.JSON : Format.CSV;
  }

  private double[] run(Model net, SampleInputs samples, Normalizer normalizer) throws IOException {
    ModelSpec specification = net.spec();
    int most = Math.min(batch, samples.count());
    int width = samples.width();
    int rows = specification.positions();
    int each = specification.outputPositions() * specification.outputs();
    double[] all = new double[Math.multiplyExact(samples.count(), each)];
    try (Resources resources = new Resources()) {
      ModelWorkspace workspace = resources.own(net.inference(most, MemoryBudget.unlimited()));
      if (samples.count() > most) {
        workspace.packWeights(); // a single pass would pack them once anyway
      }
      Matrix data =
          Matrix.of(
              resources.own(net.provider().allocate(net.type(), (long) most * width)),
              0,
              most * rows,
              specification.inputs());
      for (int from = 0; from < samples.count(); from += most) {
        int count = Math.min(most, samples.count() - from);
        double[] values = new double[count * width];
        for (int i = 0; i < count; i++) {
          samples.read(from + i, values, i * width);
        }
        for (int i = 0; i < values.length; i++) {
          values[i] = normalizer.apply(values[i], i % width);
        }
        Matrix part = data.rows(0, count * rows);
        part.fill(values);
        double[] result = workspace.forBatch(count).infer(part).toArray();
        System.arraycopy(result, 0, all, from * each, result.length);
      }
    }
    return all;
  }

  private void write(Predictions predictions, Format chosen) throws IOException {
    if (output != null) {
      switch (chosen) {
        case CSV -> predictions.writeCsv(output);
        case NPY -> predictions.writeNpy(output);
        case JSON -> predictions.writeJson(output);
      }
      return;
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(chosen == Format.JSON ? predictions.json() : predictions.csv());
    out.flush();
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
