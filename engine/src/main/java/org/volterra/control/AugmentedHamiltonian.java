package org.volterra.control;

/**
 * The augmented Hamiltonian of the extended method of successive approximations (Li, Chen, Tai, E,
 * arXiv:1710.09513), for Volterra dynamics and with the regulariser: at fixed states x and costates
 * λ, as a function of the control alone,
 *
 * <pre>  ½ θᵀAθ + h Σ λ_lᵀ F(t_l, t_k, x_k; θ^{l,k}) + ½ρ [ Σ_l w_l |q_l|² + Σ_k |r_k|²/h ]/m</pre>
 *
 * <p>with the residual q_l = x_l − x_0 − h Σ_k F of the states, the residual r_k = m(λ_k − h Σ_l
 * ∂ₓFᵀ λ_l) of the costates of 0 &lt; k &lt; L, w_l = h for l &lt; L and w_L = 1. At the control
 * that x and λ belong to, both residuals vanish and the gradient is that of J.
 */
final class AugmentedHamiltonian implements Objective {
  private final DiscreteControl control;
  private final ControlPass pass;
  private final double rho;

  AugmentedHamiltonian(DiscreteControl control, ControlPass pass, double rho) {
    this.control = control;
    this.pass = pass;
    this.rho = rho;
  }

  @Override
  public int size() {
    return control.size();
  }

  @Override
  public double evaluate(double[] theta, double[] gradient) {
    control.metric().apply(theta, gradient);
    double value = control.metric().energy(theta);
    for (int i = 0; i < control.problem().samples(); i++) {
      value += sample(theta, i, gradient);
    }
    return value;
  }

  private double sample(double[] theta, int i, double[] gradient) {
    ControlProblem problem = control.problem();
    Dynamics f = problem.dynamics();
    int layers = control.grid().layers();
    int states = f.states();
    int samples = problem.samples();
    double h = control.grid().step();
    double[] x = new double[states];
    double[] costate = new double[states];
    double[] parameters = new double[f.controls()];
    double[] rate = new double[states];
    double[] byControl = new double[f.controls()];
    double[] q = new double[(layers + 1) * states];
    double[] r = new double[layers * states];
    double value = 0;
    for (int l = 0; l <= layers; l++) {
      for (int c = 0; c < states; c++) {
        q[l * states + c] = pass.state(l, i, c) - problem.start(i, c);
        if (l > 0 && l < layers) {
          r[l * states + c] = samples * pass.costate(l, i, c);
        }
      }
    }
    for (int l = 1; l <= layers; l++) {
      double t = control.grid().time(l);
      load(pass, l, i, costate, false);
      for (int k = 0; k < l; k++) {
        double s = control.grid().time(k);
        load(pass, k, i, x, true);
        System.arraycopy(theta, control.pair(l, k), parameters, 0, parameters.length);
        f.value(t, s, x, parameters, rate);
        value += h * Vectors.dot(costate, rate);
        for (int c = 0; c < states; c++) {
          q[l * states + c] -= h * rate[c];
        }
        if (k > 0) {
          f.stateAdjoint(t, s, x, parameters, costate, rate);
          for (int c = 0; c < states; c++) {
            r[k * states + c] -= samples * h * rate[c];
          }
        }
      }
    }
    double[] mix = new double[states];
    double[] v = new double[states];
    for (int l = 1; l <= layers; l++) {
      double t = control.grid().time(l);
      double weight = rho * (l < layers ? h : 1) / samples;
      load(pass, l, i, costate, false);
      for (int c = 0; c < states; c++) {
        double residual = q[l * states + c];
        value += 0.5 * weight * residual * residual;
        mix[c] = h * (costate[c] - weight * residual);
      }
      for (int k = 0; k < l; k++) {
        double s = control.grid().time(k);
        int pair = control.pair(l, k);
        load(pass, k, i, x, true);
        System.arraycopy(theta, pair, parameters, 0, parameters.length);
        f.controlAdjoint(t, s, x, parameters, mix, byControl);
        Vectors.addAt(1, byControl, gradient, pair);
        if (rho > 0 && k > 0) {
          System.arraycopy(r, k * states, v, 0, states);
          f.mixedAdjoint(t, s, x, parameters, costate, v, byControl);
          Vectors.addAt(-rho, byControl, gradient, pair);
        }
      }
    }
    return value + 0.5 * rho / (h * samples) * Vectors.dot(r, r);
  }

  private static void load(ControlPass pass, int l, int i, double[] target, boolean state) {
    for (int c = 0; c < target.length; c++) {
      target[c] = state ? pass.state(l, i, c) : pass.costate(l, i, c);
    }
  }
}
