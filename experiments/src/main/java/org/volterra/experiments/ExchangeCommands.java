package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.volterra.Engine;
import org.volterra.Model;
import org.volterra.spi.ComputeProvider;
import org.volterra.train.ModelFile;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Networks for other programs and from them. */
final class ExchangeCommands {
  private static final int THREADS = 1;

  private ExchangeCommands() {}

  /** A model file as a folder for PyTorch. */
  @Command(
      name = "export",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description =
          "Write a network as a folder with config.json and model.safetensors, which"
              + " bench/peers/volterra_torch.py loads into PyTorch, or with model.onnx, which takes"
              + " the same inputs as 'volterra predict' (batch x positions x channels) and scales"
              + " them itself.",
      footer = {
        "",
        "Examples:",
        "  volterra export --model runs/digits-20261125-101500 --to exported",
        "  volterra export --model model.safetensors --format onnx --to exported"
      })
  static final class Export implements Callable<Integer> {
    @Option(
        names = "--model",
        required = true,
        paramLabel = "FILE|DIR",
        description = "A model file, or the folder of a run.")
    private Path model;

    @Option(
        names = "--to",
        required = true,
        paramLabel = "DIR",
        description = "The folder; made if there is none.")
    private Path folder;

    @Option(
        names = "--format",
        defaultValue = "safetensors",
        paramLabel = "FORMAT",
        description = "safetensors or onnx (default: ${DEFAULT-VALUE}).")
    private Format format;

    /** What other programs read. */
    enum Format {
      SAFETENSORS,
      ONNX
    }

    @Override
    public Integer call() throws IOException {
      Path file = Files.isDirectory(model) ? model.resolve("model.safetensors") : model;
      InputFormat inputs = InputFormat.ofFile(file);
      try (ComputeProvider device = Engine.open("auto", THREADS);
          Model net = ModelFile.loadModel(file, device)) {
        inputs
            .normalizer()
            .requireWidth(Math.multiplyExact(net.spec().positions(), net.spec().inputs()), file);
        switch (format) {
          case SAFETENSORS -> Exchange.write(net, inputs, folder);
          case ONNX -> {
            Files.createDirectories(folder);
            OnnxExport.write(net, inputs, folder.resolve("model.onnx"));
          }
        }
      }
      return 0;
    }
  }

  /** A folder from PyTorch as a model file. */
  @Command(
      name = "import",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description =
          "Make a model file of a folder that 'volterra export' or volterra_torch.py wrote.",
      footer = {"", "Example:", "  volterra import --from trained --to model.safetensors"})
  static final class Import implements Callable<Integer> {
    @Option(
        names = "--from",
        required = true,
        paramLabel = "DIR",
        description = "The folder with config.json and model.safetensors.")
    private Path folder;

    @Option(
        names = "--to",
        required = true,
        paramLabel = "FILE",
        description = "The model file to make or replace.")
    private Path file;

    @Override
    public Integer call() throws IOException {
      try (ComputeProvider device = Engine.open("auto", THREADS)) {
        Exchange.Imported imported = Exchange.read(folder, device);
        try (Model net = imported.model()) {
          ModelFile.save(net, imported.inputs().metadata(), file);
        }
      }
      return 0;
    }
  }
}
