package org.volterra.cuda;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.HistoryType;
import org.volterra.NetworkSpec;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.spi.Activation;
import org.volterra.spi.ElementType;

/**
 * Every kernel, every sum and every stage takes histories in memory of the host, and computes the
 * same bits as with those in device memory, whether copies are done as late as whoever waits for
 * them allows, or as early as what they wait for does.
 */
@FakeCudaExtension.Needed
final class OffloadedNetworksTest {
  @AfterEach
  void allMemoryIsReturned() {
    OffloadedSteps.allMemoryIsReturned();
  }

  @ParameterizedTest
  @CsvSource({
    "dense, auto, 23, 5, identity, FLOAT32, NATIVE",
    "dense, auto, 23, 5, tanh, FLOAT64, NATIVE",
    "field:3, auto, 40, 8, tanh, FLOAT32, NATIVE",
    "scalar, direct, 31, 7, identity, FLOAT32, NATIVE",
    "scalar, blocked, 70, 14, tanh, FLOAT32, NATIVE",
    "fractional:0.5, fft, 70, 14, tanh, FLOAT32, NATIVE",
    "exponentials:2, exponentials, 40, 8, identity, FLOAT64, NATIVE",
    "separable:2, separable, 40, 8, gelu, FLOAT32, NATIVE",
    "averaging:3x2, auto, 31, 7, identity, FLOAT32, NATIVE",
    "attention, auto, 9, 40, identity, FLOAT32, NATIVE",
    "attention:3, auto, 8, 40, tanh, FLOAT64, NATIVE",
    "averaging:2x1, auto, 21, 7, tanh, FLOAT64, NATIVE",
    "scalar + matrix*convolution, direct+blocked, 70, 8, tanh, FLOAT32, NATIVE",
    "exponentials:2 + matrix*separable:2, auto, 30, 7, tanh, FLOAT32, NATIVE",
    "fractional:0.5, hierarchical:1e-6, 130, 7, tanh, FLOAT32, NATIVE",
    "power-law, hierarchical:1e-6, 70, 7, identity, FLOAT64, NATIVE",
    "matrix*convolution, fft, 70, 8, tanh, FLOAT32, NATIVE",
    "convolution, fft, 130, 7, identity, FLOAT64, NATIVE",
    "field:12, auto, 30, 8, identity, FLOAT64, NATIVE",
    "dense, auto, 13, 8, tanh, FLOAT32, BFLOAT16",
    "convolution, blocked, 70, 8, tanh, FLOAT32, BFLOAT16"
  })
  void kernelsAndSums(
      String kernel,
      String sum,
      int depth,
      int positions,
      String psi,
      ElementType type,
      HistoryType stored) {
    NetworkSpec.Builder spec = OffloadedSteps.spec(kernel, sum, depth).positions(positions);
    OffloadedSteps.compare(
        spec.activation(Activation.parse(psi)).historyType(stored).build(), type);
  }

  @Test
  void featuresAndSourcesToo() {
    OffloadedSteps.compare(
        OffloadedSteps.spec("dense", "auto", 19)
            .positions(4)
            .features(FeatureTransform.mlp(4, Activation.SILU, OffloadedSteps.CHANNELS))
            .activation(Activation.TANH)
            .source(Source.linear(DepthDependence.constant()))
            .build(),
        ElementType.FLOAT32);
    OffloadedSteps.compare(
        OffloadedSteps.spec("dense", "auto", 19)
            .positions(4)
            .features(FeatureTransform.activation(Activation.TANH))
            .source(Source.zero())
            .build(),
        ElementType.FLOAT32);
  }

  /** Channels of whole packs, with which ∂J/∂z is gathered from all δ. */
  @Test
  void gatheredAdjoints() {
    OffloadedSteps.compare(
        OffloadedSteps.spec(16, "dense", "auto", 9)
            .positions(8)
            .source(Source.linear(DepthDependence.constant()))
            .build(),
        ElementType.FLOAT32);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "conv(3,3,pad=1),dropout(0.25),affine(12)",
        "batch-norm,relu,average-pool(3,stride=1,pad=1),conv(12,3,pad=1,groups=12)",
        "dense(2,affine(5),relu),affine(12),max-pool(3,stride=1,pad=1),layer-norm",
        "residual(batch-norm,silu,affine(12)),non-local(gaussian,4),rms-norm",
        "sublayers(attention(3),layer-norm|affine(6),gelu,affine(12))"
      })
  void stages(String features) {
    OffloadedSteps.compare(
        OffloadedSteps.spec("scalar", "direct", 9)
            .positions(4, 2)
            .features(FeatureTransform.parse(features), DepthDependence.perLayer())
            .activation(Activation.TANH)
            .build(),
        ElementType.FLOAT32);
  }
}
