package org.volterra.sum;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How sums with scalar kernels are to be computed: by the planner's choice or by given algorithms,
 * and how far their coefficients may be off. As text {@code auto}, {@code fft}, {@code
 * hierarchical:1e-6}, or one algorithm for each term of a sum of kernels, {@code fft+exponentials}.
 *
 * @param algorithms empty for the planner's choice; one for all terms, or one for each term
 * @param tolerance how far an approximated coefficient may be off, relative to the largest; 0 for
 *     algorithms that are exact up to rounding
 */
public record SumChoice(List<SumAlgorithm> algorithms, double tolerance) {
  /** The tolerance of algorithms that approximate and were asked for without one. */
  public static final double DEFAULT_TOLERANCE = 1e-6;

  private static final String AUTO = "auto";

  /**
   * Checks and copies the arguments.
   *
   * @throws IllegalArgumentException if the tolerance is not in [0, 1)
   */
  public SumChoice {
    algorithms = List.copyOf(algorithms);
    if (!(tolerance >= 0 && tolerance < 1)) {
      throw new IllegalArgumentException("tolerance " + tolerance + ": must be in [0, 1)");
    }
  }

  /**
   * The planner's choice among the algorithms that are exact up to rounding.
   *
   * @return the choice
   */
  public static SumChoice auto() {
    return new SumChoice(List.of(), 0);
  }

  /**
   * One algorithm for all terms.
   *
   * @param algorithm the algorithm
   * @return the choice
   */
  public static SumChoice of(SumAlgorithm algorithm) {
    return new SumChoice(List.of(algorithm), 0);
  }

  /**
   * The choice of a text.
   *
   * @param text as {@link Object#toString} gives it
   * @return the choice
   * @throws IllegalArgumentException if it names no algorithm or no tolerance
   */
  public static SumChoice parse(String text) {
    int colon = text.indexOf(':');
    String names = colon < 0 ? text : text.substring(0, colon);
    double tolerance = 0;
    try {
      tolerance = colon < 0 ? 0 : Double.parseDouble(text.substring(colon + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "sum '" + text + "': behind the colon there must be a tolerance such as 1e-6", e);
    }
    List<SumAlgorithm> list = new ArrayList<>();
    if (!names.equals(AUTO)) {
      for (String name : names.split("\\+", -1)) {
        list.add(SumAlgorithm.parse(name.strip()));
      }
    }
    return new SumChoice(list, tolerance);
  }

  /**
   * Whether the planner is to choose.
   *
   * @return true if no algorithm is given
   */
  public boolean isAuto() {
    return algorithms.isEmpty();
  }

  /**
   * The algorithm for a term.
   *
   * @param term index of the term of the kernel, 0 if it is no sum
   * @param terms number of terms
   * @return the algorithm, or null if the planner is to choose
   * @throws IllegalArgumentException if there is neither one algorithm nor one for each term
   */
  public SumAlgorithm forTerm(int term, int terms) {
    if (isAuto()) {
      return null;
    }
    if (algorithms.size() != 1 && algorithms.size() != terms) {
      throw new IllegalArgumentException(
          "sum "
              + this
              + ": the kernel has "
              + terms
              + " terms; give one algorithm or one for each");
    }
    return algorithms.get(algorithms.size() == 1 ? 0 : term);
  }

  @Override
  public String toString() {
    String names =
        isAuto()
            ? AUTO
            : algorithms.stream().map(SumAlgorithm::toString).collect(Collectors.joining("+"));
    return tolerance == 0 ? names : names + ":" + tolerance;
  }
}
