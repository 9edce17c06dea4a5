package org.volterra.equation;

import java.util.Locale;
import java.util.function.DoubleUnaryOperator;

/**
 * Solves the scalar equation x = c + f(x) that an implicit method has at each node.
 *
 * <p>The secant method for the residual x − c − f(x), begun with a fixed-point step. A change of
 * sign keeps the iterates in a bracket, which is halved where secants shrink it too slowly; without
 * one, secant steps may grow only geometrically, and where there is no secant the step is a
 * fixed-point one. Stateless.
 */
final class DiagonalSolver {
  /** Where iterations stop at once: residual relative to |x| + |c| + |f(x)|. */
  static final double AIM = 0x1p-52;

  /** What is accepted when the iterates stand still. */
  static final double TOLERANCE = 1e-12;

  /** The most evaluations of f for one node. */
  static final int MAX_EVALUATIONS = 200;

  /** A secant step may be this many times longer than the last step or a fixed-point step. */
  private static final double MAX_GROWTH = 8;

  /** A bracket must halve within so many steps. */
  private static final int PATIENCE = 3;

  private DiagonalSolver() {}

  /**
   * A point and its residual, with the scale of the residual's rounding error.
   *
   * @param x the point
   * @param residual x − c − f(x)
   * @param scale |x| + |c| + |f(x)|
   */
  record Point(double x, double residual, double scale) {
    static Point at(double x, double constant, DoubleUnaryOperator f) {
      double value = f.applyAsDouble(x);
      double scale = Math.abs(x) + Math.abs(constant) + Math.abs(value);
      return new Point(x, x - (constant + value), scale);
    }

    boolean within(double tolerance) {
      return isFinite() && Math.abs(residual) <= tolerance * scale;
    }

    boolean isFinite() {
      return Double.isFinite(residual);
    }
  }

  /**
   * Finds a root near a first guess.
   *
   * @param constant c in x = c + f(x)
   * @param f the part that depends on x
   * @param guess where to begin
   * @return the root and its residual
   * @throws IllegalStateException if there is no convergence; the message gives the best residual
   */
  static Point solve(double constant, DoubleUnaryOperator f, double guess) {
    Point last = Point.at(guess, constant, f);
    if (last.within(AIM)) {
      return last;
    }
    Point here = Point.at(guess - last.residual, constant, f);
    Point best = smaller(last, here);
    Point below = null;
    Point above = null;
    double width = Double.POSITIVE_INFINITY;
    int sinceHalved = 0;
    for (int n = 2; n < MAX_EVALUATIONS && !here.within(AIM); n++) {
      if (here.isFinite()) {
        below = here.residual < 0 ? here : below == null && last.residual < 0 ? last : below;
        above = here.residual > 0 ? here : above == null && last.residual > 0 ? last : above;
      }
      double next = step(last, here);
      if (below != null && above != null) {
        double now = Math.abs(above.x - below.x);
        sinceHalved = now <= 0.5 * width ? 0 : sinceHalved + 1;
        width = sinceHalved == 0 ? now : width;
        boolean inside = (next - below.x) * (next - above.x) < 0;
        if (!inside || sinceHalved >= PATIENCE) {
          next = 0.5 * (below.x + above.x);
          sinceHalved = 0;
          width = now;
        }
      }
      if (next == here.x || next == last.x) {
        break;
      }
      if (here.isFinite()) {
        last = here;
      }
      here = Point.at(next, constant, f);
      best = smaller(best, here);
    }
    if (!best.within(TOLERANCE)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the implicit equation has no root that the iteration finds: its smallest residual is"
                  + " %.3g, at x = %.6g",
              best.residual,
              best.x));
    }
    return best;
  }

  /** The next iterate without a bracket. */
  private static double step(Point last, Point here) {
    if (!here.isFinite()) {
      return 0.5 * (last.x + here.x);
    }
    double move = -here.residual * ((here.x - last.x) / (here.residual - last.residual));
    double limit = MAX_GROWTH * Math.max(Math.abs(here.x - last.x), Math.abs(here.residual));
    return here.x + (Double.isNaN(move) ? -here.residual : Math.clamp(move, -limit, limit));
  }

  private static Point smaller(Point a, Point b) {
    return !a.isFinite() || Math.abs(b.residual) < Math.abs(a.residual) ? b : a;
  }
}
