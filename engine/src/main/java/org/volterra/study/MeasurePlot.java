package org.volterra.study;

import java.util.List;

/**
 * A plot of measures against depth.
 *
 * @param title what it shows
 * @param axis label of the ordinate, with the unit
 * @param logarithmic whether the ordinate is logarithmic
 * @param measures names of the measures, one line each
 * @param text what theory says and how the measures were taken, plain text
 */
public record MeasurePlot(
    String title, String axis, boolean logarithmic, List<String> measures, String text) {
  /** Copies the list. */
  public MeasurePlot {
    measures = List.copyOf(measures);
  }
}
