package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.io.SafetensorsFile;
import org.volterra.io.Tensor;
import org.volterra.memory.Resources;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/**
 * States, outputs and gradients of random networks as PyTorch computes them in float64. The files
 * are made by {@code src/test/python/make_references.py}.
 */
class ReferenceTest {
  private static final Path FOLDER = Path.of("src", "test", "resources", "org/volterra/reference");
  private static final String PARAMETER = "parameter.";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "densenet",
        "hammerstein",
        "field",
        "scalar",
        "perceptron",
        "attention",
        "attention-blocks",
        "averaging"
      })
  void agreesInDoublePrecision(String name) throws IOException {
    compare(name, ElementType.FLOAT64, 1e-12);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "densenet",
        "hammerstein",
        "field",
        "scalar",
        "perceptron",
        "attention",
        "attention-blocks",
        "averaging"
      })
  void agreesInSinglePrecision(String name) throws IOException {
    compare(name, ElementType.FLOAT32, 2e-5);
  }

  @Test
  void everyFileIsCompared() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "densenet.safetensors",
              "hammerstein.safetensors",
              "field.safetensors",
              "scalar.safetensors",
              "perceptron.safetensors",
              "attention.safetensors",
              "attention-blocks.safetensors",
              "averaging.safetensors");
    }
  }

  private static void compare(String name, ElementType type, double tolerance) throws IOException {
    try (Resources resources = new Resources()) {
      SafetensorsFile file =
          resources.own(SafetensorsFile.open(FOLDER.resolve(name + ".safetensors")));
      NetworkSpec spec = NetworkSpec.fromProperties(file.metadata());
      Network network = resources.own(Network.create(spec, TestProvider.get(), type, 0));
      assertThat(file.names().stream().filter(n -> n.startsWith(PARAMETER)))
          .containsExactlyInAnyOrderElementsOf(
              network.layout().entries().keySet().stream().map(n -> PARAMETER + n).toList());
      for (String parameter : network.layout().entries().keySet()) {
        network.parameter(parameter).fill(values(file, PARAMETER + parameter));
      }
      Matrix data = matrix(resources, file, "input", type);
      Workspace workspace = resources.own(network.workspace(data.rows() / spec.positions()));
      Matrix output = workspace.forward(data);
      for (int l = 0; l <= spec.depth(); l++) {
        close(file, "state." + l, workspace.state(l), tolerance);
      }
      close(file, "output", output, tolerance);
      workspace.backward(matrix(resources, file, "output_gradient", type));
      for (String parameter : network.layout().entries().keySet()) {
        close(file, "gradient." + parameter, workspace.gradient(parameter), tolerance);
      }
      Matrix inputGradient = matrix(resources, file, "input", type);
      workspace.inputGradient(inputGradient);
      close(file, "input_gradient", inputGradient, tolerance);
    }
  }

  private static double[] values(SafetensorsFile file, String name) {
    return file.tensor(name).toDoubleArray();
  }

  private static Matrix matrix(
      Resources resources, SafetensorsFile file, String name, ElementType type) {
    Tensor tensor = file.tensor(name);
    Matrix matrix =
        Matrix.of(
            resources.own(TestProvider.get().allocate(type, tensor.elementCount())),
            0,
            (int) tensor.shape()[0],
            (int) tensor.shape()[1]);
    matrix.fill(tensor.toDoubleArray());
    return matrix;
  }

  /** Relative to the largest element of the tensor. */
  private static void close(SafetensorsFile file, String name, Matrix actual, double tolerance) {
    Tensor tensor = file.tensor(name);
    assertThat(tensor.shape()).as(name).containsExactly(actual.rows(), actual.columns());
    double[] expected = tensor.toDoubleArray();
    double[] found = actual.toArray();
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    double worst = 0;
    for (int i = 0; i < found.length; i++) {
      worst = Math.max(worst, Math.abs(found[i] - expected[i]));
    }
    assertThat(largest).as("%s is not all zero", name).isPositive();
    assertThat(worst)
        .as("%s, whose largest element is %s", name, largest)
        .isLessThanOrEqualTo(tolerance * largest);
  }
}
