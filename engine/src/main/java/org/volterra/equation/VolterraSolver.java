package org.volterra.equation;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.Objects;
import org.volterra.depth.DepthGrid;
import org.volterra.memory.History;
import org.volterra.memory.NativeMemory;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.sum.ScalarSum;

/**
 * Solves Volterra equations by direct quadrature, in float64, at a cost of O(L²).
 *
 * <p>All methods march over the nodes with the history and the cumulative sum of the networks:
 * slice k (one sample, one position, one channel) holds the feature φ(t_k, x_k), and the row of
 * coefficients of layer l holds w_{l,k} K(t_l, t_k), so that the left rectangle rule is the network
 * x_l = g_l + h Σ_{k&lt;l} K_{l,k} φ(x_k) itself. An integrand that is no product has the feature 1
 * and the coefficients w_{l,k} F(t_l, t_k, x_k), which then depend on the states, as in depth
 * attention.
 *
 * <p>Memory: L slices and L coefficients on the device, returned before a solve ends. A solver has
 * no state beyond its provider and is thread-safe as far as the equation is.
 */
public final class VolterraSolver {
  private final ComputeProvider provider;

  /**
   * A solver.
   *
   * @param provider the device that holds the history and computes the sums; stays the caller's
   */
  public VolterraSolver(ComputeProvider provider) {
    this.provider = Objects.requireNonNull(provider, "provider");
  }

  /**
   * Solves on the uniform grid.
   *
   * @param equation the equation
   * @param method a method that may be applied to it
   * @param layers number of steps L, at least 1
   * @return the values at t_0 … t_L
   * @throws IllegalArgumentException as {@link #solve(IntegralEquation, QuadratureMethod, int,
   *     double)}
   * @throws IllegalStateException as {@link #solve(IntegralEquation, QuadratureMethod, int,
   *     double)}
   */
  public GridSolution solve(IntegralEquation equation, QuadratureMethod method, int layers) {
    return solve(equation, method, layers, 1);
  }

  /**
   * Solves on the graded grid t_l = T (l/L)^r.
   *
   * @param equation the equation
   * @param method a method that may be applied to it
   * @param layers number of steps L, at least 1
   * @param grading r, at least 1; 1/α restores the order for solutions that behave like t^α at 0
   * @return the values at t_0 … t_L
   * @throws IllegalArgumentException if the equation's exponent is not in (0, 1], the method cannot
   *     integrate its singularity, or the grid's arguments are out of range
   * @throws IllegalStateException if a value is not finite or an implicit step does not converge,
   *     which more layers may cure; or if the device has not enough memory
   */
  public GridSolution solve(
      IntegralEquation equation, QuadratureMethod method, int layers, double grading) {
    method.requireExponent(equation.exponent());
    DepthGrid grid = new DepthGrid(layers, equation.horizon(), grading);
    try (March march = new March(equation, method, grid)) {
      return march.run();
    }
  }

  /** One solve and its memory. */
  private final class March implements AutoCloseable {
    private final IntegralEquation equation;
    private final QuadratureMethod method;
    private final DepthGrid grid;
    private final double[] x;
    private final Resources resources = new Resources();
    private final History history;
    private final Buffer row;
    private final MemorySegment staging;
    private final Matrix u;
    private final ScalarSum sum;
    private double maxResidual;

    March(IntegralEquation equation, QuadratureMethod method, DepthGrid grid) {
      this.equation = equation;
      this.method = method;
      this.grid = grid;
      int layers = grid.layers();
      ElementType type = ElementType.FLOAT64;
      try {
        history =
            resources.own(
                History.allocate(provider, type, History.Layout.SLICE_MAJOR, layers, 1, 1, 1));
        row = resources.own(provider.allocate(type, layers));
        staging = resources.own(NativeMemory.allocate(type.bytesFor(layers))).segment();
        u = Matrix.vector(resources.own(provider.allocate(type, 1)), 0, 1);
      } catch (RuntimeException e) {
        resources.close();
        throw e;
      }
      x = new double[layers + 1];
      Matrix[] rows = new Matrix[layers];
      for (int l = 1; l <= layers; l++) {
        rows[l - 1] = Matrix.vector(row, 0, l);
      }
      sum = new ScalarSum(provider.primitives(type), grid.step(), rows, null, history, null);
    }

    GridSolution run() {
      x[0] = finite("x(0)", equation.source(0), 0);
      for (int l = 1; l < x.length; l++) {
        remember(l - 1);
        double explicit = finite("g", equation.source(grid.time(l)), l) + finite("sum", sum(l), l);
        double weight = grid.step() * method.weight(grid, equation.exponent(), l, l);
        x[l] = finite("x", weight == 0 ? explicit : implicit(l, explicit, weight), l);
      }
      return new GridSolution(equation, method, grid, x, maxResidual);
    }

    /** Writes the feature of node k into the history. */
    private void remember(int k) {
      double z =
          equation instanceof HammersteinEquation product ? product.feature(grid.time(k), x[k]) : 1;
      Matrix slice = history.slice(k);
      slice.buffer().set(slice.offset(), z);
    }

    /** h Σ_{k<l} w_{l,k} F(t_l, t_k, x_k). */
    private double sum(int l) {
      double t = grid.time(l);
      for (int k = 0; k < l; k++) {
        double s = grid.time(k);
        double kernel =
            equation instanceof HammersteinEquation product
                ? product.kernel(t, s)
                : equation.integrand(t, s, x[k]);
        double weight = method.weight(grid, equation.exponent(), l, k);
        staging.setAtIndex(ValueLayout.JAVA_DOUBLE, k, weight * kernel);
      }
      row.upload(staging, 0, 0, l);
      u.buffer().set(0, 0);
      sum.forward(l, u);
      return u.buffer().get(0);
    }

    /** Solves x = explicit + weight F(t_l, t_l, x), beginning at the last state. */
    private double implicit(int l, double explicit, double weight) {
      double t = grid.time(l);
      try {
        DiagonalSolver.Point root =
            DiagonalSolver.solve(
                explicit, value -> weight * equation.integrand(t, t, value), x[l - 1]);
        maxResidual = Math.max(maxResidual, Math.abs(root.residual()));
        return root.x();
      } catch (IllegalStateException e) {
        throw new IllegalStateException(where(l) + e.getMessage() + "; try more layers", e);
      }
    }

    private double finite(String name, double value, int l) {
      if (!Double.isFinite(value)) {
        throw new IllegalStateException(where(l) + name + " is " + value + ": must be finite");
      }
      return value;
    }

    private String where(int l) {
      return String.format(
          Locale.ROOT,
          "%s, layer %d of %d, t = %.6g: ",
          method.id(),
          l,
          grid.layers(),
          grid.time(l));
    }

    @Override
    public void close() {
      resources.close();
    }
  }
}
