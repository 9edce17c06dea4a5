package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.UnknownFieldSet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.volterra.DenseNets;
import org.volterra.Engine;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.ModelWorkspace;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.io.NpyFile;
import org.volterra.io.Tensor;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.train.ModelFile;

/**
 * Networks of every stage and kernel as ONNX files, read and computed by the definitions of the
 * format and its operators, against the engine. {@link #exportsAllForTheScript} leaves them in the
 * folder of {@code -Dvolterra.test.onnx} for {@code bench/peers/onnx_check.py}.
 */
class OnnxExportTest {
  private static final ComputeProvider DEVICE = Engine.open("auto", 1);

  @TempDir private Path folder;

  @AfterAll
  static void close() {
    DEVICE.close();
  }

  private static Map<String, ModelSpec> specs() {
    Map<String, ModelSpec> all = new LinkedHashMap<>(ExchangeTest.specs());
    all.put(
        "activations",
        stages(
            1,
            1,
            3,
            "affine(4),tanh,affine(5),relu,affine(4),gelu,silu,affine(4),sigmoid,softplus"));
    all.put(
        "windows",
        stages(
            7,
            6,
            3,
            "conv(4,3x2,stride=2x1,pad=1,dilation=1x2,bias),conv(6,3,pad=2,dilation=2,groups=2),"
                + "max-pool(3x2,stride=1x2,pad=1,dilation=1x2),average-pool(2,stride=1,pad=1),"
                + "average-pool(2,stride=1,dilation=2),average-pool(1x2,stride=1,pad=1x2)"));
    all.put(
        "normalised",
        stages(
            3,
            2,
            4,
            "batch-norm(momentum=0.1,epsilon=0.003),layer-norm(epsilon=0.02),affine(3),"
                + "rms-norm(epsilon=0.3),residual(batch-norm,relu,conv(3,3x3,pad=1)),"
                + "position-embedding,dense(2,affine(2),gelu),residual(affine(7),tanh)"));
    all.put(
        "densenet-bc",
        DenseNets.builder(new Shape(8, 8, 3), 4, 2, 3)
            .bottleneck(2)
            .compression(0.5)
            .dropout(0.1)
            .classes(5));
    all.put(
        "images-in-depth",
        NetworkSpec.builder(4, 6)
            .positions(3, 5)
            .inputs(2)
            .outputs(3)
            .kernel(DepthKernel.parse("averaging(3x2)"))
            .features(
                FeatureTransform.parse("batch-norm,relu,conv(4,3x3,pad=1)"),
                DepthDependence.perLayer())
            .activation(Activation.SOFTPLUS)
            .grading(1.5)
            .build());
    all.put("transformer", attention("attention", 6));
    all.put("blocks", attention("attention(3)", 9));
    all.put(
        "dense-unit",
        ExchangeTest.deep("dense", "batch-norm,conv(5,1x3,pad=0x1),relu")
            .scaling(Scaling.UNIT)
            .noBias()
            .build());
    all.put("field-fine", ExchangeTest.deep("field(7)", "identity").grading(1.3).build());
    return all;
  }

  /** Kernels that hold functions, which no model file does. */
  private static Map<String, DepthKernel> functions() {
    return Map.of(
        "scalar",
        DepthKernel.scalar((t, s) -> Math.sin(t + 2 * s)),
        "smooth",
        DepthKernel.smooth((t, s) -> 1 / (1 + t * s)),
        "convolution",
        DepthKernel.withMatrix(DepthKernel.convolution(lag -> Math.cos(lag))),
        "exponentials",
        DepthKernel.exponentials(List.of(1.0, -0.5), List.of(0.3, 2.0)),
        "separable",
        DepthKernel.separable(List.of(Math::exp), List.of(Math::cos)));
  }

  private static ModelSpec stages(int height, int width, int channels, String text) {
    return new FeedForwardSpec(new Shape(height, width, channels), FeatureTransform.parse(text));
  }

  private static ModelSpec attention(String kernel, int depth) {
    return NetworkSpec.builder(4, depth)
        .positions(3)
        .outputs(2)
        .scaling(Scaling.UNIT)
        .kernel(DepthKernel.parse(kernel))
        .features(
            FeatureTransform.parse(
                "sublayers(layer-norm,attention(2,causal)|rms-norm,affine(6),gelu,affine(4))"),
            DepthDependence.perLayer())
        .build();
  }

  static List<String> names() {
    return List.copyOf(specs().keySet());
  }

