package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.feature.FeatureTransform;
import org.volterra.io.SafetensorsFile;
import org.volterra.io.Tensor;
import org.volterra.memory.Resources;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.testing.TestProvider;

/**
 * Outputs, gradients and running statistics of networks of stages over two steps of training, as
 * PyTorch computes them in float64. The files are made by {@code
 * src/test/python/make_stage_references.py}.
 */
class StageReferenceTest {
  private static final Path FOLDER = Path.of("src", "test", "resources", "org/volterra/stages");
  private static final double RATE = 0.05;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dense-bc",
        "dense-window",
        "convolutions",
        "sequence",
        "transformer",
        "non-local",
        "dense-log"
      })
  void agreesWithPyTorch(String name) throws IOException {
    new Comparison(name, ElementType.FLOAT64, 1e-11).run();
    new Comparison(name, ElementType.FLOAT32, 2e-4).run();
  }

  private static final class Comparison {
    private final String name;
    private final ElementType type;
    private final double tolerance;

    Comparison(String name, ElementType type, double tolerance) {
      this.name = name;
      this.type = type;
      this.tolerance = tolerance;
    }

    void run() throws IOException {
      try (Resources resources = new Resources()) {
        SafetensorsFile file =
            resources.own(SafetensorsFile.open(FOLDER.resolve(name + ".safetensors")));
        FeedForwardSpec spec = FeedForwardSpec.fromProperties(file.metadata());
        assertThat(FeatureTransform.parse(spec.transform().text())).isEqualTo(spec.transform());
        FeedForward network = resources.own(FeedForward.create(spec, TestProvider.get(), type, 0));
        for (String parameter : network.layout().entries().keySet()) {
          network.parameter(parameter).fill(values(file, "parameter." + parameter));
        }
        int batch = Integer.parseInt(file.metadata().get("batch"));
        FeedForwardWorkspace workspace = resources.own(network.workspace(batch + 1));
        ModelWorkspace pass = workspace.forBatch(batch);
        Matrix data = matrix(resources, file, "input");
        step(resources, file, pass, data, "");
        Matrix inputGradient = matrix(resources, file, "input_gradient");
        pass.inputGradient(inputGradient);
        close(file, "input_gradient", inputGradient);
        int trained = Math.toIntExact(network.layout().trainedLength());
        network
            .provider()
            .primitives(type)
            .axpby(
                -RATE,
                Matrix.vector(pass.gradients(), 0, trained),
                1,
                Matrix.vector(network.parameters(), 0, trained));
        step(resources, file, pass, data, "second.");
        for (String tensor : file.names()) {
          if (tensor.startsWith("statistic.")) {
            close(file, tensor, network.parameter(tensor.substring("statistic.".length())));
          }
        }
        close(file, "inferred", pass.infer(data));
        close(file, "inferred", resources.own(network.inference(batch)).forward(data));
      }
    }

    private void step(
        Resources resources,
        SafetensorsFile file,
        ModelWorkspace pass,
        Matrix data,
        String prefix) {
      Matrix output = pass.forward(data);
      close(file, prefix + "output", output);
      pass.backward(
          file.names().contains("labels")
              ? crossEntropy(resources, file, output, prefix.isEmpty())
              : matrix(resources, file, "output_gradient"));
      for (String tensor : file.names()) {
        if (tensor.startsWith(prefix + "gradient.")) {
          close(file, tensor, pass.gradient(tensor.substring((prefix + "gradient.").length())));
        }
      }
    }

    private Matrix crossEntropy(
        Resources resources, SafetensorsFile file, Matrix output, boolean isFirst) {
      Primitives p = TestProvider.get().primitives(type);
      Matrix labels = allocate(resources, ElementType.INT32, 1, output.rows());
      labels.fill(values(file, "labels"));
      Matrix loss = allocate(resources, ElementType.FLOAT64, 1, 1);
      Matrix gradient = allocate(resources, type, output.rows(), output.columns());
      p.softmaxCrossEntropy(1.0 / output.rows(), output, labels, loss, gradient);
      if (isFirst) {
        close(file, "loss", loss);
      }
      return gradient;
    }

    private static double[] values(SafetensorsFile file, String tensor) {
      return file.tensor(tensor).toDoubleArray();
    }

    private static Matrix allocate(Resources resources, ElementType type, int rows, int columns) {
      return Matrix.of(
          resources.own(TestProvider.get().allocate(type, (long) rows * columns)),
          0,
          rows,
          columns);
    }

    private Matrix matrix(Resources resources, SafetensorsFile file, String tensor) {
      long[] shape = file.tensor(tensor).shape();
      Matrix matrix = allocate(resources, type, (int) shape[0], (int) shape[1]);
      matrix.fill(values(file, tensor));
      return matrix;
    }

    /** Relative to the largest element of the tensor. */
    private void close(SafetensorsFile file, String what, Matrix actual) {
      Tensor tensor = file.tensor(what);
      assertThat(tensor.shape()).as(what).containsExactly(actual.rows(), actual.columns());
      double[] expected = tensor.toDoubleArray();
      double[] found = actual.toArray();
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      double worst = 0;
      for (int i = 0; i < found.length; i++) {
        double error = Math.abs(found[i] - expected[i]);
        worst = error <= worst ? worst : error;
      }
      assertThat(worst)
          .as("%s: %s in %s, whose largest element is %s", name, what, type, largest)
          .isLessThanOrEqualTo(
              tolerance * Math.max(largest, type == ElementType.FLOAT32 ? 1e-2 : 0));
    }
  }
}
