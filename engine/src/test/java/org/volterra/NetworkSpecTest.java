package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.History;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.testing.NetworkChoices;
import org.volterra.testing.NetworkChoices.Choice;

@Tag("provider-independent")
class NetworkSpecTest {
  private static NetworkSpec.Builder builder() {
    return NetworkSpec.builder(3, 4);
  }

  @Test
  void aTableShowsFormulaShapesParametersAndBytes() {
    NetworkSpec spec =
        NetworkSpec.builder(16, 64)
            .inputs(8)
            .outputs(10)
            .positions(2)
            .kernel(DepthKernel.field(4))
            .features(FeatureTransform.mlp(32, Activation.GELU, 24))
            .activation(Activation.TANH)
            .source(Source.linear(DepthDependence.constant()))
            .build();
    assertThat(spec.toString().lines())
        .containsExactly(
            "x_l = x_0 A(t) + tanh(b_l + h Σ_{k<l} K_{l,k} φ(x_k)),  l = 1..64,  h = 0.0156250",
            "  part         what                         shape                parameters",
            "  input        linear                       8 -> 16                     144",
            "  features φ   affine(32) → gelu → affine(24) 16 -> 24                  1,336",
            "  kernel K     field(4)                     16 x 24                   5,760",
            "  bias b       per layer                    16                        1,024",
            "  source g     x_0 A(t)                     16                          256",
            "  output       linear                       16 -> 10                    170",
            "  total                                                               8,690",
            "history of one sample: 65 slices x 2 positions x 24 channels = 12,480 bytes in"
                + " float32, 24,960 in float64");
  }

  @Test
  void aTableLeavesOutWhatThereIsNot() {
    NetworkSpec spec =
        builder()
            .scaling(Scaling.UNIT)
            .features(FeatureTransform.identity())
            .kernel(DepthKernel.scalar((t, s) -> 1))
            .source(Source.zero())
            .noBias()
            .build();
    assertThat(spec.toString().lines())
        .containsExactly(
            "x_l = Σ_{k<l} K_{l,k} φ(x_k),  l = 1..4,  h = 1.00000",
            "  part         what                         shape                parameters",
            "  features φ   identity                     3 -> 3                        0",
            "  kernel K     fixed-scalar                 scalar                        0",
            "  source g     0                            3                             0",
            "  total                                                                   0",
            "history of one sample: 5 slices x 1 positions x 3 channels = 60 bytes in float32,"
                + " 120 in float64");
  }

  @Test
  void parametersAreCounted() {
    assertThat(new ParameterLayout(builder().build()).parameterCount())
        .isEqualTo((1 + 2 + 3 + 4) * 3 * 3 + 4 * 3);
    NetworkSpec wide =
        builder()
            .features(FeatureTransform.affine(5), DepthDependence.perLayer())
            .kernel(DepthKernel.field(2))
            .bias(DepthDependence.field(3))
            .source(Source.linear(DepthDependence.perLayer()))
            .build();
    ParameterLayout layout = new ParameterLayout(wide);
    assertThat(layout.parameterCount("feature")).isEqualTo(4 * (3 * 5 + 5));
    assertThat(layout.parameterCount("kernel")).isEqualTo(6 * 5 * 3);
    assertThat(layout.parameterCount("bias")).isEqualTo(4 * 3);
    assertThat(layout.parameterCount("source")).isEqualTo(4 * 9);
    ParameterLayout scalar =
        new ParameterLayout(builder().kernel(DepthKernel.trainableScalar((t, s) -> 1)).build());
    assertThat(scalar.parameterCount("kernel")).isEqualTo(1 + 2 + 3 + 4);
  }

  @Test
  void parametersAreNamedAlignedAndApart() {
    for (List<Choice> combination : NetworkChoices.combinations()) {
      ParameterLayout layout = new ParameterLayout(NetworkChoices.spec(combination));
      long end = 0;
      long count = 0;
      for (Map.Entry<String, ParameterLayout.Entry> named : layout.entries().entrySet()) {
        ParameterLayout.Entry entry = named.getValue();
        assertThat(entry.name()).isEqualTo(named.getKey());
        assertThat(entry.offset() % ParameterLayout.ALIGNMENT).isZero();
        assertThat(entry.offset()).isGreaterThanOrEqualTo(end);
        end = entry.offset() + entry.size();
        count += entry.size();
      }
      assertThat(layout.length()).isGreaterThanOrEqualTo(end);
      assertThat(layout.parameterCount()).isEqualTo(count);
      assertThat(layout.groups().values().stream().mapToLong(g -> g.entries().size()).sum())
          .as("every parameter belongs to one group: %s", combination)
          .isEqualTo(layout.entries().size());
    }
    ParameterLayout few = new ParameterLayout(builder().noBias().build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> few.entry("kernel.5"))
        .withMessage(
            "parameter 'kernel.5' does not exist: this network has [kernel.1, kernel.2, kernel.3,"
                + " kernel.4]");
    ParameterLayout many = new ParameterLayout(NetworkSpec.builder(3, 40).build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> many.entry("x"))
        .withMessage("parameter 'x' does not exist: this network has 80 others, such as kernel.1");
  }

