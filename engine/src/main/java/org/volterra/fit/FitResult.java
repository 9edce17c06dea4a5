package org.volterra.fit;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.volterra.depth.LineField;

/**
 * What a fit found. Immutable.
 *
 * @param model what was fitted
 * @param parameters the kernel's parameters, named by {@link KernelFamily#parameterNames}
 * @param trajectories fitted trajectories with dense output, in the order of the data
 * @param rms root of the mean square of x(t_i) − y_i, for each component
 * @param explained 1 − Σ (x − y)²/Σ (y − mean)², over all components scaled by their spread
 * @param iterations of L-BFGS from the best start
 * @param evaluations of value and gradient, over all starts
 * @param ending why the iterations ended
 * @param maxResidual what implicit steps left at the end, see {@code SystemSolution.maxResidual}
 */
public record FitResult(
    KernelModel model,
    List<Double> parameters,
    List<LineField> trajectories,
    List<Double> rms,
    double explained,
    int iterations,
    int evaluations,
    Ending ending,
    double maxResidual) {
  /** Why iterations ended. */
  public enum Ending {
    /** The gradient is as small as was asked for. */
    CONVERGED,
    /** No step makes progress: rounding, or a misfit with a flat valley. */
    NO_PROGRESS,
    /** The iterations were used up. */
    ITERATIONS;

    /**
     * The ending for people.
     *
     * @return a few words
     */
    public String text() {
      return switch (this) {
        case CONVERGED -> "converged";
        case NO_PROGRESS -> "no step makes progress any more";
        case ITERATIONS -> "out of iterations";
      };
    }
  }

  /** Copies the lists. */
  public FitResult {
    parameters = List.copyOf(parameters);
    trajectories = List.copyOf(trajectories);
    rms = List.copyOf(rms);
  }

  /**
   * The fitted kernel.
   *
   * @param t in (0, T]
   * @param s in [0, t)
   * @return K(t, s)
   */
  public double kernel(double t, double s) {
    return model.family().kernel(t, s, theta());
  }

  /**
   * The parameters as an array.
   *
   * @return a new array
   */
  public double[] theta() {
    return parameters.stream().mapToDouble(p -> p).toArray();
  }

  /**
   * One parameter.
   *
   * @param name such as {@code alpha}
   * @return its value
   * @throws IllegalArgumentException if there is none of that name
   */
  public double parameter(String name) {
    int index = model.family().parameterNames().indexOf(name);
    if (index < 0) {
      throw new IllegalArgumentException(
          "parameter '" + name + "': there are " + model.family().parameterNames());
    }
    return parameters.get(index);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s %s, rms %s, %s after %d iterations",
        model.family().name(),
        Arrays.toString(theta()),
        rms,
        ending.text(),
        iterations);
  }
}
