package org.volterra.sum;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * How the sum with a scalar kernel is computed, and why.
 *
 * @param kernel the kernel as text
 * @param layers L
 * @param columns n, rows · channels
 * @param algorithm what was chosen
 * @param forced whether a user asked for it
 * @param candidates all algorithms, the chosen one among them
 */
public record Plan(
    String kernel,
    int layers,
    long columns,
    SumAlgorithm algorithm,
    boolean forced,
    List<Candidate> candidates) {
  /**
   * An algorithm with its estimated cost, or why it cannot be used.
   *
   * @param algorithm the algorithm
   * @param flops of a pass, or NaN
   * @param bytes of memory traffic of a pass, or NaN
   * @param milliseconds of a forward pass, predicted, or NaN
   * @param errorBound how far a coefficient may be off; 0 for exact algorithms
   * @param memory bytes beside the history
   * @param carried slices that a layer hands on where the sum is recurrent, 0 where it is not
   * @param refusal why it is not possible, or an empty text
   */
  public record Candidate(
      SumAlgorithm algorithm,
      double flops,
      double bytes,
      double milliseconds,
      double errorBound,
      long memory,
      int carried,
      String refusal) {
    static Candidate refused(SumAlgorithm algorithm, String refusal) {
      return new Candidate(
          algorithm, Double.NaN, Double.NaN, Double.NaN, Double.NaN, 0, 0, refusal);
    }

    /**
     * Whether it could be used.
     *
     * @return false if there is a refusal
     */
    public boolean isPossible() {
      return refusal.isEmpty();
    }

    /**
     * Whether the sum is a {@link RecurrentSum}.
     *
     * @return true if a history of a few layers is enough for it
     */
    public boolean isRecurrent() {
      return carried > 0;
    }
  }

  /** Copies the list. */
  public Plan {
    Objects.requireNonNull(algorithm, "algorithm");
    candidates = List.copyOf(candidates);
  }

  /**
   * The chosen candidate.
   *
   * @return its estimates
   */
  public Candidate chosen() {
    return candidates.stream().filter(c -> c.algorithm() == algorithm).findFirst().orElseThrow();
  }

  /**
   * The fastest recurrent sum in place of what was chosen.
   *
   * @return this plan if its sum is recurrent, another, or null if there is none or a user asked
   *     for the algorithm
   */
  public Plan recurrent() {
    if (chosen().isRecurrent()) {
      return this;
    }
    return candidates.stream()
        .filter(c -> !forced && c.isRecurrent())
        .min(Comparator.comparingDouble(Candidate::milliseconds))
        .map(c -> new Plan(kernel, layers, columns, c.algorithm(), false, candidates))
        .orElse(null);
  }

  /**
   * The choice as a small table.
   *
   * @return several lines
   */
  public String explain() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "sum of %s, L = %d, n = %d: %s%s%n",
            kernel,
            layers,
            columns,
            algorithm,
            forced ? " (forced)" : ""));
    text.append(
        String.format(
            Locale.ROOT,
            "  %-14s %10s %10s %11s %9s %10s  %s%n",
            "algorithm",
            "Gflop",
            "GB",
            "forward ms",
            "error",
            "memory MB",
            ""));
    for (Candidate c : candidates) {
      if (c.isPossible()) {
        text.append(
            String.format(
                Locale.ROOT,
                "  %-14s %10.3g %10.3g %11.3g %9.1e %10.3g  %s%n",
                c.algorithm(),
                c.flops() * 1e-9,
                c.bytes() * 1e-9,
                c.milliseconds(),
                c.errorBound(),
                c.memory() * 1e-6,
                note(c)));
      } else {
        text.append(
            String.format(Locale.ROOT, "  %-14s not possible: %s%n", c.algorithm(), c.refusal()));
      }
    }
    return text.toString();
  }

  private String note(Candidate c) {
    if (c.algorithm() == algorithm) {
      return forced ? "<- forced" : "<- chosen";
    }
    double ratio = c.milliseconds() / chosen().milliseconds();
    return String.format(
        Locale.ROOT,
        ratio >= 1 ? "%.3g times as long" : "predicted faster (%.3g of the time)",
        ratio);
  }
}
