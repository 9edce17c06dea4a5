package org.volterra.train;

/** The learning rate as a function of the step. Immutable and thread-safe. */
@FunctionalInterface
public interface Schedule {
  /**
   * The rate of a step.
   *
   * @param step number of the step, from 0
   * @param steps number of steps of the whole training, at least 1
   * @return the learning rate
   */
  double rate(long step, long steps);

  /**
   * The same rate always.
   *
   * @param rate positive
   * @return the schedule
   * @throws IllegalArgumentException if {@code rate} is not positive and finite
   */
  static Schedule constant(double rate) {
    positive(rate);
    return (step, steps) -> rate;
  }

  /**
   * A linear rise from 0 to the peak, then half a cosine down to 0.
   *
   * @param peak largest rate, positive
   * @param warmup fraction of the training that rises, in [0, 1)
   * @return the schedule
   * @throws IllegalArgumentException if an argument is out of range
   */
  static Schedule cosine(double peak, double warmup) {
    positive(peak);
    if (!(warmup >= 0 && warmup < 1)) {
      throw new IllegalArgumentException("warmup " + warmup + ": must be in [0, 1)");
    }
    return (step, steps) -> {
      double rise = warmup * steps;
      if (step < rise) {
        return peak * (step + 1) / (rise + 1);
      }
      return 0.5 * peak * (1 + Math.cos(Math.PI * (step - rise) / (steps - rise)));
    };
  }

  /**
   * A rate that is multiplied by a factor at equal intervals.
   *
   * @param rate first rate, positive
   * @param factor what the rate is multiplied by, in (0, 1]
   * @param drops how many times, at least 1
   * @return the schedule
   * @throws IllegalArgumentException if an argument is out of range
   */
  static Schedule stepwise(double rate, double factor, int drops) {
    positive(rate);
    if (!(factor > 0 && factor <= 1)) {
      throw new IllegalArgumentException("factor " + factor + ": must be in (0, 1]");
    }
    if (drops < 1) {
      throw new IllegalArgumentException("drops " + drops + ": must be at least 1");
    }
    return (step, steps) -> rate * Math.pow(factor, Math.min(drops, step * (drops + 1) / steps));
  }

  private static void positive(double rate) {
    if (!(rate > 0 && rate < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "rate " + rate + ": a learning rate must be positive and finite");
    }
  }
}