  static List<String> functionNames() {
    return List.copyOf(functions().keySet());
  }

  /** A network all of whose parameters and statistics are random. */
  private static Model random(ModelSpec spec, ElementType type) {
    Model model = Model.create(spec, DEVICE, type, 3);
    Random random = new Random(5);
    for (String name : model.layout().entries().keySet()) {
      Matrix values = model.parameter(name);
      values.fill(
          Arrays.stream(values.toArray()).map(v -> v + 0.2 * random.nextDouble()).toArray());
    }
    return model;
  }

  private static double[] numbers(ModelSpec spec, int batch) {
    return new Random(9)
        .doubles((long) batch * spec.positions() * spec.inputs(), -2, 2)
        .map(v -> (float) v)
        .toArray();
  }

  private static double[] infer(Model model, double[] input, int batch) {
    ModelSpec spec = model.spec();
    try (Resources resources = new Resources()) {
      ModelWorkspace workspace = resources.own(model.inference(batch, MemoryBudget.unlimited()));
      Matrix data =
          Matrix.of(
              resources.own(DEVICE.allocate(model.type(), input.length)),
              0,
              batch * spec.positions(),
              spec.inputs());
      data.fill(input);
      return workspace.infer(data).toArray();
    }
  }

  private static OnnxTensor compute(OnnxFile file, ModelSpec spec, double[] input, int batch) {
    int[] shape = {batch, spec.positions(), spec.inputs()};
    return new OnnxInterpreter(file).run(new OnnxTensor(shape, input));
  }

