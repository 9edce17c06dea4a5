package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.Engine;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.ModelWorkspace;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.io.SafetensorsFile;
import org.volterra.io.Tensor;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.train.ModelFile;

/**
 * Networks as folders, there and back; and folders that {@code volterra_torch.py} wrote, with what
 * PyTorch computes. The latter are made by {@code src/test/python/make_exchange_references.py} from
 * what {@link #exportsAllForTheScript} leaves in the folder of {@code -Dvolterra.test.exchange}.
 */
class ExchangeTest {
  private static final Path REFERENCES =
      Path.of("src", "test", "resources", "org/volterra/experiments/exchange");
  private static final ComputeProvider DEVICE = Engine.open("auto", 1);

  @TempDir private Path folder;

  @AfterAll
  static void close() {
    DEVICE.close();
  }

  /** All kernels, dependences, sources and stages. */
  static Map<String, ModelSpec> specs() {
    Map<String, ModelSpec> all = new LinkedHashMap<>();
    all.put("dense", deep("dense", "gelu").outputs(2).activation(Activation.TANH).build());
    all.put(
        "field",
        deep("field(2)", "affine(5),silu,affine(3)", DepthDependence.field(2))
            .bias(DepthDependence.field(3))
            .source(Source.linear(DepthDependence.perLayer()))
            .build());
    all.put(
        "graded", deep("field(2)", "affine(3),tanh", DepthDependence.field(2)).grading(2).build());
    all.put("graded-exponentials", deep("exponentials(2)", "tanh").grading(1.5).build());
    all.put("scalar", deep("scalar", "tanh").bias(DepthDependence.constant()).build());
    all.put("sum", deep("fractional(0.5) + matrix*exponentials(2)", "softplus").build());
    all.put("power-law", deep("power-law", "tanh").grading(1.5).build());
    all.put("separable", deep("separable(2) + matrix*convolution", "sigmoid").noBias().build());
    all.put(
        "attention-residual",
        deep(
                "attention(2)",
                "sublayers(layer-norm,position-embedding,attention(3)|rms-norm,affine(4),gelu,"
                    + "affine(3))",
                DepthDependence.perLayer())
            .scaling(Scaling.UNIT)
            .source(Source.zero())
            .build());
    all.put(
        "averaging",
        deep(
                "averaging(2x2)",
                "sublayers(residual(attention(1,causal)))",
                DepthDependence.constant())
            .scaling(Scaling.UNIT)
            .build());
    all.put(
        "densenet",
        new FeedForwardSpec(
            new Shape(6, 6, 2),
            FeatureTransform.parse(
                "conv(4,3x3,stride=2,pad=1,bias),max-pool(2,stride=1),dense(2,batch-norm,relu,"
                    + "conv(3,1x1)),dense(3,reach=2,conv(2,3x3,pad=1),tanh),dropout(0.2),"
                    + "average-pool(2),global-average-pool,affine(3)")));
    all.put(
        "log-densenet",
        new FeedForwardSpec(
            new Shape(4, 3, 2),
            FeatureTransform.parse(
                "dense(6,reach=log,batch-norm,relu,conv(4,1x1),batch-norm,relu,conv(2,3x3,pad=1)),"
                    + "dense(5,reach=log,affine(1),gelu)")));
    all.put(
        "positions",
        new FeedForwardSpec(
            new Shape(3, 4, 4),
            FeatureTransform.parse(
                "non-local(gaussian,3),conv(4,3x3,pad=1,groups=4),non-local(dot-product,2),"
                    + "residual(layer-norm,attention(2)),global-max-pool")));
    all.put(
        "windows-dilated",
        new FeedForwardSpec(
            new Shape(9, 8, 2),
            FeatureTransform.parse(
                "conv(3,3x2,stride=1x2,pad=2x1,dilation=2x1,bias),max-pool(3x2,stride=1,pad=1x0,dilation=2x1),"
                    + "average-pool(2,stride=2x1,pad=1,dilation=2)")));
    return all;
  }

  static NetworkSpec.Builder deep(String kernel, String features) {
    return deep(kernel, features, DepthDependence.constant());
  }

  static NetworkSpec.Builder deep(String kernel, String features, DepthDependence dependence) {
    return NetworkSpec.builder(3, 5)
        .positions(4)
        .inputs(2)
        .horizon(1.5)
        .kernel(DepthKernel.parse(kernel))
        .features(FeatureTransform.parse(features), dependence);
  }

