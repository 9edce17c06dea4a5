package org.volterra.control;

import java.util.Arrays;
import java.util.Objects;
import org.volterra.depth.DepthGrid;

/**
 * A learning problem in continuous depth: to minimise over θ on the triangle 0 ≤ s ≤ t ≤ T
 *
 * <pre>  J(θ) = 1/m Σ_i ½ |x_i(T) − y_i|² + ½ ∫ (λ0 |θ|² + λ1 |∇θ|²),
 *   x_i(t) = x_i(0) + ∫₀ᵗ F(t, s, x_i(s); θ(t, s)) ds.</pre>
 *
 * <p>Immutable and thread-safe.
 */
public final class ControlProblem {
  private final Dynamics dynamics;
  private final double[][] starts;
  private final double[][] targets;
  private final double lambda0;
  private final double lambda1;
  private final double horizon;

  /**
   * States a problem.
   *
   * @param dynamics F
   * @param starts x_i(0), one row for each sample
   * @param targets y_i, as many rows
   * @param lambda0 λ0, positive
   * @param lambda1 λ1, not negative
   * @param horizon T, positive
   * @throws IllegalArgumentException if a sample's length or a number is wrong
   */
  public ControlProblem(
      Dynamics dynamics,
      double[][] starts,
      double[][] targets,
      double lambda0,
      double lambda1,
      double horizon) {
    this.dynamics = Objects.requireNonNull(dynamics, "dynamics");
    this.starts = copy("starts", starts);
    this.targets = copy("targets", targets);
    this.lambda0 = lambda0;
    this.lambda1 = lambda1;
    this.horizon = horizon;
    if (starts.length < 1 || starts.length != targets.length) {
      throw new IllegalArgumentException(
          starts.length
              + " starts and "
              + targets.length
              + " targets: as many of each, at least 1");
    }
    if (!(lambda0 > 0 && lambda0 < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("lambda0 " + lambda0 + ": must be positive and finite");
    }
    if (!(lambda1 >= 0 && lambda1 < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("lambda1 " + lambda1 + ": must be finite, not negative");
    }
  }

  private double[][] copy(String name, double[][] rows) {
    double[][] copy = new double[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      if (rows[i].length != dynamics.states()
          || !Arrays.stream(rows[i]).allMatch(Double::isFinite)) {
        throw new IllegalArgumentException(
            name
                + "["
                + i
                + "] is "
                + Arrays.toString(rows[i])
                + ": must be "
                + dynamics.states()
                + " finite numbers");
      }
      copy[i] = rows[i].clone();
    }
    return copy;
  }

  /**
   * The problem on L layers.
   *
   * @param layers L, from 1 to 32768
   * @return its left-rectangle discretisation
   * @throws IllegalArgumentException if {@code layers} or the horizon is out of range
   */
  public DiscreteControl onLayers(int layers) {
    return new DiscreteControl(this, new DepthGrid(layers, horizon));
  }

  /**
   * The integrand.
   *
   * @return F
   */
  public Dynamics dynamics() {
    return dynamics;
  }

  /**
   * Number of samples.
   *
   * @return m
   */
  public int samples() {
    return starts.length;
  }

  double start(int sample, int component) {
    return starts[sample][component];
  }

  double target(int sample, int component) {
    return targets[sample][component];
  }

  /**
   * Weight of ‖θ‖².
   *
   * @return λ0
   */
  public double lambda0() {
    return lambda0;
  }

  /**
   * Weight of ‖∇θ‖².
   *
   * @return λ1
   */
  public double lambda1() {
    return lambda1;
  }

  /**
   * End of the depth interval.
   *
   * @return T
   */
  public double horizon() {
    return horizon;
  }
}
