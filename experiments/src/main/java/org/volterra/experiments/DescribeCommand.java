package org.volterra.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.volterra.Engine;
import org.volterra.ModelSpec;
import org.volterra.NetworkSpec;
import org.volterra.feature.Shape;
import org.volterra.io.SafetensorsFile;
import org.volterra.spi.ComputeProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints the stages of a network. */
@Command(
    name = "describe",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Print the layers of a network, their shapes, parameters and operations for one sample, and"
            + " the memory of a training step.",
    footer = {
      "",
      "Examples:",
      "  volterra describe densenet-bc-100-12",
      "  volterra describe densenet121 --classes 1000",
      "  volterra describe runs/digits-20261125-101500/model.safetensors"
    })
final class DescribeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME|FILE",
      description =
          "A model file, or a name: "
              + StagePresets.NAMES
              + "; in depth: "
              + DepthPresets.NAMES
              + ".")
  private String name;

  @Option(
      names = "--classes",
      defaultValue = "10",
      paramLabel = "N",
      description = "Outputs (default: ${DEFAULT-VALUE}).")
  private int classes;

  @Option(
      names = "--shape",
      paramLabel = "HxWxC",
      description = "Shape of a sample; by default 224x224x3 or 32x32x3, in depth 1x10x8.")
  private String shape;

  @Option(
      names = "--batch",
      defaultValue = "64",
      paramLabel = "N",
      description = "Samples of the step whose memory is predicted (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = {"--device", "--provider"},
      defaultValue = "scalar",
      paramLabel = "NAME",
      description =
          "Device of that step: auto, panama, scalar or cuda; scalar stands for every CPU"
              + " (default: ${DEFAULT-VALUE}).")
  private String device;

  @Override
  public Integer call() throws IOException {
    Path file = Path.of(name);
    try (ComputeProvider provider = Engine.open(device, 1)) {
      ModelSpec model = Files.isRegularFile(file) ? ofFile(file) : preset();
      PrintWriter out = spec.commandLine().getOut();
      out.println(model);
      out.println(MemoryEstimate.of(model, batch, provider));
      return 0;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private ModelSpec preset() {
    Shape sample = shape == null ? null : Shape.parse(shape);
    Optional<NetworkSpec> inDepth =
        DepthPresets.find(name, sample == null ? SequenceTasks.shape() : sample, classes);
    return inDepth.isPresent() ? inDepth.get() : StagePresets.find(name, sample, classes);
  }

  private static ModelSpec ofFile(Path file) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      return ModelSpec.fromProperties(tensors.metadata());
    }
  }
}
