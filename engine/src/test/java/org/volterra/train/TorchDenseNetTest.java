package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.volterra.FeedForward;
import org.volterra.io.SafetensorsFile;
import org.volterra.io.Tensor;
import org.volterra.memory.Resources;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.testing.TestProvider;

/** The file is made by {@code src/test/python/make_torch_densenet.py}. */
class TorchDenseNetTest {
  private static final Path RESOURCES = Path.of("src", "test", "resources", "org", "volterra");

  /** Another file and its size, for a network that is too large to be committed. */
  private static final Path FILE =
      Path.of(
          System.getProperty(
              "volterra.test.densenet",
              RESOURCES.resolve("torch-densenet.safetensors").toString()));

  @Test
  void givesTheLogitsOfPyTorch() throws IOException {
    try (Resources resources = new Resources();
        SafetensorsFile file = SafetensorsFile.open(FILE)) {
      Tensor images = file.tensor("images");
      double[] expected = file.tensor("logits").toDoubleArray();
      int size = (int) Math.round(Math.sqrt(images.shape()[0] / 3.0));
      FeedForward network =
          resources.own(TorchDenseNet.load(FILE, size, TestProvider.get(), ElementType.FLOAT32));
      Matrix data =
          Matrix.of(
              resources.own(
                  TestProvider.get().allocate(ElementType.FLOAT32, images.elementCount())),
              0,
              (int) images.shape()[0],
              3);
      data.fill(images.toDoubleArray());
      double[] found = resources.own(network.inference(3)).forward(data).toArray();
      double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        worst = Math.max(worst, Math.abs(found[i] - expected[i]));
      }
      assertThat(worst / largest).isLessThanOrEqualTo(1e-5);
    }
  }

  @Test
  void refusesOtherFiles() {
    Path other = RESOURCES.resolve("stages").resolve("dense-bc.safetensors");
    assertThatThrownBy(() -> TorchDenseNet.load(other, 32, TestProvider.get(), ElementType.FLOAT32))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it has no features.denseblock1.denselayer1");
  }
}