  private static void assertClose(double[] found, double[] expected, double tolerance) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(found).hasSameSizeAs(expected);
    assertThat(largest).isPositive();
    for (int i = 0; i < found.length; i++) {
      assertThat(Math.abs(found[i] - expected[i])).isLessThan(tolerance * largest);
    }
  }

  private void agrees(ModelSpec spec, ElementType type, double tolerance) throws IOException {
    Path path = folder.resolve("model.onnx");
    try (Model model = random(spec, type)) {
      OnnxExport.write(model, InputFormat.of(Normalizer.none()), path);
      OnnxFile file = OnnxFile.read(path);
      String kind = type == ElementType.FLOAT32 ? "float" : "double";
      assertThat(file.inputs())
          .isEqualTo(Map.of("input", kind + List.of("batch", spec.positions(), spec.inputs())));
      assertThat(file.outputs())
          .isEqualTo(
              Map.of("output", kind + List.of("batch", spec.outputPositions(), spec.outputs())));
      for (int batch : new int[] {1, 3}) {
        double[] input = numbers(spec, batch);
        OnnxTensor output = compute(file, spec, input, batch);
        assertThat(output.shape()).containsExactly(batch, spec.outputPositions(), spec.outputs());
        assertClose(output.values(), infer(model, input, batch), tolerance);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void agreesInFloat64(String name) throws IOException {
    agrees(specs().get(name), ElementType.FLOAT64, 1e-12);
  }

  @ParameterizedTest
  @MethodSource("names")
  void agreesInFloat32(String name) throws IOException {
    agrees(specs().get(name), ElementType.FLOAT32, 3e-5);
  }

  @ParameterizedTest
  @MethodSource("functionNames")
  void agreesForGivenFunctions(String name) throws IOException {
    NetworkSpec spec = ExchangeTest.deep("dense", "tanh").kernel(functions().get(name)).build();
    Path path = folder.resolve("model.onnx");
    try (Model model = random(spec, ElementType.FLOAT64)) {
      OnnxExport.write(model, InputFormat.of(Normalizer.none()), path);
      double[] input = numbers(spec, 2);
      OnnxTensor output = compute(OnnxFile.read(path), spec, input, 2);
      assertClose(output.values(), infer(model, input, 2), 1e-12);
    }
  }

  @Test
  void takesTheInputsOfPredictAtTheCommandLine() throws IOException {
    Path model = folder.resolve("model.safetensors");
    Path input = folder.resolve("input.npy");
    Path output = folder.resolve("output.npy");
    Path exported = folder.resolve("exported");
    ModelSpec spec = specs().get("densenet");
    double[] all = numbers(spec, 4);
    NpyFile.write(input, Tensor.ofDoubles(all, 4, 36, 2));
    for (int scales : new int[] {1, 2, 72}) {
      Random random = new Random(scales);
      double[] shift = random.doubles(scales, -1, 1).toArray();
      Normalizer normalizer = new Normalizer(shift, random.doubles(scales, 1, 3).toArray());
      try (Model network = random(spec, ElementType.FLOAT64)) {
        ModelFile.save(network, normalizer.metadata(), model);
      }
      CommandLineRun.of(
              "predict",
              "--model",
              model.toString(),
              "--input",
              input.toString(),
              "--output",
              output.toString())
          .succeeded();
      CommandLineRun.of(
              "export",
              "--model",
              model.toString(),
              "--format",
              "onnx",
              "--to",
              exported.toString())
          .succeeded();
      OnnxFile file = OnnxFile.read(exported.resolve("model.onnx"));
      double[] expected = NpyFile.read(output).toDoubleArray();
      assertClose(compute(file, spec, all, 4).values(), expected, 1e-12);
      assertThat(file.irVersion()).isEqualTo(8);
      assertThat(file.opset()).isEqualTo(17);
      Map<String, String> metadata = new LinkedHashMap<>();
      spec.toProperties().forEach((key, value) -> metadata.put("volterra." + key, value));
      normalizer.metadata().forEach((key, value) -> metadata.put("volterra." + key, value));
      assertThat(file.metadata()).isEqualTo(metadata);
    }
    try (Model network = random(spec, ElementType.FLOAT64)) {
      ModelFile.save(network, new Normalizer(new double[5], new double[5]).metadata(), model);
    }
    CommandLineRun.of("export", "--model", model.toString(), "--to", exported.toString())
        .failed("inputs are scaled by 5 and 5 numbers: the network takes 72");
  }

  @Test
  void messagesAreThoseOfProtocolBuffers() throws IOException {
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    CodedOutputStream coded = CodedOutputStream.newInstance(expected);
    ProtobufMessage message = new ProtobufMessage();
    for (long number : new long[] {0, 1, 127, 128, 300, -1, Long.MAX_VALUE, Long.MIN_VALUE}) {
      message.number(1, number).number(2047, number);
      coded.writeInt64(1, number);
      coded.writeInt64(2047, number);
    }
    message.real(2, -1.5f).text(3, "α").message(4, new ProtobufMessage().text(1, "x".repeat(200)));
    coded.writeFloat(2, -1.5f);
    coded.writeString(3, "α");
    coded.writeByteArray(
        4,
        UnknownFieldSet.newBuilder()
            .addField(
                1,
                UnknownFieldSet.Field.newBuilder()
                    .addLengthDelimited(ByteString.copyFromUtf8("x".repeat(200)))
                    .build())
            .build()
            .toByteArray());
    coded.flush();
    ByteArrayOutputStream found = new ByteArrayOutputStream();
    message.writeTo(found);
    assertThat(found.toByteArray()).isEqualTo(expected.toByteArray());
    assertThat(message.size()).isEqualTo(expected.size());
  }

  @Test
  void refusesWhatTheFormatCannotHold() {
    OnnxGraph graph = new OnnxGraph(ElementType.FLOAT32);
    graph.tensor(
        "large",
        () -> {
          throw new AssertionError("values are not asked for");
        },
        1 << 15,
        1 << 14);
    long bytes = graph.model(Map.of()).size();
    OnnxExport.requireSize(OnnxExport.MAX_BYTES);
    assertThatThrownBy(() -> OnnxExport.requireSize(bytes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the network takes "
                + bytes
                + " bytes as ONNX: such a file holds at most 2147483647; --format safetensors has"
                + " no such limit");
  }

  @Test
  void exportsAllForTheScript() throws IOException {
    String target = System.getProperty("volterra.test.onnx");
    assumeTrue(target != null, "only for bench/peers/onnx_check.py");
    for (Map.Entry<String, ModelSpec> entry : specs().entrySet()) {
      for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
        ModelSpec spec = entry.getValue();
        Path to = Path.of(target, entry.getKey() + (type == ElementType.FLOAT32 ? "-32" : "-64"));
        Files.createDirectories(to);
        try (Model model = random(spec, type)) {
          OnnxExport.write(model, InputFormat.of(Normalizer.none()), to.resolve("model.onnx"));
          double[] input = numbers(spec, 3);
          Tensor x = Tensor.ofDoubles(input, 3, spec.positions(), spec.inputs());
          NpyFile.write(to.resolve("input.npy"), x);
          double[] result = infer(model, input, 3);
          Tensor y = Tensor.ofDoubles(result, 3, spec.outputPositions(), spec.outputs());
          NpyFile.write(to.resolve("output.npy"), y);
        }
      }
    }
  }
}
