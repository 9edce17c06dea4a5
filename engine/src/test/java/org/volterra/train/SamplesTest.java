package org.volterra.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("provider-independent")
class SamplesTest {
  @Test
  void splitsAreSeededAndLoseNothing() {
    Samples all = TrainingFixtures.clouds(20, 1);
    Samples.Split split = all.split(15, 4);
    assertThat(split.train().count()).isEqualTo(15);
    assertThat(split.test().count()).isEqualTo(5);
    assertThat(all.split(15, 4).train().inputs()).isEqualTo(split.train().inputs());
    assertThat(all.split(15, 5).train().inputs()).isNotEqualTo(split.train().inputs());
    double[] parts =
        DoubleStream.concat(
                Arrays.stream(split.train().inputs()), Arrays.stream(split.test().inputs()))
            .sorted()
            .toArray();
    assertThat(parts).isEqualTo(Arrays.stream(all.inputs()).sorted().toArray());
    Samples real = TrainingFixtures.surface(6, 1).split(4, 1).test();
    assertThat(real.targets()).hasSize(2);
    assertThat(real.labels()).isEmpty();
    assertThat(real.classes()).isZero();
  }

  @Test
  void badDataAreRefusedWithTheirPlace() {
    assertThatThrownBy(
            () -> Samples.classification(new double[] {1, Double.NaN, 2, 3}, 2, new int[2], 2))
        .hasMessage("input 1 of sample 0 is NaN: must be finite");
    assertThatThrownBy(() -> Samples.classification(new double[4], 2, new int[] {0, 7}, 5))
        .hasMessage("label of sample 1 is 7: must be in 0..4");
    assertThatThrownBy(() -> Samples.classification(new double[4], 2, new int[] {0, 1}, 1))
        .hasMessageContaining("classes 1");
    assertThatThrownBy(() -> Samples.classification(new double[5], 2, new int[2], 2))
        .hasMessageContaining("width 2");
    assertThatThrownBy(() -> Samples.classification(new double[4], 2, new int[3], 2))
        .hasMessageContaining("labels: got 3 for 2 samples");
    assertThatThrownBy(() -> Samples.regression(new double[4], 2, new double[4], 3))
        .hasMessageContaining("targetWidth 3");
    assertThatThrownBy(
            () -> Samples.regression(new double[2], 2, new double[] {Double.NEGATIVE_INFINITY}, 1))
        .hasMessageContaining("target 0 of sample 0 is -Infinity");
    Samples all = TrainingFixtures.clouds(20, 1);
    assertThatThrownBy(() -> all.split(20, 1)).hasMessageContaining("trainCount 20");
    assertThatThrownBy(all::select).hasMessageContaining("at least one");
  }

  @Test
  void schedulesRiseAndFall() {
    Schedule cosine = Schedule.cosine(2, 0.1);
    assertThat(cosine.rate(0, 100)).isLessThan(cosine.rate(9, 100)).isPositive();
    assertThat(cosine.rate(10, 100)).isEqualTo(2);
    assertThat(cosine.rate(55, 100)).isCloseTo(1, within(1e-12));
    assertThat(cosine.rate(99, 100)).isBetween(0.0, 0.01);
    assertThat(Schedule.cosine(1, 0).rate(0, 10)).isEqualTo(1);
    Schedule steps = Schedule.stepwise(1, 0.1, 2);
    assertThat(steps.rate(0, 30)).isEqualTo(1);
    assertThat(steps.rate(10, 30)).isCloseTo(0.1, within(1e-15));
    assertThat(steps.rate(29, 30)).isCloseTo(0.01, within(1e-15));
    assertThat(Schedule.constant(0.3).rate(5, 6)).isEqualTo(0.3);
    assertThatThrownBy(() -> Schedule.constant(-1)).hasMessageContaining("rate -1.0");
    assertThatThrownBy(() -> Schedule.cosine(1, 1)).hasMessageContaining("warmup 1.0");
    assertThatThrownBy(() -> Schedule.stepwise(1, 0, 1)).hasMessageContaining("factor 0.0");
    assertThatThrownBy(() -> Schedule.stepwise(1, 0.5, 0)).hasMessageContaining("drops 0");
  }

  @Test
  void partsOfAScheduleAreTheWhole() {
    Schedule whole = Schedule.cosine(2, 0.1);
    assertThat(whole.part(0, 1)).isSameAs(whole);
    Schedule first = whole.part(0, 0.4);
    Schedule second = whole.part(0.4, 1);
    for (int step = 0; step < 50; step++) {
      double expected = whole.rate(step, 50);
      double found = step < 20 ? first.rate(step, 20) : second.rate(step - 20, 30);
      assertThat(found).isCloseTo(expected, within(step < 5 ? 0.45 : 1e-7));
    }
    Schedule steps = Schedule.stepwise(1, 0.1, 2).part(0.5, 1);
    assertThat(steps.rate(0, 10)).isCloseTo(0.1, within(1e-15));
    assertThat(steps.rate(9, 10)).isCloseTo(0.01, within(1e-15));
    assertThatThrownBy(() -> whole.part(0.5, 0.5)).hasMessageContaining("part from 0.5 to 0.5");
    assertThatThrownBy(() -> whole.part(-0.1, 0.5)).hasMessageContaining("part from -0.1");
  }

  @Test
  void badOptimizersAreRefused() {
    assertThatThrownBy(() -> Optimizer.sgd(1, 0, false)).hasMessageContaining("momentum 1.0");
    assertThatThrownBy(() -> Optimizer.sgd(0, -1, false)).hasMessageContaining("weightDecay -1.0");
    assertThatThrownBy(() -> Optimizer.adam(2, 0, 1e-8, 0)).hasMessageContaining("beta1 2.0");
    assertThatThrownBy(() -> Optimizer.adam(0, 0, 0, 0)).hasMessageContaining("epsilon 0.0");
    assertThatThrownBy(() -> Optimizer.lbfgs(0)).hasMessageContaining("memory 0");
  }
}