  private static void refused(NetworkSpec.Builder builder, String message) {
    assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(message);
  }

  @Test
  void refusalsNameTheArgumentItsValueAndWhatIsAllowed() {
    refused(NetworkSpec.builder(0, 4), "channels 0: must be at least 1");
    refused(NetworkSpec.builder(-3, 4), "channels -3: must be at least 1");
    refused(NetworkSpec.builder(3, 0), "depth 0: must be at least 1");
    refused(builder().depth(-1), "depth -1: must be at least 1");
    refused(builder().positions(0), "positions 0: must be at least 1");
    refused(builder().inputs(-1), "inputs -1: must be at least 0");
    refused(builder().outputs(-2), "outputs -2: must be at least 0");
    for (double bad : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused(builder().horizon(bad), "horizon " + bad + ": must be positive and finite");
    }
    refused(
        builder()
            .kernel(DepthKernel.scalar((t, s) -> 1))
            .features(FeatureTransform.mlp(5, Activation.TANH, 4)),
        "features affine(5) → tanh → affine(4) give 4 channels: a scalar kernel needs as many as"
            + " the state has, 3");
  }

  @Test
  void partsAreRefusedWhereTheyAreMade() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DepthKernel.field(0))
        .withMessage("intervals 0: a kernel field has 1..65000");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DepthKernel.field(65_001))
        .withMessage("intervals 65001: a kernel field has 1..65000");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DepthDependence.field(0))
        .withMessage("intervals 0: a field in depth has at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FeatureTransform.affine(0))
        .withMessage("width 0: an affine map has at least 1 output");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Activation.parse("step"))
        .withMessage(
            "activation 'step' is unknown: choose one of identity, tanh, relu, gelu, silu, sigmoid,"
                + " softplus");
  }

  @Test
  void nullIsRefusedByName() {
    assertThatNullPointerException()
        .isThrownBy(() -> builder().scaling(null))
        .withMessage("scaling");
    assertThatNullPointerException().isThrownBy(() -> builder().kernel(null)).withMessage("kernel");
    assertThatNullPointerException()
        .isThrownBy(() -> builder().features(null))
        .withMessage("features");
    assertThatNullPointerException()
        .isThrownBy(() -> builder().features(FeatureTransform.identity(), null))
        .withMessage("dependence");
    assertThatNullPointerException()
        .isThrownBy(() -> builder().activation(null))
        .withMessage("activation");
    assertThatNullPointerException()
        .isThrownBy(() -> builder().bias(null))
        .withMessage("dependence");
    assertThatNullPointerException().isThrownBy(() -> builder().source(null)).withMessage("source");
    assertThatNullPointerException()
        .isThrownBy(() -> Source.linear(null))
        .withMessage("dependence");
    assertThatNullPointerException()
        .isThrownBy(() -> DepthKernel.scalar(null))
        .withMessage("function");
  }

  @Test
  void moreParametersThanOneBufferHoldsAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ParameterLayout(NetworkSpec.builder(1000, 100_000).build()))
        .withMessage(
            "depth 100000 and channels 1000 give too many parameters: dense kernel and features"
                + " tanh must fit a buffer of 2147483647 elements");
    List<NetworkSpec> others =
        List.of(
            NetworkSpec.builder(100_000, 1).features(FeatureTransform.affine(100_000)).build(),
            NetworkSpec.builder(2_000, 8).kernel(DepthKernel.field(60_000)).build(),
            NetworkSpec.builder(1 << 30, 2).build(),
            NetworkSpec.builder(50_000, 1).inputs(50_000).build());
    for (NetworkSpec spec : others) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new ParameterLayout(spec))
          .withMessageContaining("give too many parameters");
    }
  }

  @Test
  void defaultsAreThoseOfTheJavadoc() {
    NetworkSpec spec = builder().build();
    assertThat(spec.kernel()).isEqualTo(DepthKernel.dense());
    assertThat(spec.features()).isEqualTo(FeatureTransform.activation(Activation.TANH));
    assertThat(spec.activation()).isEqualTo(Activation.IDENTITY);
    assertThat(spec.bias()).isEqualTo(DepthDependence.perLayer());
    assertThat(spec.scale()).isEqualTo(0.25);
    assertThat(spec.source()).isEqualTo(Source.initialState());
    assertThat(spec.hasInputMap()).isFalse();
    assertThat(spec.hasOutputMap()).isFalse();
    assertThat(spec.inputs()).isEqualTo(3);
    assertThat(spec.outputs()).isEqualTo(3);
    assertThat(spec.positions()).isEqualTo(1);
    assertThat(spec.historyLayout()).isEqualTo(History.Layout.INTERLEAVED);
    assertThat(spec.historyBytes(ElementType.FLOAT64, 2)).isEqualTo(5 * 2 * 3 * 8);
    assertThat(builder().kernel(DepthKernel.field(1)).build().historyLayout())
        .isEqualTo(History.Layout.SLICE_MAJOR);
    assertThat(builder().scaling(Scaling.UNIT).horizon(3).build().scale()).isEqualTo(1);
  }

  @Test
  void everySpecificationSurvivesTheWayThroughProperties() {
    int fixed = 0;
    for (List<Choice> combination : NetworkChoices.combinations()) {
      NetworkSpec spec = NetworkChoices.spec(combination);
      Map<String, String> properties = spec.toProperties();
      if (spec.kernel() instanceof DepthKernel.Scalar scalar && !scalar.trainable()) {
        fixed++;
        assertThatIllegalArgumentException()
            .isThrownBy(() -> NetworkSpec.fromProperties(properties))
            .withMessageStartingWith("kernel 'fixed-scalar': must be dense, scalar, field(M)");
        continue;
      }
      NetworkSpec back = NetworkSpec.fromProperties(properties);
      assertThat(back.toProperties()).as(combination.toString()).isEqualTo(properties);
      assertThat(back).hasToString(spec.toString());
      assertThat(new ParameterLayout(back).entries())
          .isEqualTo(new ParameterLayout(spec).entries());
      assertThat(spec.toBuilder().build().toProperties()).isEqualTo(properties);
    }
    assertThat(fixed).isPositive();
  }

  @Test
  void propertiesAreWhatIsWrittenToFiles() {
    NetworkSpec spec =
        builder()
            .inputs(2)
            .horizon(0.1)
            .kernel(DepthKernel.field(7))
            .features(FeatureTransform.mlp(5, Activation.TANH, 4), DepthDependence.field(2))
            .noBias()
            .source(Source.linear(DepthDependence.perLayer()))
            .build();
    Map<String, String> expected = new LinkedHashMap<>();
    expected.put("channels", "3");
    expected.put("depth", "4");
    expected.put("inputs", "2");
    expected.put("outputs", "0");
    expected.put("positions", "1");
    expected.put("horizon", "0.1");
    expected.put("scaling", "step");
    expected.put("kernel", "field(7)");
    expected.put("features", "affine(5),tanh,affine(4)");
    expected.put("feature-depth", "field(2)");
    expected.put("activation", "identity");
    expected.put("bias", "none");
    expected.put("source", "linear per-layer");
    expected.put("sum", "auto");
    expected.put("history", "native");
    assertThat(spec.toProperties()).containsExactlyEntriesOf(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "channels|three|channels 'three': must be a whole number",
        "depth|0|depth 0: must be at least 1",
        "positions||positions '': must be a whole number",
        "horizon|long|horizon 'long': must be a number",
        "horizon|NaN|horizon NaN: must be positive and finite",
        "scaling|half|scaling 'half': must be step or unit",
        "kernel|field|kernel 'field': must be dense, scalar, field(M)",
        "kernel|field(0)|intervals 0: a kernel field has 1..65000",
        "kernel|field(99999999999)|kernel 'field(99999999999)': must be dense, scalar, field(M)",
        "kernel|affine(3)|kernel 'affine(3)': must be dense, scalar, field(M)",
        "features|affine|features 'affine': must be affine(width)",
        "features|affine(0)|width 0: an affine map has at least 1 output",
        "feature-depth|layer|feature-depth 'layer': must be constant, per-layer or field(M)",
        "bias|some|bias 'some': must be constant, per-layer or field(M)",
        "source|linear|source 'linear': must be zero, initial-state or 'linear <dependence>'",
        "sum|slow|sum 'slow'",
        "history|half|historyType 'half'",
        "source|linear x|source 'x': must be constant, per-layer or field(M)"
      })
  void malformedPropertiesAreRefused(String key, String value, String message) {
    Map<String, String> properties = new LinkedHashMap<>(builder().build().toProperties());
    properties.put(key, value == null ? "" : value);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NetworkSpec.fromProperties(properties))
        .withMessageStartingWith(message);
  }

  @Test
  void missingPropertiesAreRefusedAndOthersIgnored() {
    Map<String, String> whole = builder().build().toProperties();
    for (String key : whole.keySet()) {
      Map<String, String> properties = new LinkedHashMap<>(whole);
      properties.remove(key);
      if (key.equals("sum") || key.equals("history")) {
        assertThat(NetworkSpec.fromProperties(properties).toProperties()).isEqualTo(whole);
        continue;
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> NetworkSpec.fromProperties(properties))
          .withMessage("property '" + key + "' of the network is missing");
    }
    Map<String, String> more = new LinkedHashMap<>(whole);
    more.put("colour", "blue");
    assertThat(NetworkSpec.fromProperties(more).toProperties()).isEqualTo(whole);
  }
}
