package org.volterra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.feature.Connectivity;
import org.volterra.feature.DenseBlock;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.internal.scalar.ScalarProvider;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.testing.FailingProvider;
import org.volterra.train.ModelFile;

@Tag("provider-independent")
class DenseNetsTest {
  @TempDir private Path folder;

  /** The counts of torchvision and of the paper's Table 2. */
  @Test
  void haveTheParametersOfThePaper() {
    assertThat(DenseNets.imageNet(121, 1000).layout().parameterCount()).isEqualTo(7_978_856);
    assertThat(DenseNets.imageNet(161, 1000).layout().parameterCount()).isEqualTo(28_681_000);
    assertThat(DenseNets.imageNet(169, 1000).layout().parameterCount()).isEqualTo(14_149_480);
    assertThat(DenseNets.imageNet(201, 1000).layout().parameterCount()).isEqualTo(20_013_928);
    assertThat(DenseNets.cifar(100, 12, true, 10).layout().parameterCount()).isEqualTo(769_162);
    assertThat(DenseNets.cifar(190, 40, true, 10).layout().parameterCount() / 100_000)
        .isEqualTo(256);
    assertThat(DenseNets.cifar(40, 12, false, 10).layout().parameterCount() / 10_000)
        .isEqualTo(101);
  }

  @Test
  void endInOnePosition() {
    assertThat(DenseNets.imageNet(121, 1000).output()).isEqualTo(new Shape(1, 1, 1000));
    assertThat(DenseNets.cifar(40, 12, false, 10).output()).isEqualTo(new Shape(1, 1, 10));
    assertThat(DenseNets.cifar(100, 12, true, 10).toString())
        .contains("769,162")
        .contains("conv(24,3x3,pad=1x1)")
        .contains("8x8x342");
  }

  /** Counted by hand for an input of 5 channels and a growth rate of 3. */
  @Test
  void haveLayersThatSeeSomeFeatures() {
    Shape input = new Shape(1, 1, 5);
    int[][] seen = {{5, 8, 11, 14, 17}, {5, 8, 6, 6, 6}, {5, 8, 6, 11, 9}};
    String[] reach = {"", "reach=2,", "reach=log,"};
    for (int i = 0; i < reach.length; i++) {
      FeatureTransform block = FeatureTransform.parse("dense(5," + reach[i] + "affine(3))");
      DenseBlock dense = (DenseBlock) block.stages().getFirst();
      assertThat(block.text()).isEqualTo("dense(5," + reach[i] + "affine(3))");
      assertThat(IntStream.range(0, 5).map(l -> dense.seen(input, l).channels()))
          .as(reach[i])
          .containsExactly(Arrays.stream(seen[i]).boxed().toArray(Integer[]::new));
      assertThat(block.output(input).channels()).isEqualTo(20);
    }
    assertThat(FeatureTransform.parse("dense(5,reach=full,affine(3))"))
        .isEqualTo(FeatureTransform.parse("dense(5,affine(3))"));
  }

  @Test
  void refuseWhatDoesNotExist() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DenseNets.imageNet(120, 10))
        .withMessage("depth 120: must be 121, 161, 169 or 201");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DenseNets.cifar(41, 12, false, 10))
        .withMessage("depth 41: must be 4 more than a multiple of 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DenseNets.builder(new Shape(8, 8, 1), 4))
        .withMessageContaining("0 blocks");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DenseNets.builder(new Shape(8, 8, 1), 4, 2).compression(0));
  }

  @Test
  void goThroughTheirTextAndFiles() throws IOException {
    FeedForwardSpec spec =
        DenseNets.builder(new Shape(8, 8, 1), 4, 2, 2)
            .bottleneck(2)
            .compression(0.5)
            .dropout(0.1)
            .connectivity(Connectivity.window(2))
            .classes(3);
    assertThat(ModelSpec.fromProperties(spec.toProperties())).isEqualTo(spec);
    Path file = folder.resolve("model.safetensors");
    try (ScalarProvider provider = new ScalarProvider();
        FeedForward network = FeedForward.create(spec, provider, ElementType.FLOAT32, 5)) {
      ModelFile.save(network, file);
      try (Model back = ModelFile.loadModel(file, provider)) {
        assertThat(back.spec()).isEqualTo(spec);
        for (String name : network.layout().entries().keySet()) {
          assertThat(back.parameter(name).toArray())
              .as(name)
              .isEqualTo(network.parameter(name).toArray());
        }
      }
      assertThat(catchThrowable(() -> ModelFile.load(file, provider)))
          .hasMessageContaining("holds a network of stages");
    }
  }

  @Test
  void areRefusedByADeviceWithoutTheirPrimitives() {
    try (ScalarProvider scalar = new ScalarProvider();
        ComputeProvider bare = new FailingProvider(scalar, 10, Optional.empty())) {
      FeatureTransform features = FeatureTransform.parse("tanh,conv(4,3x3,pad=1)");
      NetworkSpec network = NetworkSpec.builder(4, 3).positions(4, 4).features(features).build();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Network.create(network, bare, ElementType.FLOAT32, 1))
          .withMessage(
              "features: provider scalar has no primitives for conv(4,3x3,pad=1x1); panama and"
                  + " scalar have them");
    }
  }
}
