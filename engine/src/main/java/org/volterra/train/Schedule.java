package org.volterra.train;

/** The learning rate as a function of the step. Immutable and thread-safe. */
@FunctionalInterface
public interface Schedule {
  /** Steps into which a whole training is cut when a part of it is asked for. */
  long PARTS_OF_WHOLE = 1_000_000_000L;

  /**
   * The rate of a step.
   *
   * @param step number of the step, from 0
   * @param steps number of steps of the whole training, at least 1
   * @return the learning rate
   */
  double rate(long step, long steps);

  /**
   * A part of this schedule, for a training that is done in several, such as on networks of growing
   * depth: rates go on where those of the part before ended.
   *
   * @param from the fraction of the whole that is done before, in [0, 1)
   * @param to the fraction that is done behind it, in (from, 1]
   * @return the schedule of the part; this one if it is the whole
   * @throws IllegalArgumentException if the fractions are out of range
   */
  default Schedule part(double from, double to) {
    if (!(from >= 0 && from < to && to <= 1)) {
      throw new IllegalArgumentException(
          "part from " + from + " to " + to + ": must be increasing fractions in [0, 1]");
    }
    if (from == 0 && to == 1) {
      return this;
    }
    return (step, steps) ->
        rate(Math.round((from + (to - from) * step / steps) * PARTS_OF_WHOLE), PARTS_OF_WHOLE);
  }

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
