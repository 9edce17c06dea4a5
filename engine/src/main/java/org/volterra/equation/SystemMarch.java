package org.volterra.equation;

import java.util.Locale;
import org.volterra.depth.DepthGrid;

/** One solve of a system: from node to node, with the features of all that are done. */
final class SystemMarch {
  private final SystemSolver solver;
  private final HammersteinSystem system;
  private final double[] theta;
  private final DepthGrid grid;
  private final WeightTable weights;
  private final double[][] states;
  private final double[][] features;

  SystemMarch(SystemSolver solver, HammersteinSystem system, double[] theta, DepthGrid grid) {
    this.solver = solver;
    this.system = system;
    this.theta = theta;
    this.grid = grid;
    weights = new WeightTable(solver.method()::weight, grid, system.exponent(theta));
    states = new double[grid.layers() + 1][system.states()];
    features = new double[grid.layers() + 1][system.features()];
  }

  SystemSolution run() {
    double residual = 0;
    int evaluations = 0;
    for (int l = 0; l < states.length; l++) {
      double t = grid.time(l);
      double[] x = states[l];
      system.source(t, theta, x);
      requireFinite("g", x, l);
      for (int k = 0; k < l; k++) {
        double weight = weights.at(l, k);
        if (weight != 0) {
          system.apply(t, grid.time(k), theta, weight, features[k], x);
        }
      }
      requireFinite("sum", x, l);
      double own = l == 0 ? 0 : weights.at(l, l);
      if (own == 0) {
        system.feature(t, x, theta, features[l]);
      } else {
        DiagonalEquation equation =
            new DiagonalEquation(system, theta, t, own, x.clone(), features[l]);
        System.arraycopy(states[l - 1], 0, x, 0, x.length);
        try {
          residual = Math.max(residual, equation.solve(solver.diagonal(), x));
        } catch (IllegalStateException e) {
          throw new IllegalStateException(where(l) + e.getMessage(), e);
        }
        evaluations += equation.evaluations();
      }
      requireFinite("x", x, l);
      requireFinite("feature", features[l], l);
    }
    return new SystemSolution(
        solver, system, theta, grid, weights, states, features, residual, evaluations);
  }

  private void requireFinite(String name, double[] values, int l) {
    for (int c = 0; c < values.length; c++) {
      if (!Double.isFinite(values[c])) {
        throw new IllegalStateException(
            where(l) + name + "[" + c + "] is " + values[c] + ": must be finite");
      }
    }
  }

  private String where(int l) {
    return String.format(
        Locale.ROOT,
        "%s, layer %d of %d, t = %.6g: ",
        solver.method().id(),
        l,
        grid.layers(),
        grid.time(l));
  }
}
