package org.volterra.fit;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.volterra.control.Objective;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.DepthOperator;
import org.volterra.depth.LineField;
import org.volterra.depth.Stencil;
import org.volterra.equation.SystemSolution;

/**
 * ½/n Σ ((x(t_i) − y_i)/σ)² + ½ θᵀAθ as a function of free numbers, with σ the spread of each
 * component over all observations. Trajectories between nodes are linear, and the adjoint of this
 * interpolation is exact too.
 */
final class Misfit implements Objective {
  private final KernelModel model;
  private final List<Trajectory> data;
  private final KernelSystem system;
  private final List<ParameterRange> ranges;
  private final Optional<DepthOperator> regularizer;
  private final double[] scale;
  private final Stencil[][] stencils;
  private final int count;

  Misfit(KernelModel model, List<Trajectory> data, double horizon) {
    this.model = model;
    this.data = data;
    stencils = stencils(new DepthGrid(model.layers(), horizon, model.grading()));
    int width = data.getFirst().components();
    LineField[] sources = data.stream().map(t -> t.source().orElse(null)).toArray(LineField[]::new);
    system = new KernelSystem(model.family(), model.activation(), sources, width, horizon);
    ranges = model.family().ranges();
    regularizer = model.family().regularizer();
    scale = new double[width];
    int all = 0;
    for (int c = 0; c < width; c++) {
      int component = c;
      double[] observed =
          data.stream()
              .flatMap(t -> Arrays.stream(t.values()))
              .mapToDouble(row -> row[component])
              .filter(Double::isFinite)
              .toArray();
      double mean = Arrays.stream(observed).average().orElse(0);
      double square = Arrays.stream(observed).map(y -> (y - mean) * (y - mean)).sum();
      scale[c] = square > 0 ? Math.sqrt(square / observed.length) : 1;
      all += observed.length;
    }
    count = all;
  }

  /** The nodes around each time of each trajectory. */
  private Stencil[][] stencils(DepthGrid grid) {
    double[] nodes = grid.times();
    LineField mesh = new LineField(nodes, 1, new double[nodes.length]);
    return data.stream()
        .map(t -> Arrays.stream(t.times()).mapToObj(mesh::locate).toArray(Stencil[]::new))
        .toArray(Stencil[][]::new);
  }

  @Override
  public int size() {
    return system.parameters();
  }

  int observations() {
    return count;
  }

  /** Whether nothing but data makes parameters unique. */
  boolean isUndetermined() {
    return regularizer.isEmpty();
  }

  double spread(int component) {
    return scale[component];
  }

  KernelSystem system() {
    return system;
  }

  /** Parameters of a start: the kernel's, and the first observations as initial values. */
  double[] free(double[] kernel) {
    double[] free = new double[size()];
    for (int i = 0; i < kernel.length; i++) {
      free[i] = ranges.get(i).free(kernel[i]);
    }
    int next = kernel.length;
    for (Trajectory trajectory : data) {
      for (int c = 0; trajectory.source().isEmpty() && c < scale.length; c++) {
        double first = trajectory.first(c);
        free[next++] = Double.isFinite(first) ? first : 0;
      }
    }
    return free;
  }

  /** Free numbers as parameters of the system. */
  double[] natural(double[] free) {
    double[] theta = free.clone();
    for (int i = 0; i < ranges.size(); i++) {
      theta[i] = ranges.get(i).natural(free[i]);
    }
    return theta;
  }

  @Override
  public double evaluate(double[] free, double[] gradient) {
    double[] theta = natural(free);
    if (!Arrays.stream(theta).allMatch(Double::isFinite)) {
      return Double.POSITIVE_INFINITY;
    }
    double value;
    double[] natural;
    try {
      SystemSolution solution = model.solve(system, theta);
      double[] byState = new double[(solution.grid().layers() + 1) * system.states()];
      value = misfit(solution, byState);
      natural = solution.adjoint(byState).parameters();
    } catch (IllegalStateException e) {
      // No solution at these parameters: a line search takes a shorter step.
      return Double.POSITIVE_INFINITY;
    }
    if (regularizer.isPresent()) {
      double[] kernel = Arrays.copyOf(theta, ranges.size());
      double[] slope = new double[kernel.length];
      regularizer.get().apply(kernel, slope);
      value += regularizer.get().energy(kernel);
      for (int i = 0; i < slope.length; i++) {
        natural[i] += slope[i];
      }
    }
    for (int i = 0; i < natural.length; i++) {
      gradient[i] = natural[i] * (i < ranges.size() ? ranges.get(i).slope(free[i]) : 1);
    }
    return value;
  }

  private double misfit(SystemSolution solution, double[] byState) {
    int states = system.states();
    double sum = 0;
    for (int j = 0; j < data.size(); j++) {
      double[][] values = data.get(j).values();
      for (int i = 0; i < values.length; i++) {
        Stencil stencil = stencils[j][i];
        for (int c = 0; c < scale.length; c++) {
          if (Double.isNaN(values[i][c])) {
            continue;
          }
          int state = j * scale.length + c;
          double x = 0;
          for (int p = 0; p < stencil.size(); p++) {
            x += stencil.weight(p) * solution.value(stencil.node(p), state);
          }
          double residual = (x - values[i][c]) / scale[c];
          sum += residual * residual;
          for (int p = 0; p < stencil.size(); p++) {
            byState[stencil.node(p) * states + state] +=
                stencil.weight(p) * residual / (scale[c] * count);
          }
        }
      }
    }
    return 0.5 * sum / count;
  }
}
