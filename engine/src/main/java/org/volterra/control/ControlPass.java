package org.volterra.control;

import org.volterra.depth.LineField;
import org.volterra.depth.LineMesh;

/**
 * States, costates and gradient of a {@link DiscreteControl} at one control.
 *
 * <p>The costate is λ_l = ∂J/∂x_l: λ_L = ∇Φ(x_L) and λ_k = h Σ_{l&gt;k} ∂ₓF(t_l, t_k, x_k)ᵀ λ_l. In
 * the limit λ is the measure p(t) dt on [0, T) with the atom ∇Φ at T, so that p(t_k) is λ_k/h for k
 * &lt; L. The Hamiltonian at depth s is H(s) = ∫_s^T p(t)ᵀ F(t, s, x(s); θ(t, s)) dt + ∇Φᵀ F(T, s,
 * x(s); θ(T, s)), here Σ_{l&gt;k} λ_lᵀ F(t_l, t_k, x_k; θ^{l,k}), summed over samples; the loss of
 * a sample counts 1/m.
 */
public final class ControlPass {
  private final DiscreteControl control;
  private final int samples;
  private final int states;
  private final double[] x;
  private final double[] costates;
  private final double[] hamiltonian;
  private final double[] gradient;
  private double terminal;
  private double penalty;

  ControlPass(DiscreteControl control, double[] theta) {
    this.control = control;
    ControlProblem problem = control.problem();
    samples = problem.samples();
    states = problem.dynamics().states();
    int layers = control.grid().layers();
    x = new double[(layers + 1) * samples * states];
    costates = new double[x.length];
    hamiltonian = new double[layers];
    gradient = new double[theta.length];
    for (int i = 0; i < samples; i++) {
      forward(problem, theta, i);
      backward(problem, theta, i);
    }
  }

  private int at(int l, int sample) {
    return (l * samples + sample) * states;
  }

  private void forward(ControlProblem problem, double[] theta, int i) {
    Dynamics f = problem.dynamics();
    double h = control.grid().step();
    double[] state = new double[states];
    double[] parameters = new double[f.controls()];
    double[] rate = new double[states];
    for (int l = 0; l <= control.grid().layers(); l++) {
      int target = at(l, i);
      for (int c = 0; c < states; c++) {
        x[target + c] = problem.start(i, c);
      }
      double t = control.grid().time(l);
      for (int k = 0; k < l; k++) {
        System.arraycopy(x, at(k, i), state, 0, states);
        System.arraycopy(theta, control.pair(l, k), parameters, 0, parameters.length);
        f.value(t, control.grid().time(k), state, parameters, rate);
        for (int c = 0; c < states; c++) {
          x[target + c] += h * rate[c];
        }
      }
    }
  }

  private void backward(ControlProblem problem, double[] theta, int i) {
    Dynamics f = problem.dynamics();
    double h = control.grid().step();
    int layers = control.grid().layers();
    double[] state = new double[states];
    double[] parameters = new double[f.controls()];
    double[] costate = new double[states];
    double[] rate = new double[states];
    double[] byControl = new double[f.controls()];
    for (int c = 0; c < states; c++) {
      double miss = x[at(layers, i) + c] - problem.target(i, c);
      terminal += 0.5 * miss * miss / samples;
      costates[at(layers, i) + c] = miss / samples;
    }
    for (int k = layers - 1; k >= 0; k--) {
      double s = control.grid().time(k);
      System.arraycopy(x, at(k, i), state, 0, states);
      for (int l = layers; l > k; l--) {
        double t = control.grid().time(l);
        int pair = control.pair(l, k);
        System.arraycopy(theta, pair, parameters, 0, parameters.length);
        System.arraycopy(costates, at(l, i), costate, 0, states);
        f.stateAdjoint(t, s, state, parameters, costate, rate);
        for (int c = 0; c < states; c++) {
          costates[at(k, i) + c] += h * rate[c];
        }
        f.value(t, s, state, parameters, rate);
        for (int c = 0; c < states; c++) {
          hamiltonian[k] += costate[c] * rate[c];
        }
        f.controlAdjoint(t, s, state, parameters, costate, byControl);
        for (int c = 0; c < byControl.length; c++) {
          gradient[pair + c] += h * byControl[c];
        }
      }
    }
  }

  void finish(double penaltyValue, double[] penaltyGradient) {
    penalty = penaltyValue;
    for (int n = 0; n < gradient.length; n++) {
      gradient[n] += penaltyGradient[n];
    }
  }

  /**
   * The loss of the samples.
   *
   * @return 1/m Σ ½|x_L − y|²
   */
  public double terminalCost() {
    return terminal;
  }

  /**
   * The regulariser.
   *
   * @return ½ θᵀAθ
   */
  public double penalty() {
    return penalty;
  }

  /**
   * The objective.
   *
   * @return J
   */
  public double value() {
    return terminal + penalty;
  }

  /**
   * The state of a sample.
   *
   * @param l layer from 0 to L
   * @param sample from 0
   * @param component from 0
   * @return a component of x_l
   */
  public double state(int l, int sample, int component) {
    return x[at(l, sample) + component];
  }

  /**
   * The costate of a sample.
   *
   * @param l layer from 0 to L
   * @param sample from 0
   * @param component from 0
   * @return a component of λ_l = ∂J/∂x_l
   */
  public double costate(int l, int sample, int component) {
    return costates[at(l, sample) + component];
  }

  /**
   * The Hamiltonian.
   *
   * @param k layer from 0 to L − 1
   * @return H(t_k)
   */
  public double hamiltonian(int k) {
    return hamiltonian[k];
  }

  /**
   * A sample's trajectory as a function of depth, with dense output.
   *
   * @param sample from 0
   * @return the states between the layers by linear interpolation
   */
  public LineField trajectory(int sample) {
    int layers = control.grid().layers();
    double[] values = new double[(layers + 1) * states];
    for (int l = 0; l <= layers; l++) {
      System.arraycopy(x, at(l, sample), values, l * states, states);
    }
    return LineField.of(new LineMesh(layers, control.grid().horizon()), states, values);
  }

  /**
   * The gradient of J.
   *
   * @return a new array, ∂J/∂θ of the pairs
   */
  public double[] gradient() {
    return gradient.clone();
  }

  double[] gradientInPlace() {
    return gradient;
  }

  /**
   * How far the control is from satisfying the maximum principle: the norm of −λ1 Δθ + λ0 θ +
   * ∂_θFᵀp dual to that of the regulariser, √(∇Jᵀ A⁻¹ ∇J). It is the length of the Sobolev gradient
   * and does not depend on the mesh in the limit; zero at a stationary point.
   *
   * @return the residual
   */
  public double residual() {
    return control.metric().dualNorm(gradient);
  }
}
