package org.volterra.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Results as an aligned table of text. */
public final class ResultTable {
  static final String NONE = "-";

  private final List<String[]> rows = new ArrayList<>();
  private final int words;

  /**
   * An empty table.
   *
   * @param words number of columns, from the left, that hold words and are aligned to the left; the
   *     others hold numbers
   * @param header names of the columns
   */
  public ResultTable(int words, String... header) {
    this.words = words;
    rows.add(header.clone());
  }

  /**
   * Adds a row.
   *
   * @param cells as many as there are columns
   * @throws IllegalArgumentException if their number differs
   */
  public void row(String... cells) {
    if (cells.length != rows.getFirst().length) {
      throw new IllegalArgumentException(
          "row of "
              + cells.length
              + " cells: the table has "
              + rows.getFirst().length
              + " columns");
    }
    rows.add(cells.clone());
  }

  /**
   * Four significant digits, never in exponential form.
   *
   * @param value milliseconds
   * @return the number, {@code -} for NaN
   */
  public static String milliseconds(double value) {
    if (!Double.isFinite(value)) {
      return NONE;
    }
    int digits = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : value >= 1 ? 3 : 4;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  static String decimal(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.1f", value) : NONE;
  }

  /**
   * Whole bytes in groups of three digits.
   *
   * @param value bytes
   * @return the number, {@code -} for NaN
   */
  public static String bytes(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%,.0f", value) : NONE;
  }

  /** The table, a line for each row. */
  @Override
  public String toString() {
    int columns = rows.getFirst().length;
    int[] width = new int[columns];
    for (String[] row : rows) {
      for (int j = 0; j < columns; j++) {
        width[j] = Math.max(width[j], row[j].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int j = 0; j < columns; j++) {
        int gap = width[j] - row[j].length();
        line.append(j == 0 ? "" : "  ");
        line.append(j < words ? row[j] + " ".repeat(gap) : " ".repeat(gap) + row[j]);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }
}
