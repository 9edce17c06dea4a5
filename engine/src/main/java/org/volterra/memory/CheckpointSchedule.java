package org.volterra.memory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;

/**
 * The order in which a recurrence of L steps s_l = F_l(s_{l−1}) is run and its adjoint computed
 * when only a few states s_l can be kept: a list of actions. Immutable.
 *
 * <p>It is for sums whose history is a few running sums, so that a state is all that a layer hands
 * on to the next. Where every layer sums the features of all earlier ones, these stay in memory,
 * and a run of layers can be computed again without a checkpoint.
 */
public final class CheckpointSchedule {
  /** What is done next. */
  public sealed interface Action {
    /**
     * Stores the present state, s at {@code step}.
     *
     * @param step index of the state, 0 for the initial one
     * @param slot where it is stored
     */
    record Save(int step, int slot) implements Action {}

    /**
     * Makes a stored state the present one.
     *
     * @param step index of the state
     * @param slot where it was stored; it stays there
     */
    record Restore(int step, int slot) implements Action {}

    /**
     * Runs steps from + 1 … to, without keeping anything for their adjoint.
     *
     * @param from index of the present state
     * @param to index of the state afterwards
     */
    record Advance(int from, int to) implements Action {}

    /**
     * Runs steps from + 1 … to, keeping what their adjoint needs, then their adjoint in reverse.
     *
     * @param from index of the present state
     * @param to index of the last step
     */
    record Reverse(int from, int to) implements Action {}
  }

  private final int steps;
  private final int slots;
  private final List<Action> actions;

  private CheckpointSchedule(int steps, int slots, List<Action> actions) {
    this.steps = steps;
    this.slots = slots;
    this.actions = List.copyOf(actions);
  }

  /**
   * Checkpoints after every ⌈√L⌉ steps: each step runs at most twice, and about √L states and the
   * intermediate values of √L steps are kept.
   *
   * @param steps L, at least 1
   * @return the schedule
   * @throws IllegalArgumentException if {@code steps} is not positive
   */
  public static CheckpointSchedule squareRoot(int steps) {
    positive("steps", steps);
    int length = (int) Math.ceil(Math.sqrt(steps));
    int segments = Math.ceilDiv(steps, length);
    List<Action> actions = new ArrayList<>();
    for (int s = 0; s < segments; s++) {
      actions.add(new Action.Save(s * length, s));
      if (s < segments - 1) {
        actions.add(new Action.Advance(s * length, (s + 1) * length));
      }
    }
    for (int s = segments - 1; s >= 0; s--) {
      if (s < segments - 1) {
        actions.add(new Action.Restore(s * length, s));
      }
      actions.add(new Action.Reverse(s * length, Math.min(steps, (s + 1) * length)));
    }
    return new CheckpointSchedule(steps, segments, actions);
  }

  /**
   * The schedule that runs the fewest steps for a given number of checkpoints, reversing one step
   * at a time (Griewank, Walther, algorithm 799: revolve, ACM TOMS 26, 2000).
   *
   * @param steps L, at least 1
   * @param slots states that can be kept, at least 1
   * @return the schedule
   * @throws IllegalArgumentException if an argument is not positive
   */
  public static CheckpointSchedule binomial(int steps, int slots) {
    positive("steps", steps);
    positive("slots", slots);
    List<Action> actions = new ArrayList<>();
    actions.add(new Action.Save(0, 0));
    Deque<Part> open = new ArrayDeque<>();
    open.push(new Part(0, steps, 1));
    while (!open.isEmpty()) {
      Part part = open.pop();
      if (part.to - part.from > 1 && part.used < slots) {
        int middle = part.from + split(part.to - part.from, slots - part.used);
        actions.add(new Action.Advance(part.from, middle));
        actions.add(new Action.Save(middle, part.used));
        open.push(new Part(part.from, middle, part.used));
        open.push(new Part(middle, part.to, part.used + 1));
      } else {
        reverseFromOneState(part, actions);
        if (!open.isEmpty()) {
          actions.add(new Action.Restore(open.peek().from, open.peek().used - 1));
        }
      }
    }
    return new CheckpointSchedule(steps, slots, actions);
  }

  /** Steps from + 1 … to, whose first state is the present one and lies in slot used − 1. */
  private record Part(int from, int to, int used) {}

  private static void reverseFromOneState(Part part, List<Action> actions) {
    for (int end = part.to; end - part.from > 1; end--) {
      actions.add(new Action.Advance(part.from, end - 1));
      actions.add(new Action.Reverse(end - 1, end));
      actions.add(new Action.Restore(part.from, part.used - 1));
    }
    actions.add(new Action.Reverse(part.from, part.from + 1));
  }

  /**
   * Where to put the next checkpoint: with c slots besides the first and n steps that need r
   * repetitions, C(c + r, r) &lt; n ≤ C(c + 1 + r, r), any m works with C(c+r−1, r−2) ≤ m ≤ C(c+r,
   * r−1) and C(c+r−1, r−1) ≤ n − m ≤ C(c+r, r).
   */
  private static int split(int n, int free) {
    int r = 1;
    while (binomialCoefficient(free + 1 + r, r) < n) {
      r++;
    }
    long least = Math.max(1, n - binomialCoefficient(free + r, r));
    long most = Math.min(n - 1L, binomialCoefficient(free + r, r - 1));
    long low = Math.max(least, binomialCoefficient(free + r - 1, r - 2));
    return (int) Math.min(low, most);
  }

  /** C(n, k), or more than any number of steps if it is that large; 0 for negative k. */
  private static long binomialCoefficient(int n, int k) {
    if (k < 0) {
      return 0;
    }
    long value = 1;
    for (int i = 1; i <= k && value <= Integer.MAX_VALUE; i++) {
      value = value * (n - k + i) / i;
    }
    return value;
  }

  private static void positive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " " + value + ": must be at least 1");
    }
  }

  /**
   * What to do, in order.
   *
   * @return an unmodifiable list
   */
  public List<Action> actions() {
    return actions;
  }

  /**
   * The number of steps.
   *
   * @return L
   */
  public int steps() {
    return steps;
  }

  /**
   * The number of states that are kept at once.
   *
   * @return at least 1
   */
  public int slots() {
    return slots;
  }

  /**
   * The number of steps that are run forward, in all {@link Action.Advance} and {@link
   * Action.Reverse} actions.
   *
   * @return at least L
   */
  public long forwardSteps() {
    long sum = 0;
    for (Action action : actions) {
      sum +=
          switch (action) {
            case Action.Advance a -> a.to - a.from;
            case Action.Reverse r -> r.to - r.from;
            case Action.Save s -> 0;
            case Action.Restore r -> 0;
          };
    }
    return sum;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d steps with %d checkpoints: %d steps forward",
        steps,
        slots,
        forwardSteps());
  }
}
