package org.volterra.control;

import java.util.Arrays;

/**
 * The integrand F(t, s, x; θ) of x(t) = x₀ + ∫₀ᵗ F(t, s, x(s); θ(t, s)) ds, with the derivatives
 * that adjoints and the extended method of successive approximations need. Pure functions of their
 * arguments, which they leave alone; results are overwritten.
 */
public interface Dynamics {
  /**
   * Components of the state.
   *
   * @return d, at least 1
   */
  int states();

  /**
   * Components of the control.
   *
   * @return at least 1
   */
  int controls();

  /**
   * The integrand.
   *
   * @param t in [0, T]
   * @param s in [0, t)
   * @param x state at s
   * @param theta control at (t, s)
   * @param result receives F, d numbers
   */
  void value(double t, double s, double[] x, double[] theta, double[] result);

  /**
   * The adjoint in the state.
   *
   * @param t in [0, T]
   * @param s in [0, t)
   * @param x state at s
   * @param theta control at (t, s)
   * @param p costate at t
   * @param result receives ∂ₓFᵀ p, d numbers
   */
  void stateAdjoint(double t, double s, double[] x, double[] theta, double[] p, double[] result);

  /**
   * The adjoint in the control.
   *
   * @param t in [0, T]
   * @param s in [0, t)
   * @param x state at s
   * @param theta control at (t, s)
   * @param p costate at t
   * @param result receives ∂_θFᵀ p, one number for each component of the control
   */
  void controlAdjoint(double t, double s, double[] x, double[] theta, double[] p, double[] result);

  /**
   * The derivative in the control of the adjoint in the state.
   *
   * @param t in [0, T]
   * @param s in [0, t)
   * @param x state at s
   * @param theta control at (t, s)
   * @param p costate at t
   * @param v direction, d numbers
   * @param result receives ∂_θ(pᵀ ∂ₓF v), one number for each component of the control
   */
  void mixedAdjoint(
      double t, double s, double[] x, double[] theta, double[] p, double[] v, double[] result);

  /**
   * F = θ: the control alone moves the state, which has one component.
   *
   * @return the dynamics of {@link ClosedFormProblem}
   */
  static Dynamics integrator() {
    return new Integrator();
  }

  /**
   * F = Θ tanh(x) with a d × d matrix Θ, row after row: a dense network in Hammerstein's order.
   *
   * @param states d, at least 1
   * @return the dynamics
   * @throws IllegalArgumentException if {@code states} is not positive
   */
  static Dynamics hammerstein(int states) {
    if (states < 1) {
      throw new IllegalArgumentException("states " + states + ": must be at least 1");
    }
    return new Hammerstein(states);
  }

  /**
   * F = tanh(θ₁ x + θ₂) with one state: a neuron for each pair of depths, not linear in the
   * control.
   *
   * @return the dynamics
   */
  static Dynamics neuron() {
    return new Neuron();
  }

  /** F = θ. */
  record Integrator() implements Dynamics {
    @Override
    public int states() {
      return 1;
    }

    @Override
    public int controls() {
      return 1;
    }

    @Override
    public void value(double t, double s, double[] x, double[] theta, double[] result) {
      result[0] = theta[0];
    }

    @Override
    public void stateAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      result[0] = 0;
    }

    @Override
    public void controlAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      result[0] = p[0];
    }

    @Override
    public void mixedAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] v, double[] result) {
      result[0] = 0;
    }
  }

  /**
   * F = Θ tanh(x).
   *
   * @param states d
   */
  record Hammerstein(int states) implements Dynamics {
    @Override
    public int controls() {
      return states * states;
    }

    @Override
    public void value(double t, double s, double[] x, double[] theta, double[] result) {
      Arrays.fill(result, 0);
      for (int j = 0; j < states; j++) {
        double z = Math.tanh(x[j]);
        for (int i = 0; i < states; i++) {
          result[i] += theta[i * states + j] * z;
        }
      }
    }

    private static double slope(double x) {
      double z = Math.tanh(x);
      return 1 - z * z;
    }

    @Override
    public void stateAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      for (int j = 0; j < states; j++) {
        double sum = 0;
        for (int i = 0; i < states; i++) {
          sum += theta[i * states + j] * p[i];
        }
        result[j] = slope(x[j]) * sum;
      }
    }

    @Override
    public void controlAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      for (int j = 0; j < states; j++) {
        double z = Math.tanh(x[j]);
        for (int i = 0; i < states; i++) {
          result[i * states + j] = p[i] * z;
        }
      }
    }

    @Override
    public void mixedAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] v, double[] result) {
      for (int j = 0; j < states; j++) {
        double change = slope(x[j]) * v[j];
        for (int i = 0; i < states; i++) {
          result[i * states + j] = p[i] * change;
        }
      }
    }
  }

  /** F = tanh(θ₁ x + θ₂). */
  record Neuron() implements Dynamics {
    @Override
    public int states() {
      return 1;
    }

    @Override
    public int controls() {
      return 2;
    }

    private static double activation(double[] x, double[] theta) {
      return Math.tanh(theta[0] * x[0] + theta[1]);
    }

    @Override
    public void value(double t, double s, double[] x, double[] theta, double[] result) {
      result[0] = activation(x, theta);
    }

    @Override
    public void stateAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      double z = activation(x, theta);
      result[0] = theta[0] * (1 - z * z) * p[0];
    }

    @Override
    public void controlAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] result) {
      double z = activation(x, theta);
      double delta = (1 - z * z) * p[0];
      result[0] = delta * x[0];
      result[1] = delta;
    }

    @Override
    public void mixedAdjoint(
        double t, double s, double[] x, double[] theta, double[] p, double[] v, double[] result) {
      double z = activation(x, theta);
      double first = (1 - z * z) * p[0] * v[0];
      double second = -2 * z * theta[0] * first;
      result[0] = first + second * x[0];
      result[1] = second;
    }
  }
}
