package org.volterra.equation;

import java.util.Objects;
import java.util.function.DoubleUnaryOperator;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.LineField;

/** What a quadrature method gives: the solution's values at the nodes of a grid. Immutable. */
public final class GridSolution {
  private final IntegralEquation equation;
  private final QuadratureMethod method;
  private final DepthGrid grid;
  private final double[] values;
  private final double maxResidual;

  /**
   * A solution.
   *
   * @param equation what was solved
   * @param method by what
   * @param grid the nodes t_0 … t_L
   * @param values x_0 … x_L; they are copied
   * @param maxResidual the greatest |x_l − g − h Σ w F| that the implicit steps left
   * @throws IllegalArgumentException if there is not one value for each node
   */
  GridSolution(
      IntegralEquation equation,
      QuadratureMethod method,
      DepthGrid grid,
      double[] values,
      double maxResidual) {
    this.equation = Objects.requireNonNull(equation, "equation");
    this.method = Objects.requireNonNull(method, "method");
    this.grid = grid;
    this.values = values.clone();
    this.maxResidual = maxResidual;
    if (values.length != grid.layers() + 1) {
      throw new IllegalArgumentException(
          "values of length " + values.length + ": the grid has " + (grid.layers() + 1) + " nodes");
    }
  }

  /**
   * What was solved.
   *
   * @return the equation
   */
  public IntegralEquation equation() {
    return equation;
  }

  /**
   * By what it was solved.
   *
   * @return the method
   */
  public QuadratureMethod method() {
    return method;
  }

  /**
   * The nodes t_0 … t_L.
   *
   * @return the grid
   */
  public DepthGrid grid() {
    return grid;
  }

  /**
   * The values at all nodes.
   *
   * @return a new array x_0 … x_L
   */
  public double[] values() {
    return values.clone();
  }

  /**
   * The solution at any time, by linear interpolation between the nodes: of order 2 where it is
   * smooth.
   *
   * @return dense output on [0, T]
   */
  public LineField trajectory() {
    return new LineField(grid.times(), 1, values);
  }

  /**
   * How well the implicit steps were solved.
   *
   * @return the greatest |x_l − g − h Σ w F|; 0 for explicit methods
   */
  public double maxResidual() {
    return maxResidual;
  }

  /**
   * The value at a node.
   *
   * @param l from 0 to L
   * @return x_l
   */
  public double value(int l) {
    return values[Objects.checkIndex(l, values.length)];
  }

  /**
   * The error in the maximum norm.
   *
   * @return max_l |x_l − x(t_l)|
   * @throws IllegalStateException if the equation's solution is not known
   */
  public double maxError() {
    DoubleUnaryOperator exact = exact();
    double max = 0;
    for (int l = 0; l < values.length; l++) {
      max = Math.max(max, Math.abs(values[l] - exact.applyAsDouble(grid.time(l))));
    }
    return max;
  }

  /**
   * The error at the end of the interval.
   *
   * @return |x_L − x(T)|
   * @throws IllegalStateException if the equation's solution is not known
   */
  public double endError() {
    return Math.abs(values[grid.layers()] - exact().applyAsDouble(grid.horizon()));
  }

  /**
   * The order of convergence seen between two depths: p in error ~ L^(−p).
   *
   * @param coarseLayers a number of layers, at least 1
   * @param coarseError its error, positive
   * @param fineLayers another number of layers, at least 1
   * @param fineError its error, positive
   * @return ln(coarseError / fineError) / ln(fineLayers / coarseLayers)
   * @throws IllegalArgumentException if the depths are equal or not positive, or an error is not
   *     positive and finite
   */
  public static double observedOrder(
      int coarseLayers, double coarseError, int fineLayers, double fineError) {
    if (coarseLayers < 1 || fineLayers < 1 || coarseLayers == fineLayers) {
      throw new IllegalArgumentException(
          "layers " + coarseLayers + " and " + fineLayers + ": must be different and at least 1");
    }
    for (double error : new double[] {coarseError, fineError}) {
      if (!(error > 0 && error < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("error " + error + ": must be positive and finite");
      }
    }
    return Math.log(coarseError / fineError) / Math.log((double) fineLayers / coarseLayers);
  }

  private DoubleUnaryOperator exact() {
    return equation
        .solution()
        .orElseThrow(
            () -> new IllegalStateException("this equation's solution is not known: no error"));
  }
}
