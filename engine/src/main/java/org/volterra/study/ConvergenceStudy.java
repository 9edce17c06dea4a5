package org.volterra.study;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.volterra.depth.TriangleFunction;

/**
 * A learning problem, or a comparison, that is run at many depths. {@code volterra converge} runs
 * any implementation that is on the class path and has a public constructor that takes a {@code
 * Map<String, String>} of settings, by its class name: it goes through the depths, keeps what was
 * done, and writes tables, plots and a report.
 *
 * <pre>{@code
 * public final class Doubling implements ConvergenceStudy {
 *   public Doubling(Map<String, String> settings) {}
 *   public String title() { return "x(1) for x = 1 + ∫x"; }
 *   public String claim() { return "The left rectangle rule converges with order 1."; }
 *   public OptionalDouble limit() { return OptionalDouble.of(Math.E); }
 *   public StudyPoint run(int depth, long seed, Optional<StudyPoint> coarser) {
 *     return StudyPoint.of(depth, seed, Math.pow(1 + 1.0 / depth, depth));
 *   }
 * }
 * }</pre>
 *
 * <p>Called from one thread.
 */
public interface ConvergenceStudy {
  /**
   * The study in a few words.
   *
   * @return plain text
   */
  String title();

  /**
   * What theory says will be seen.
   *
   * @return plain text, one sentence or a few
   */
  String claim();

  /**
   * What is called the value of a point, with its unit if it has one.
   *
   * @return a label for an axis
   */
  default String valueName() {
    return "optimal value";
  }

  /**
   * Everything that the results depend on but depth and seed. A study is resumed only if these are
   * the same.
   *
   * @return names and values in the order in which they are shown
   */
  default Map<String, String> settings() {
    return Map.of();
  }

  /**
   * Whether results depend on the seed.
   *
   * @return false if one seed is enough
   */
  default boolean isRandom() {
    return false;
  }

  /**
   * Seeds to run if the user gives none.
   *
   * @return at least one seed; the first alone counts if {@link #isRandom} is false
   */
  default List<Long> seeds() {
    return List.of(1L);
  }

  /**
   * Depths to run if the user gives none.
   *
   * @return increasing numbers of layers
   */
  default List<Integer> depths() {
    return List.of(4, 8, 16, 32, 64);
  }

  /**
   * The value that points tend to, if it is known.
   *
   * @return the limit, or empty, in which case it is extrapolated
   */
  default OptionalDouble limit() {
    return OptionalDouble.empty();
  }

  /**
   * The minimisers' limits that are known.
   *
   * @return functions by the name of the minimiser's field
   */
  default Map<String, TriangleFunction> limitMinimisers() {
    return Map.of();
  }

  /**
   * Curves of the limit, to be drawn with those of the points.
   *
   * @return curves; by default none
   */
  default List<Curve> limitCurves() {
    return List.of();
  }

  /**
   * Plots of measures against depth.
   *
   * @return the plots in order; by default none
   */
  default List<MeasurePlot> measurePlots() {
    return List.of();
  }

  /**
   * Runs one depth.
   *
   * @param depth number of layers L
   * @param seed seed of everything random
   * @param coarser the point of the next smaller depth with the same seed, from whose minimiser a
   *     run may start
   * @return what was found
   */
  StudyPoint run(int depth, long seed, Optional<StudyPoint> coarser);
}
