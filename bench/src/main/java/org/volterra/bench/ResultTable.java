package org.volterra.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Results as an aligned table of text. */
public final class ResultTable {
  private static final String NONE = "-";

  private final List<String[]> rows = new ArrayList<>();
  private final int words;

  /**
   * An empty table.
   *
   * @param words number of columns, from the left, that hold words and are aligned to the left; the
   *     others hold numbers
   * @param header names of the columns
   */
  ResultTable(int words, String... header) {
    this.words = words;
    rows.add(header.clone());
  }

  void row(String... cells) {
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
   * The table of a depth study. Errors are half-widths of 99.9 % confidence intervals of the mean,
   * those of exponents of 95 %.
   *
   * @param result the study
   * @return the table
   */
  public static ResultTable of(DepthResult result) {
    ResultTable table =
        new ResultTable(
            2,
            "kernel",
            "provider",
            "L",
            "forward ms",
            "±",
            "GF/s",
            "gradient ms",
            "±",
            "GF/s",
            "history bytes",
            "garbage B/step",
            "forward ~ L^",
            "gradient ~ L^");
    for (DepthCurve curve : result.curves()) {
      String forwardFit = exponent(curve.forwardFit());
      String gradientFit = exponent(curve.gradientFit());
      for (DepthPoint p : curve.points()) {
        boolean last = p.equals(curve.points().getLast());
        table.row(
            p.kernel(),
            p.provider(),
            String.valueOf(p.layers()),
            milliseconds(p.forward().milliseconds()),
            milliseconds(p.forward().error()),
            decimal(p.forward().gigaflops()),
            milliseconds(p.gradient().milliseconds()),
            milliseconds(p.gradient().error()),
            decimal(p.gradient().gigaflops()),
            String.format(Locale.ROOT, "%,d", p.historyBytes()),
            bytes(p.gradient().garbageBytes()),
            last ? forwardFit : "",
            last ? gradientFit : "");
      }
    }
    return table;
  }

  /**
   * The table of a study of matrix products.
   *
   * @param result the study
   * @return the table
   */
  public static ResultTable of(GemmStudy.Result result) {
    ResultTable table =
        new ResultTable(3, "shape", "m x n x k", "provider", "ms", "±", "GF/s", "garbage B/call");
    for (GemmStudy.Point p : result.points()) {
      GemmShape s = GemmShape.parse(p.shape());
      table.row(
          p.shape(),
          s.m() + " x " + s.n() + " x " + s.k(),
          p.provider(),
          milliseconds(p.product().milliseconds()),
          milliseconds(p.product().error()),
          decimal(p.product().gigaflops()),
          bytes(p.product().garbageBytes()));
    }
    return table;
  }

  private static String exponent(Optional<ScalingFit> fit) {
    return fit.map(ScalingFit::toString).orElse(NONE);
  }

  /** Four significant digits, never in exponential form. */
  static String milliseconds(double value) {
    if (!Double.isFinite(value)) {
      return NONE;
    }
    int digits = value >= 1000 ? 0 : value >= 100 ? 1 : value >= 10 ? 2 : value >= 1 ? 3 : 4;
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  private static String decimal(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.1f", value) : NONE;
  }

  private static String bytes(double value) {
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
