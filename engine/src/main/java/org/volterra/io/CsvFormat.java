package org.volterra.io;

import java.util.Objects;

/**
 * How a CSV file is to be read.
 *
 * @param separator what stands between cells: a comma, semicolon, tab, or another ASCII character
 *     that is no letter, digit, quote, sign, point, {@code #} or line end
 * @param header whether the first row holds names
 * @param maxCells the most numbers that are read before the file is refused as too large, from 1 to
 *     2^31 - 9
 */
public record CsvFormat(char separator, Header header, long maxCells) {
  /** Whether the first row holds the columns' names. */
  public enum Header {
    /** It does if one of its cells is neither empty nor a number. */
    DETECT,
    /** It does. */
    PRESENT,
    /** It does not: it is data. */
    ABSENT
  }

  private static final long LARGEST_ARRAY = Integer.MAX_VALUE - 8;

  /**
   * The part of the heap that a table may take by default: 1/4, for growing it takes twice that.
   */
  private static final int HEAP_SHARE = 4;

  /** Commas, a detected header, and at most as many numbers as fit into a quarter of the heap. */
  public static final CsvFormat DEFAULT =
      new CsvFormat(
          ',',
          Header.DETECT,
          Math.min(LARGEST_ARRAY, Runtime.getRuntime().maxMemory() / HEAP_SHARE / Double.BYTES));

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if the separator or the limit is not allowed
   */
  public CsvFormat {
    Objects.requireNonNull(header, "header");
    boolean printable = separator == '\t' || (separator >= ' ' && separator < 0x7f);
    if (!printable || Character.isLetterOrDigit(separator) || "\"#+-.".indexOf(separator) >= 0) {
      throw new IllegalArgumentException(
          String.format("separator is U+%04X; allowed are , ; tab and the like", (int) separator));
    }
    if (maxCells < 1 || maxCells > LARGEST_ARRAY) {
      throw new IllegalArgumentException(
          "maxCells is " + maxCells + "; allowed are 1 to " + LARGEST_ARRAY);
    }
  }

  /**
   * The same format with another separator.
   *
   * @param other the separator
   * @return the new format
   * @throws IllegalArgumentException if the separator is not allowed
   */
  public CsvFormat withSeparator(char other) {
    return new CsvFormat(other, header, maxCells);
  }

  /**
   * The same format with another rule for the first row.
   *
   * @param other the rule
   * @return the new format
   */
  public CsvFormat withHeader(Header other) {
    return new CsvFormat(separator, other, maxCells);
  }

  /**
   * The same format with another limit.
   *
   * @param other the most numbers that are read
   * @return the new format
   * @throws IllegalArgumentException if the limit is not allowed
   */
  public CsvFormat withMaxCells(long other) {
    return new CsvFormat(separator, header, other);
  }
}
