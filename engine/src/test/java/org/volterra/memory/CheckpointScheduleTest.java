package org.volterra.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.volterra.memory.CheckpointSchedule.Action;

@Tag("provider-independent")
class CheckpointScheduleTest {
  /** Follows the actions and checks that each is possible. */
  private static void run(CheckpointSchedule schedule, int mostAtOnce) {
    int[] slots = new int[schedule.slots()];
    Arrays.fill(slots, -1);
    int state = 0;
    int reversed = schedule.steps();
    for (Action action : schedule.actions()) {
      switch (action) {
        case Action.Save save -> {
          assertThat(save.step()).isEqualTo(state);
          slots[save.slot()] = state;
        }
        case Action.Restore restore -> {
          assertThat(slots[restore.slot()]).isEqualTo(restore.step());
          state = restore.step();
        }
        case Action.Advance advance -> {
          assertThat(advance.from()).isEqualTo(state);
          assertThat(advance.to()).isGreaterThan(state).isLessThan(reversed);
          state = advance.to();
        }
        case Action.Reverse reverse -> {
          assertThat(reverse.from()).isEqualTo(state);
          assertThat(reverse.to()).isEqualTo(reversed);
          assertThat(reverse.to() - reverse.from()).isBetween(1, mostAtOnce);
          reversed = reverse.from();
        }
      }
    }
    assertThat(reversed).as(schedule.toString()).isZero();
  }

  /** The fewest steps forward, by dynamic programming over the first checkpoint's place. */
  private static long[][] fewest(int steps, int slots) {
    long[][] cost = new long[slots + 1][steps + 1];
    for (int c = 1; c <= slots; c++) {
      for (int n = 1; n <= steps; n++) {
        cost[c][n] = (long) n * (n + 1) / 2;
        for (int m = 1; c > 1 && m < n; m++) {
          cost[c][n] = Math.min(cost[c][n], m + cost[c - 1][n - m] + cost[c][m]);
        }
      }
    }
    return cost;
  }

  @Test
  void binomialIsOptimal() {
    long[][] fewest = fewest(70, 8);
    for (int slots = 1; slots <= 8; slots++) {
      for (int steps = 1; steps <= 70; steps++) {
        CheckpointSchedule schedule = CheckpointSchedule.binomial(steps, slots);
        run(schedule, 1);
        assertThat(schedule.forwardSteps())
            .as("%s steps, %s slots", steps, slots)
            .isEqualTo(fewest[slots][steps]);
      }
    }
  }

  @Test
  void squareRootRunsEachStepAtMostTwice() {
    for (int steps = 1; steps <= 200; steps++) {
      CheckpointSchedule schedule = CheckpointSchedule.squareRoot(steps);
      int root = (int) Math.ceil(Math.sqrt(steps));
      run(schedule, root);
      assertThat(schedule.slots()).isLessThanOrEqualTo(root);
      assertThat(schedule.forwardSteps()).isLessThan(2L * steps);
    }
  }

  @Test
  void largeSchedules() {
    run(CheckpointSchedule.binomial(5000, 3), 1);
    run(CheckpointSchedule.binomial(5000, 5000), 1);
    assertThat(CheckpointSchedule.binomial(5000, 5000).forwardSteps()).isEqualTo(2 * 5000 - 1);
    assertThat(CheckpointSchedule.binomial(10, 3))
        .hasToString("10 steps with 3 checkpoints: 25 steps forward");
  }

  @Test
  void refusesNumbersThatAreNotPositive() {
    assertThatThrownBy(() -> CheckpointSchedule.squareRoot(0)).hasMessageContaining("steps 0");
    assertThatThrownBy(() -> CheckpointSchedule.binomial(3, 0)).hasMessageContaining("slots 0");
  }
}
