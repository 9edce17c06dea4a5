package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.volterra.Network;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;

/** Samples that are read batch by batch, on a thread of their own. */
class InputSourceTest {
  private static final int COUNT = 90;

  /** The clouds of {@link TrainingFixtures}, slow, with noise that depends on the draw. */
  private static final class Source implements InputSource {
    final Samples samples = TrainingFixtures.clouds(COUNT, 1);
    final double[] inputs = samples.inputs();
    final double noise;
    final Set<String> threads = ConcurrentHashMap.newKeySet();
    final Map<Integer, Set<Long>> draws = new ConcurrentHashMap<>();
    int broken = -1;

    Source(double noise) {
      this.noise = noise;
    }

    @Override
    public int count() {
      return COUNT;
    }

    @Override
    public int width() {
      return 2;
    }

    @Override
    public void read(int sample, long draw, double[] target, int offset) {
      if (sample == broken) {
        throw new UncheckedIOException(new IOException("sample " + sample + " is gone"));
      }
      threads.add(Thread.currentThread().getName());
      draws.computeIfAbsent(sample, s -> ConcurrentHashMap.newKeySet()).add(draw);
      Random random = new Random(draw);
      for (int j = 0; j < 2; j++) {
        double moved = draw == PLAIN ? 0 : noise * random.nextGaussian();
        target[offset + j] = inputs[2 * sample + j] + moved;
      }
    }

    Samples asSamples() {
      return Samples.classification(this, samples.labels(), 3);
    }
  }

  private static double[] trained(Samples train) {
    try (Network network = TrainingFixtures.network(3, DepthKernel.dense(), ElementType.FLOAT64);
        Trainer trainer =
            Trainer.builder(network, train).test(train).epochs(3).batch(20).seed(5).build()) {
      List<EpochMetrics> metrics = trainer.run();
      assertThat(metrics).hasSize(3);
      return TrainingFixtures.values(network);
    }
  }

  @Test
  void trainsAsFromAnArray() {
    Source source = new Source(0);
    assertThat(trained(source.asSamples())).isEqualTo(trained(source.samples));
    assertThat(source.threads).contains("volterra-prefetch");
    assertThat(source.asSamples().inputs()).isEqualTo(source.inputs);
    assertThat(source.asSamples().select(4, 2).inputs())
        .isEqualTo(source.samples.select(4, 2).inputs());
  }

  @Test
  void showsEveryEpochAnotherVariantAndRepeatsRuns() {
    Source source = new Source(0.1);
    double[] first = trained(source.asSamples());
    assertThat(source.draws.values())
        .allSatisfy(draws -> assertThat(draws).hasSize(4).contains(InputSource.PLAIN));
    assertThat(trained(source.asSamples())).isEqualTo(first);
    assertThat(trained(new Source(0).asSamples())).isNotEqualTo(first);
  }

  @Test
  void saysWhatCannotBeRead() {
    Source source = new Source(0);
    source.broken = 7;
    assertThatThrownBy(() -> trained(source.asSamples()))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("sample 7 is gone");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Samples.classification(source, new int[] {0, 1}, 3))
        .withMessageContaining("labels: got 2 for 90 samples");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Samples.classification(source, source.samples.labels(), 2))
        .withMessageContaining("must be in 0..1");
  }
}
