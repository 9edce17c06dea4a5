package org.volterra.equation;

import java.util.Arrays;
import java.util.Locale;

/** The equation x = c + w K φ(x) of one node of a system, and the transposed linear one. */
final class DiagonalEquation {
  /** Where iterations stop at once: the residual relative to |x| + |c| + w |Kφ|. */
  private static final double AIM = 0x1p-51;

  /** What is accepted when the iterates stand still. */
  private static final double TOLERANCE = 1e-12;

  private static final int MOST_FIXED_POINTS = 500;
  private static final int MOST_NEWTON_STEPS = 50;
  private static final int MOST_HALVINGS = 30;
  private static final double KRYLOV_TOLERANCE = 1e-6;
  private static final double DIFFERENCE = 0x1p-26;

  private final HammersteinSystem system;
  private final double[] theta;
  private final double t;
  private final double weight;
  private final double[] constant;
  private final double[] feature;
  private double scale;
  private int evaluations;

  /**
   * An equation.
   *
   * @param constant c; null where the adjoint alone is solved
   * @param feature receives φ at the solution
   */
  DiagonalEquation(
      HammersteinSystem system,
      double[] theta,
      double t,
      double weight,
      double[] constant,
      double[] feature) {
    this.system = system;
    this.theta = theta;
    this.t = t;
    this.weight = weight;
    this.constant = constant;
    this.feature = feature;
  }

  int evaluations() {
    return evaluations;
  }

  /** c + w K φ(x) − x, and the scale of its rounding error. */
  private double[] defect(double[] x) {
    evaluations++;
    system.feature(t, x, theta, feature);
    double[] sum = new double[x.length];
    system.apply(t, t, theta, weight, feature, sum);
    scale = Double.MIN_NORMAL;
    for (int c = 0; c < x.length; c++) {
      scale = Math.max(scale, Math.abs(x[c]) + Math.abs(constant[c]) + Math.abs(sum[c]));
      sum[c] += constant[c] - x[c];
    }
    return sum;
  }

  private static double largest(double[] x) {
    double most = 0;
    for (double value : x) {
      most = Double.isFinite(value) ? Math.max(most, Math.abs(value)) : Double.POSITIVE_INFINITY;
    }
    return most;
  }

  /**
   * Finds a root near a first guess.
   *
   * @param x the guess; receives the root
   * @return the greatest component of the residual
   * @throws IllegalStateException if there is no convergence
   */
  double solve(DiagonalMethod method, double[] x) {
    double[] defect = defect(x);
    int steps = method == DiagonalMethod.FIXED_POINT ? MOST_FIXED_POINTS : MOST_NEWTON_STEPS;
    for (int n = 0; n < steps && largest(defect) > AIM * scale; n++) {
      double before = largest(defect);
      double[] next =
          method == DiagonalMethod.FIXED_POINT ? fixedPoint(x, defect) : newton(x, defect);
      boolean still = !(largest(next) < before) && before <= TOLERANCE * scale;
      if (still) {
        break;
      }
      defect = next;
    }
    // Features must belong to the root.
    double residual = largest(defect(x));
    if (!(residual < Double.POSITIVE_INFINITY && residual <= TOLERANCE * scale)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%s leaves the residual %.3g of the implicit equation; try more layers%s",
              method.id(),
              residual,
              method == DiagonalMethod.FIXED_POINT
                  ? " or " + DiagonalMethod.NEWTON_KRYLOV.id()
                  : ""));
    }
    return residual;
  }

  private double[] fixedPoint(double[] x, double[] defect) {
    Gmres.add(1, defect, x);
    return defect(x);
  }

  /** A step of Newton's method, halved until the residual is smaller. */
  private double[] newton(double[] x, double[] defect) {
    double size = Gmres.norm(x);
    double[] moved = new double[x.length];
    double[] step =
        Gmres.solve(
            (v, result) -> {
              double length = DIFFERENCE * (1 + size) / Gmres.norm(v);
              System.arraycopy(x, 0, moved, 0, x.length);
              Gmres.add(length, v, moved);
              double[] there = defect(moved);
              for (int c = 0; c < result.length; c++) {
                result[c] = (defect[c] - there[c]) / length;
              }
            },
            defect,
            KRYLOV_TOLERANCE);
    double before = Gmres.norm(defect);
    double[] start = x.clone();
    double[] next = defect;
    double length = 1;
    for (int n = 0; n <= MOST_HALVINGS; n++, length *= 0.5) {
      System.arraycopy(start, 0, x, 0, x.length);
      Gmres.add(length, step, x);
      next = defect(x);
      if (Gmres.norm(next) < before) {
        return next;
      }
    }
    System.arraycopy(start, 0, x, 0, x.length);
    return defect(x);
  }

  /**
   * Solves λ = μ + φ'ᵀ w Kᵀ λ by GMRES, begun anew until the residual is that of rounding.
   *
   * @param x the root of the equation
   * @param mu the right-hand side
   * @param unused receives gradients that are of no use
   * @return λ
   * @throws IllegalStateException if there is no convergence
   */
  double[] adjoint(double[] x, double[] mu, double[] unused) {
    double[] q = new double[system.features()];
    Gmres.Map map =
        (v, result) -> {
          Arrays.fill(q, 0);
          Arrays.fill(result, 0);
          system.transpose(t, t, theta, -weight, v, q);
          system.featureAdjoint(t, x, theta, q, result, unused);
          Gmres.add(1, v, result);
        };
    double[] lambda = mu.clone();
    double[] residual = new double[mu.length];
    double left = residual(map, mu, lambda, residual);
    for (int n = 0; n < MOST_NEWTON_STEPS && left > AIM * largest(mu); n++) {
      double before = left;
      Gmres.add(1, Gmres.solve(map, residual, KRYLOV_TOLERANCE), lambda);
      left = residual(map, mu, lambda, residual);
      if (!(left < before) && before <= TOLERANCE * largest(mu)) {
        break;
      }
    }
    double size = Math.max(largest(mu), largest(lambda));
    if (!(left < Double.POSITIVE_INFINITY && left <= TOLERANCE * size)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "GMRES leaves the residual %.3g of the adjoint's implicit equation at t = %.6g",
              left,
              t));
    }
    return lambda;
  }

  private static double residual(Gmres.Map map, double[] right, double[] x, double[] residual) {
    map.apply(x, residual);
    for (int c = 0; c < right.length; c++) {
      residual[c] = right[c] - residual[c];
    }
    return largest(residual);
  }
}
