package org.volterra.fit;

import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.volterra.depth.LineField;

/**
 * A trajectory that was observed at some times, which need not be equidistant. Immutable.
 *
 * @param name its name
 * @param times increasing, from 0 on
 * @param values one row for each time, one number for each component; NaN where it was not observed
 * @param source the source g(t) where it is known, with as many components; else x(0) is a
 *     parameter
 */
@SuppressWarnings("ArrayRecordComponent") // copied at both doors, compared by content below
public record Trajectory(
    String name, double[] times, double[][] values, Optional<LineField> source) {
  /**
   * Checks and copies the arguments.
   *
   * @throws IllegalArgumentException if times do not increase from 0, rows differ in length or have
   *     infinities, or the source has another number of components
   */
  public Trajectory {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(source, "source");
    times = times.clone();
    values = Arrays.stream(values).map(double[]::clone).toArray(double[][]::new);
    if (times.length == 0 || times.length != values.length) {
      throw new IllegalArgumentException(
          "trajectory '"
              + name
              + "' has "
              + times.length
              + " times and "
              + values.length
              + " rows: as many of each, at least 1");
    }
    for (int i = 0; i < times.length; i++) {
      if (!(times[i] >= 0 && times[i] < Double.POSITIVE_INFINITY)
          || (i > 0 && !(times[i] > times[i - 1]))) {
        throw new IllegalArgumentException(
            "trajectory '"
                + name
                + "': time "
                + times[i]
                + " in row "
                + (i + 1)
                + ": must be finite, not negative"
                + (i == 0 ? "" : " and later than " + times[i - 1]));
      }
      if (values[i].length == 0 || values[i].length != values[0].length) {
        throw new IllegalArgumentException(
            "trajectory '"
                + name
                + "', row "
                + (i + 1)
                + " has "
                + values[i].length
                + " components: the first has "
                + values[0].length);
      }
      for (double value : values[i]) {
        if (Double.isInfinite(value)) {
          throw new IllegalArgumentException(
              "trajectory '" + name + "', row " + (i + 1) + " is " + value + ": must be finite");
        }
      }
    }
    if (source.isPresent() && source.get().width() != values[0].length) {
      throw new IllegalArgumentException(
          "trajectory '"
              + name
              + "': the source has "
              + source.get().width()
              + " components, the states have "
              + values[0].length);
    }
  }

  /**
   * A trajectory without a known source.
   *
   * @param name its name
   * @param times increasing, from 0 on
   * @param values one row for each time
   * @return the trajectory
   * @throws IllegalArgumentException as the constructor
   */
  public static Trajectory of(String name, double[] times, double[][] values) {
    return new Trajectory(name, times, values, Optional.empty());
  }

  /**
   * Number of components.
   *
   * @return at least 1
   */
  public int components() {
    return values[0].length;
  }

  /**
   * The last time.
   *
   * @return in the unit of the times
   */
  public double end() {
    return times[times.length - 1];
  }

  /** The first value that was observed of a component, or NaN. */
  double first(int component) {
    return Arrays.stream(values)
        .mapToDouble(row -> row[component])
        .filter(Double::isFinite)
        .findFirst()
        .orElse(Double.NaN);
  }

  /**
   * The times.
   *
   * @return a new array, increasing
   */
  @Override
  public double[] times() {
    return times.clone();
  }

  /**
   * The observations.
   *
   * @return a new array, one row for each time
   */
  @Override
  public double[][] values() {
    return Arrays.stream(values).map(double[]::clone).toArray(double[][]::new);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Trajectory trajectory
        && name.equals(trajectory.name)
        && Arrays.equals(times, trajectory.times)
        && Arrays.deepEquals(values, trajectory.values)
        && source.equals(trajectory.source);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, Arrays.hashCode(times), Arrays.deepHashCode(values), source);
  }

  @Override
  public String toString() {
    return "trajectory '" + name + "', " + times.length + " times up to " + end();
  }
}
