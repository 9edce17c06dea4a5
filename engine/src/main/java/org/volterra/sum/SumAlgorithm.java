package org.volterra.sum;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The algorithms for sums with scalar kernels. */
public enum SumAlgorithm {
  /** {@link ScalarSum}. */
  DIRECT,
  /** {@link BlockedSum}. */
  BLOCKED,
  /** {@link RelaxedFftSum}. */
  FFT,
  /** {@link SeparableSum}. */
  SEPARABLE,
  /** {@link ExponentialSum}, fitted to kernels that are no exponentials. */
  EXPONENTIALS,
  /** {@link HierarchicalSum}. */
  HIERARCHICAL;

  /**
   * The algorithm of a name.
   *
   * @param text the name as {@link Object#toString} gives it
   * @return the algorithm
   * @throws IllegalArgumentException if there is none of that name
   */
  public static SumAlgorithm parse(String text) {
    for (SumAlgorithm algorithm : values()) {
      if (algorithm.toString().equals(text)) {
        return algorithm;
      }
    }
    throw new IllegalArgumentException(
        "sum '"
            + text
            + "': must be "
            + Arrays.stream(values())
                .map(SumAlgorithm::toString)
                .collect(Collectors.joining(", ")));
  }

  /**
   * Whether it sums over a history of bfloat16.
   *
   * @return true for {@link #DIRECT} and {@link #BLOCKED}
   */
  public boolean readsNarrowHistory() {
    return this == DIRECT || this == BLOCKED;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