  static List<String> names() {
    return List.copyOf(specs().keySet());
  }

  private static double[] values(Model model) {
    int length = Math.toIntExact(model.layout().length());
    return Matrix.vector(model.parameters(), 0, length).toArray();
  }

  @ParameterizedTest
  @MethodSource("names")
  void comesBack(String name) throws IOException {
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      InputFormat inputs =
          new InputFormat(
              new Normalizer(new double[] {0.1}, new double[] {3}),
              new Shape(4, 4, 3),
              List.of("a \"b\", c", "ü"));
      try (Model model = Model.create(specs().get(name), DEVICE, type, 3)) {
        Exchange.write(model, inputs, folder);
        Exchange.Imported imported = Exchange.read(folder, DEVICE);
        try (Model back = imported.model()) {
          assertThat(back.spec().toProperties()).isEqualTo(model.spec().toProperties());
          assertThat(back.type()).isEqualTo(type);
          assertThat(values(back)).isEqualTo(values(model));
          assertThat(imported.inputs().metadata()).isEqualTo(inputs.metadata());
          assertThat(imported.inputs().classes()).isEqualTo(inputs.classes());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void agreesWithPyTorch(String name) throws IOException {
    Path from = REFERENCES.resolve(name);
    try (Resources resources = new Resources()) {
      Model model = resources.own(Exchange.read(from, DEVICE).model());
      assertThat(model.spec().toProperties()).isEqualTo(specs().get(name).toProperties());
      SafetensorsFile tensors =
          resources.own(SafetensorsFile.open(from.resolve("model.safetensors")));
      Tensor input = tensors.tensor("example.input");
      double[] expected = tensors.tensor("example.output").toDoubleArray();
      int batch = (int) input.shape()[0];
      Buffer buffer = resources.own(DEVICE.allocate(model.type(), input.elementCount()));
      Matrix data = Matrix.of(buffer, 0, batch * model.spec().positions(), model.spec().inputs());
      data.fill(input.toDoubleArray());
      ModelWorkspace workspace = resources.own(model.inference(batch, MemoryBudget.unlimited()));
      double[] found = workspace.infer(data).toArray();
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      assertThat(found).hasSameSizeAs(expected);
      assertThat(largest).isPositive();
      for (int i = 0; i < found.length; i++) {
        assertThat(Math.abs(found[i] - expected[i])).as(name).isLessThan(1e-12 * largest);
      }
    }
  }

  @Test
  void exportsAllForTheScript() throws IOException {
    String target = System.getProperty("volterra.test.exchange");
    assumeTrue(target != null, "only before the references are made anew");
    for (Map.Entry<String, ModelSpec> entry : specs().entrySet()) {
      try (Model model = Model.create(entry.getValue(), DEVICE, ElementType.FLOAT64, 7)) {
        Exchange.write(model, InputFormat.of(Normalizer.none()), Path.of(target, entry.getKey()));
      }
    }
  }

  @Test
  void modelFilesGoThereAndBackAtTheCommandLine() throws IOException {
    Path file = folder.resolve("model.safetensors");
    Path again = folder.resolve("again.safetensors");
    Path between = folder.resolve("between");
    try (Model model = Model.create(specs().get("sum"), DEVICE, ElementType.FLOAT32, 3)) {
      ModelFile.save(model, file);
    }
    CommandLineRun.of("export", "--model", file.toString(), "--to", between.toString()).succeeded();
    CommandLineRun.of("import", "--from", between.toString(), "--to", again.toString()).succeeded();
    try (Model one = ModelFile.loadModel(file, DEVICE);
        Model two = ModelFile.loadModel(again, DEVICE)) {
      assertThat(values(two)).isEqualTo(values(one));
    }
    Path config = between.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("\"depth\": \"5\"", "\"depth\": \"6\""));
    assertThatThrownBy(() -> Exchange.read(between, DEVICE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("has no tensor 'bias.6', which the network needs");
    Files.writeString(config, text.replace("volterra-exchange", "other"));
    CommandLineRun.of("import", "--from", between.toString(), "--to", again.toString())
        .failed("config.json is no volterra-exchange");
    Files.writeString(config, "{");
    CommandLineRun.of("import", "--from", between.toString(), "--to", again.toString())
        .failed("config.json is malformed");
  }
}
