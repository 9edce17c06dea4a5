package org.volterra.study;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A plot of measures against depth.
 *
 * @param title what it shows
 * @param axis label of the ordinate, with the unit
 * @param logarithmic whether the ordinate is logarithmic
 * @param lines names of the measures by the names of their lines in the legend
 * @param statistic what is drawn of the seeds
 * @param text what theory says and how the measures were taken, plain text
 */
public record MeasurePlot(
    String title,
    String axis,
    boolean logarithmic,
    Map<String, String> lines,
    Statistic statistic,
    String text) {
  /** What is drawn of the values of several seeds. */
  public enum Statistic {
    /** The median, with a bar from the least to the greatest. */
    MEDIAN,
    /** The mean alone, for shares. */
    MEAN
  }

  /** Copies the map. */
  public MeasurePlot {
    lines = Collections.unmodifiableMap(new LinkedHashMap<>(lines));
  }

  /**
   * A plot of medians, with lines that are called as the measures are.
   *
   * @param title what it shows
   * @param axis label of the ordinate, with the unit
   * @param logarithmic whether the ordinate is logarithmic
   * @param measures names of the measures, one line each
   * @param text what theory says and how the measures were taken, plain text
   */
  public MeasurePlot(
      String title, String axis, boolean logarithmic, List<String> measures, String text) {
    this(title, axis, logarithmic, same(measures), Statistic.MEDIAN, text);
  }

  private static Map<String, String> same(List<String> measures) {
    Map<String, String> lines = new LinkedHashMap<>();
    measures.forEach(m -> lines.put(m, m));
    return lines;
  }
}
