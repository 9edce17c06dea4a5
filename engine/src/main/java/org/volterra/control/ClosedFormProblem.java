package org.volterra.control;

import org.volterra.depth.DepthGrid;
import org.volterra.depth.DepthOperator;
import org.volterra.depth.LineField;
import org.volterra.depth.LineMesh;
import org.volterra.depth.TriangleField;
import org.volterra.depth.TriangleFunction;
import org.volterra.depth.TriangleMesh;

/**
 * The learning problem whose minimum is known at every λ: x(t) = x₀ + ∫₀ᵗ θ(t,s) ds, with
 *
 * <pre>  J(θ) = ½ (x(T) − y)² + ½ ∫ (λ0 θ² + λ1 |∇θ|²)  over the triangle 0 ≤ s ≤ t ≤ T.</pre>
 *
 * <p>With d = y − x₀, ω = √(λ0/λ1) and κ = T coth(ωT)/√(λ0 λ1) + 1/λ0,
 *
 * <pre>  min J = ½ d²/(1 + κ),   θ*(t,s) = d/(1 + κ) · (cosh ωt + cosh ωs)/(λ1 ω sinh ωT).</pre>
 *
 * <p>On L layers, x_l = x₀ + h Σ_{k&lt;l} θ^{l,k} and the regulariser is ½[λ0 h² Σ|θ|² + λ1 Σ|θ −
 * θ'|²] over pairs k &lt; l and their neighbours; the minimum is again ½ d²/(1 + κ_L), with κ_L =
 * bᵀ A⁻¹ b for b = h on the last row, and tends to the continuous one like 1/L.
 *
 * @param lambda0 λ0, positive and finite
 * @param lambda1 λ1, positive and finite
 * @param horizon T, positive and finite
 * @param displacement d = y − x₀, finite
 */
public record ClosedFormProblem(
    double lambda0, double lambda1, double horizon, double displacement) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public ClosedFormProblem {
    positive("lambda0", lambda0);
    positive("lambda1", lambda1);
    positive("horizon", horizon);
    if (!Double.isFinite(displacement)) {
      throw new IllegalArgumentException("displacement " + displacement + ": must be finite");
    }
  }

  private static void positive(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " " + value + ": must be positive and finite");
    }
  }

  /**
   * A minimum on L layers.
   *
   * @param layers L
   * @param value min J_L
   * @param minimiser θ, extended to the triangle
   * @param trajectory x_0 − x₀ … x_L − x₀
   */
  public record Minimum(int layers, double value, TriangleField minimiser, LineField trajectory) {}

  /**
   * The rate ω.
   *
   * @return √(λ0/λ1)
   */
  public double rate() {
    return Math.sqrt(lambda0 / lambda1);
  }

  /**
   * How far the controls reach for their price.
   *
   * @return κ
   */
  public double kappa() {
    return horizon / (Math.tanh(rate() * horizon) * Math.sqrt(lambda0) * Math.sqrt(lambda1))
        + 1 / lambda0;
  }

  /**
   * The continuous minimum.
   *
   * @return ½ d²/(1 + κ)
   */
  public double minimum() {
    return 0.5 * displacement * displacement / (1 + kappa());
  }

  private double amplitude() {
    return displacement / (1 + kappa()) / (lambda1 * rate());
  }

  /** cosh(ωt)/sinh(ωT) without overflow. */
  private double cosh(double t) {
    double w = rate();
    return (Math.exp(w * (t - horizon)) + Math.exp(-w * (t + horizon)))
        / -Math.expm1(-2 * w * horizon);
  }

  /** sinh(ωt)/sinh(ωT) without overflow. */
  private double sinh(double t) {
    double w = rate();
    return Math.exp(w * (t - horizon)) * Math.expm1(-2 * w * t) / Math.expm1(-2 * w * horizon);
  }

  /**
   * The continuous minimiser.
   *
   * @return θ* with its gradient
   */
  public TriangleFunction minimiser() {
    double a = amplitude();
    double w = rate();
    return new TriangleFunction() {
      @Override
      public int width() {
        return 1;
      }

      @Override
      public void evaluate(double t, double s, double[] value, double[] byT, double[] byS) {
        value[0] = a * (cosh(t) + cosh(s));
        byT[0] = a * w * sinh(t);
        byS[0] = a * w * sinh(s);
      }
    };
  }

  /**
   * The continuous optimal trajectory.
   *
   * @param t in [0, T]
   * @return x(t) − x₀
   */
  public double trajectory(double t) {
    return amplitude() * (t * cosh(t) + sinh(t) / rate());
  }

  /**
   * Solves the problem on L layers in float64, to rounding.
   *
   * @param layers L, from 1 to 32768
   * @return the minimum and its minimiser
   * @throws IllegalArgumentException if {@code layers} is out of range
   */
  public Minimum solve(int layers) {
    DepthGrid grid = new DepthGrid(layers, horizon);
    double h = grid.step();
    DepthOperator a = DepthOperator.triangle(layers, 1, lambda0 * h * h, lambda1);
    double[] b = new double[a.size()];
    int lastRow = TriangleMesh.index(layers - 1, 0);
    for (int k = 0; k < layers; k++) {
      b[lastRow + k] = h;
    }
    double[] theta = new double[a.size()];
    a.solve(b, theta);
    double kappa = 0;
    for (int k = 0; k < layers; k++) {
      kappa += h * theta[lastRow + k];
    }
    double scale = displacement / (1 + kappa);
    double[] x = new double[layers + 1];
    for (int l = 1; l <= layers; l++) {
      for (int k = 0; k < l; k++) {
        int pair = TriangleMesh.index(l - 1, k);
        theta[pair] *= scale;
        x[l] += h * theta[pair];
      }
    }
    return new Minimum(
        layers,
        0.5 * displacement * scale,
        TriangleField.ofPairs(layers, horizon, 1, theta),
        LineField.of(new LineMesh(layers, horizon), 1, x));
  }
}
