package org.volterra.sum;

import org.volterra.depth.DepthGrid;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The coefficients a(t_l, t_k; θ) of all pairs, L(L+1)/2 numbers that are computed whenever θ has
 * changed. The gradients of all pairs are collected, and end in that of θ.
 */
final class ParametricCoefficients implements PairCoefficients {
  private final Primitives p;
  private final ParametricValues values;
  private final ParametricValues.Table table;
  private final TriangleCoefficients pairs;

  ParametricCoefficients(
      Primitives primitives, DepthGrid grid, ParametricValues values, SumMemory memory) {
    this.p = primitives;
    this.values = values;
    int layers = grid.layers();
    int length = Math.toIntExact(layers * (layers + 1L) / 2);
    double[] times = grid.times();
    table = values.table(memory, "coefficients", 1, length, visitor -> visit(times, visitor));
    pairs =
        new TriangleCoefficients(
            primitives,
            rows(table.values(), layers),
            values.hasGradient() ? rows(table.slopes(), layers) : null,
            memory);
  }

  private static void visit(double[] times, ParametricValues.Visitor visitor) {
    int index = 0;
    for (int l = 1; l < times.length; l++) {
      for (int k = 0; k < l; k++) {
        visitor.pair(index++, times[l], times[k]);
      }
    }
  }

  private static Matrix[] rows(Matrix all, int layers) {
    Matrix[] rows = new Matrix[layers];
    for (int l = 1; l <= layers; l++) {
      rows[l - 1] = all.block(0, Math.toIntExact(l * (l - 1L) / 2), 1, l);
    }
    return rows;
  }

  @Override
  public boolean usesHost() {
    return values.usesHost();
  }

  @Override
  public void begin() {
    if (values.refresh()) {
      table.fill();
    }
  }

  @Override
  public Matrix row(int l, int k, int count) {
    return pairs.row(l, k, count);
  }

  @Override
  public Matrix block(int l, int rows, int k, int columns) {
    return pairs.block(l, rows, k, columns);
  }

  @Override
  public boolean hasGradient() {
    return values.hasGradient();
  }

  @Override
  public void beginGradient() {
    p.fill(0, table.slopes());
  }

  @Override
  public Matrix rowGradient(int l, int k, int count) {
    return pairs.rowGradient(l, k, count);
  }

  @Override
  public void endGradient() {
    table.drain();
    values.endGradient();
  }
}
