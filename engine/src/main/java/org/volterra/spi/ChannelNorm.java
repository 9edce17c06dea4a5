package org.volterra.spi;

import java.util.Objects;

/**
 * The vectors of a normalisation of channels, y = f(weight ⊙ (x − mean) ⊙ rate + bias): one element
 * for each column of x.
 *
 * @param mean what is subtracted; null for 0
 * @param rate reciprocal standard deviations; null, together with mean, for 1
 * @param weight factors γ
 * @param bias what is added, β
 */
public record ChannelNorm(Matrix mean, Matrix rate, Matrix weight, Matrix bias) {
  /**
   * Checks that the parts go together.
   *
   * @throws IllegalArgumentException if only one of mean and rate is null
   */
  public ChannelNorm {
    Objects.requireNonNull(weight, "weight");
    Objects.requireNonNull(bias, "bias");
    if ((mean == null) != (rate == null)) {
      throw new IllegalArgumentException("mean and rate: give both, or neither");
    }
  }
}
