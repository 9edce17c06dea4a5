package org.volterra.study;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.volterra.depth.DepthField;

/**
 * What a study found at one depth with one seed. Immutable.
 *
 * @param depth number of layers L
 * @param seed the seed
 * @param value the value whose limit is studied; NaN if there is none
 * @param measures other numbers by name
 * @param minimiser the parameters that were found, as functions of depth, by name
 * @param curves trajectories, losses, gradients
 */
public record StudyPoint(
    int depth,
    long seed,
    double value,
    Map<String, Double> measures,
    Map<String, DepthField> minimiser,
    List<Curve> curves) {
  /** Copies the collections. */
  public StudyPoint {
    measures = Collections.unmodifiableMap(new LinkedHashMap<>(measures));
    minimiser = Collections.unmodifiableMap(new LinkedHashMap<>(minimiser));
    curves = List.copyOf(curves);
  }

  /**
   * A point with a value alone.
   *
   * @param depth number of layers
   * @param seed the seed
   * @param value the value
   * @return the point
   */
  public static StudyPoint of(int depth, long seed, double value) {
    return new StudyPoint(depth, seed, value, Map.of(), Map.of(), List.of());
  }
}
