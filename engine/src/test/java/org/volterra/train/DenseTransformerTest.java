package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;
import org.volterra.testing.TestProvider;

/** Small Transformers with weights over depth, and what they cannot do without attention. */
class DenseTransformerTest {
  private static final int POSITIONS = 5;
  private static final int TOKENS = 4;
  private static final String ATTENTION = "layer-norm,position-embedding,attention(2)";
  private static final String LOCAL = "layer-norm,position-embedding,affine(24),gelu,affine(24)";
  private static final String PERCEPTRON = "layer-norm,affine(48),gelu,affine(24)";

  /** Tokens, one-hot at each position, and at each position the one to be found in the mirror. */
  private static Samples reversed(int count, long seed) {
    Random random = new Random(seed);
    double[] inputs = new double[count * POSITIONS * TOKENS];
    int[] labels = new int[count * POSITIONS];
    for (int sample = 0; sample < count; sample++) {
      for (int i = 0; i < POSITIONS; i++) {
        int token = random.nextInt(TOKENS);
        inputs[(sample * POSITIONS + i) * TOKENS + token] = 1;
        labels[sample * POSITIONS + POSITIONS - 1 - i] = token;
      }
    }
    return Samples.classification(inputs, POSITIONS * TOKENS, labels, TOKENS);
  }

  private static double accuracy(String kernel, int depth, String features) {
    NetworkSpec spec =
        NetworkSpec.builder(24, depth)
            .positions(POSITIONS)
            .inputs(TOKENS)
            .outputs(TOKENS)
            .kernel(DepthKernel.parse(kernel))
            .scaling(Scaling.UNIT)
            .features(FeatureTransform.parse(features), DepthDependence.perLayer())
            .source(Source.zero())
            .noBias()
            .build();
    try (Network network = Network.create(spec, TestProvider.get(), ElementType.FLOAT32, 1);
        Trainer trainer =
            Trainer.builder(network, reversed(512, 1))
                .test(reversed(256, 2))
                .optimizer(Optimizer.adam(0.9, 0.999, 1e-8, 1e-3))
                .schedule(Schedule.cosine(0.005, 0.1))
                .epochs(25)
                .batch(64)
                .build()) {
      List<EpochMetrics> metrics = trainer.run();
      return metrics.getLast().testAccuracy();
    }
  }

  private static void notInTheReference() {
    assumeFalse(TestProvider.get().name().equals("scalar"), "takes minutes");
  }

  @ParameterizedTest
  @ValueSource(strings = {"averaging", "attention", "attention(2)"})
  void learnWhatStandsElsewhere(String kernel) {
    notInTheReference();
    boolean averages = kernel.equals("averaging");
    String block =
        averages
            ? "sublayers(residual(" + ATTENTION + "),residual(" + PERCEPTRON + "))"
            : "sublayers(" + ATTENTION + "|" + PERCEPTRON + ")";
    assertThat(accuracy(kernel, averages ? 3 : 5, block)).isGreaterThan(0.95);
  }

  @Test
  void cannotWithoutAttentionOverPositions() {
    notInTheReference();
    // All but the middle position can only guess one of four.
    assertThat(accuracy("attention", 5, "sublayers(" + LOCAL + "|" + PERCEPTRON + ")"))
        .isLessThan(0.5);
  }
}
