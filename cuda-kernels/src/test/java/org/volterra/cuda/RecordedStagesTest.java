package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.volterra.DenseNets;
import org.volterra.FeedForward;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureTransform;
import org.volterra.feature.Shape;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.train.Samples;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;

/** Training steps with stages are graphs too, with the bits of single launches. */
@FakeCudaExtension.Needed
final class RecordedStagesTest {
  private static final int SIZE = 4;
  private static final int CLASSES = 3;
  private static final int SAMPLES = 7;

  @AfterEach
  void allMemoryIsReturned() {
    assertThat(FakeCuda.liveBytes()).isZero();
  }

  /** Two epochs of a whole batch and a smaller one; the first of each size is called. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "dense-net; ; 2",
        "dense-net with dropout; ; 2",
        "stages; conv(4,3,pad=1),batch-norm,relu,max-pool(2),global-average-pool,affine(3); 2",
        "stages;"
            + " position-embedding,residual(attention(3,causal),rms-norm),global-average-pool,affine(3);"
            + " 2",
        "stages; affine(4),dropout(0),global-average-pool,affine(3); 2",
        "stages; affine(4),residual(dropout(0.5),affine(4)),global-average-pool,affine(3); 2",
        "dense; tanh,conv(3,3,pad=1); 2",
        "dense; conv(3,3,pad=1),dropout(0.25); 2",
        "fractional:0.5; batch-norm,relu,conv(3,1,bias); 2",
        "dense; sublayers(attention(1),layer-norm|affine(6),gelu,affine(3)); 2"
      })
  void recordedTrainingGivesTheSameBits(String kind, String stages, int graphs) {
    try (ComputeProvider direct = new UnrecordedProvider(new CudaComputeProvider());
        ComputeProvider cuda = new CudaComputeProvider()) {
      double[] expected = train(direct, kind, stages);
      long launches = FakeCuda.calls("cuGraphLaunch");
      assertThat(train(cuda, kind, stages)).isEqualTo(expected);
      assertThat(FakeCuda.calls("cuGraphLaunch") - launches).isEqualTo(graphs);
    }
  }

  private static Model model(ComputeProvider provider, String kind, String stages) {
    Shape image = new Shape(SIZE, SIZE, 3);
    return switch (kind) {
      case "dense-net", "dense-net with dropout" ->
          FeedForward.create(
              DenseNets.builder(image, 2, 2, 1)
                  .bottleneck(2)
                  .dropout(kind.equals("dense-net") ? 0 : 0.2)
                  .classes(CLASSES),
              provider,
              ElementType.FLOAT32,
              3);
      case "stages" ->
          FeedForward.create(
              new FeedForwardSpec(image, FeatureTransform.parse(stages)),
              provider,
              ElementType.FLOAT32,
              3);
      default ->
          Network.create(
              NetworkSpec.builder(3, 3)
                  .positions(SIZE, SIZE)
                  .outputs(CLASSES)
                  .kernel(DepthKernel.parse(kind))
                  .features(FeatureTransform.parse(stages), DepthDependence.perLayer())
                  .build(),
              provider,
              ElementType.FLOAT32,
              3);
    };
  }

  private static double[] train(ComputeProvider provider, String kind, String stages) {
    Random random = new Random(2);
    List<Double> results = new ArrayList<>();
    try (Model model = model(provider, kind, stages)) {
      int pixels = SIZE * SIZE * 3;
      int labels = model.spec().outputPositions();
      Samples data =
          Samples.classification(
              random.doubles((long) SAMPLES * pixels, -1, 1).toArray(),
              pixels,
              random.ints((long) SAMPLES * labels, 0, CLASSES).toArray(),
              CLASSES);
      try (Trainer trainer =
          Trainer.builder(model, data)
              .schedule(Schedule.cosine(0.05, 0.1))
              .batch(4)
              .epochs(2)
              .test(data)
              .build()) {
        trainer
            .run()
            .forEach(epoch -> {
              results.add(epoch.trainLoss());
              results.add(epoch.testLoss());
            });
      }
      int length = Math.toIntExact(model.layout().length());
      Arrays.stream(Matrix.vector(model.parameters(), 0, length).toArray()).forEach(results::add);
    }
    return results.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
