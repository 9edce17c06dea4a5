package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.io.SafetensorsWriter;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

class ModelFileTest {
  @TempDir Path folder;

  private static List<NetworkSpec> specs() {
    return List.of(
        NetworkSpec.builder(4, 3).inputs(2).outputs(3).build(),
        NetworkSpec.builder(4, 3)
            .kernel(DepthKernel.field(2))
            .features(FeatureTransform.mlp(5, Activation.GELU, 3), DepthDependence.perLayer())
            .source(Source.linear(DepthDependence.field(2)))
            .bias(DepthDependence.field(4))
            .horizon(1.5)
            .positions(2)
            .build(),
        NetworkSpec.builder(4, 3)
            .kernel(DepthKernel.trainableScalar((t, s) -> 1))
            .features(FeatureTransform.identity())
            .activation(Activation.RELU)
            .scaling(Scaling.UNIT)
            .source(Source.zero())
            .noBias()
            .build(),
        NetworkSpec.builder(4, 3).source(Source.linear(DepthDependence.constant())).build());
  }

  @Test
  void anyNetworkComesBackAsItWas() throws IOException {
    Path file = folder.resolve("model.safetensors");
    for (NetworkSpec spec : specs()) {
      for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
        try (Network network = Network.create(spec, TestProvider.get(), type, 5)) {
          ModelFile.save(network, file);
          try (Network loaded = ModelFile.load(file, TestProvider.get())) {
            assertThat(loaded.type()).isEqualTo(type);
            assertThat(loaded.spec().toProperties()).isEqualTo(spec.toProperties());
            assertThat(TrainingFixtures.values(loaded)).isEqualTo(TrainingFixtures.values(network));
          }
        }
      }
    }
  }

  @Test
  void badFilesAreRefused() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (Network network =
        Network.create(specs().getFirst(), TestProvider.get(), ElementType.FLOAT32, 5)) {
      ModelFile.save(network, file);
    }
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length - 3] ^= 4;
    Files.write(file, bytes);
    assertThatThrownBy(() -> ModelFile.load(file, TestProvider.get()))
        .hasMessageContaining("is damaged");
    Path foreign = folder.resolve("foreign.safetensors");
    new SafetensorsWriter().metadata("format", "pt").write(foreign);
    assertThatThrownBy(() -> ModelFile.load(foreign, TestProvider.get()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not a volterra-network file");
    Path empty = folder.resolve("empty.safetensors");
    new SafetensorsWriter()
        .metadata("format", "volterra-network")
        .metadata("crc32c", "0")
        .write(empty);
    assertThatThrownBy(() -> ModelFile.load(empty, TestProvider.get()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("property 'channels' of the network is missing");
    Path hollow = folder.resolve("hollow.safetensors");
    SafetensorsWriter writer =
        new SafetensorsWriter().metadata("format", "volterra-network").metadata("crc32c", "0");
    specs().getFirst().toProperties().forEach(writer::metadata);
    writer.write(hollow);
    assertThatThrownBy(() -> ModelFile.load(hollow, TestProvider.get()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("has no tensor 'input.weight'");
  }

  @Test
  void malformedPropertiesAreRefusedByName() {
    Map<String, String> good = specs().get(1).toProperties();
    Map<String, String> bad =
        Map.of(
            "depth",
            "x",
            "horizon",
            "long",
            "scaling",
            "none",
            "kernel",
            "field",
            "features",
            "affine(x)",
            "activation",
            "step",
            "bias",
            "field(0)",
            "source",
            "given",
            "feature-depth",
            "sometimes");
    bad.forEach((key, value) -> {
      Map<String, String> map = new HashMap<>(good);
      map.put(key, value);
      assertThatThrownBy(() -> NetworkSpec.fromProperties(map))
          .as(key)
          .isInstanceOf(IllegalArgumentException.class);
    });
    Map<String, String> fixed =
        NetworkSpec.builder(2, 2).kernel(DepthKernel.scalar((t, s) -> 1)).build().toProperties();
    assertThatThrownBy(() -> NetworkSpec.fromProperties(fixed))
        .hasMessageContaining("kernel 'fixed-scalar'");
  }
}
