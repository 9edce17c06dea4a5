package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.volterra.ModelSpec;
import org.volterra.feature.Shape;
import org.volterra.io.SafetensorsFile;
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
        "Print the layers of a network, their shapes, parameters and operations for one sample.",
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
      description = "A model file, or a name: " + StagePresets.NAMES + ".")
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
      description = "Shape of a sample; by default 224x224x3 or 32x32x3.")
  private String shape;

  @Override
  public Integer call() throws IOException {
    Path file = Path.of(name);
    try {
      ModelSpec model =
          Files.isRegularFile(file)
              ? ofFile(file)
              : StagePresets.find(name, shape == null ? null : Shape.parse(shape), classes);
      spec.commandLine().getOut().println(model);
      return 0;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static ModelSpec ofFile(Path file) throws IOException {
    try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
      return ModelSpec.fromProperties(tensors.metadata());
    }
  }
}
