package org.volterra.cuda;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What the factors of matrix products in float32 are rounded to before they are multiplied.
 * Products and sums are float32 in any case, and so is everything that is not a matrix product.
 *
 * <p>With u the {@link #unitRoundoff}, a product differs from the exact one of its operands by at
 * most (2u + u²) Σ |a| |b|, beside what sums in float32 differ by.
 */
public enum ProductPrecision {
  /** Not at all: exact products on the units for float32. */
  FLOAT32("float32", 0),
  /**
   * To 11 significant bits, with the range of float32, on tensor cores; to nearest, where the
   * middle of two numbers goes away from zero or, on compute capability 9.0, to the even one.
   */
  TF32("tf32", 0x1p-11),
  /** To the 8 significant bits of bfloat16, on tensor cores. */
  BFLOAT16("bf16", 0x1p-8);

  /** Those that round. */
  public static final List<ProductPrecision> ROUNDED = List.of(TF32, BFLOAT16);

  private final String word;
  private final double unitRoundoff;

  ProductPrecision(String word, double unitRoundoff) {
    this.word = word;
    this.unitRoundoff = unitRoundoff;
  }

  /**
   * The largest relative error of the rounding of a factor.
   *
   * @return half the distance of neighbouring numbers at 1, or 0
   */
  public double unitRoundoff() {
    return unitRoundoff;
  }

  /**
   * Reads a precision by its name.
   *
   * @param text {@code float32}, {@code tf32} or {@code bf16}
   * @return the precision
   * @throws IllegalArgumentException if there is none of that name
   */
  public static ProductPrecision parse(String text) {
    for (ProductPrecision precision : values()) {
      if (precision.word.equals(text)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "products '%s': must be one of %s",
            text,
            Arrays.stream(values())
                .map(ProductPrecision::toString)
                .collect(Collectors.joining(", "))));
  }

  @Override
  public String toString() {
    return word;
  }
}
