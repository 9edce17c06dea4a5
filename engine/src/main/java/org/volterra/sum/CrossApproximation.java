package org.volterra.sum;

import java.util.ArrayList;
import java.util.List;
import org.volterra.sum.TriangleCoefficients.PairFunction;

/**
 * A block of coefficients as U Vᵀ by adaptive cross approximation with partial pivoting (M.
 * Bebendorf, Approximation of boundary element matrices, Numer. Math. 86, 2000): rows and columns
 * of the remainder are taken until they fall below a tolerance. The remainder is then looked at in
 * whole, or in large blocks at every few rows, and steps are added where it is too large.
 */
final class CrossApproximation {
  /** Elements of the remainder that are looked at. */
  private static final long SEEN = 1 << 16;

  private final double[][] u;
  private final double[][] v;
  private final double error;

  private CrossApproximation(List<double[]> u, List<double[]> v, double error) {
    this.u = u.toArray(double[][]::new);
    this.v = v.toArray(double[][]::new);
    this.error = error;
  }

  /** Columns of U, each with an element for each layer that sums. */
  double[][] u() {
    return u;
  }

  /** Columns of V, each with an element for each layer that is summed. */
  double[][] v() {
    return v;
  }

  /** The largest remainder that was seen. */
  double error() {
    return error;
  }

  /** Layers l … l + rows − 1 that sum, k … k + columns − 1 that are summed. */
  private record Block(PairFunction a, int l, int rows, int k, int columns) {
    double at(int i, int j, List<double[]> u, List<double[]> v) {
      double rest = a.at(l + i, k + j);
      for (int r = 0; r < u.size(); r++) {
        rest -= u.get(r)[i] * v.get(r)[j];
      }
      return rest;
    }
  }

  int rank() {
    return u.length;
  }

  /**
   * Approximates a block.
   *
   * @param tolerance largest remainder that is accepted, or less where full rank is reached before
   */
  static CrossApproximation of(
      PairFunction a, int l, int rows, int k, int columns, double tolerance) {
    Block block = new Block(a, l, rows, k, columns);
    List<double[]> u = new ArrayList<>();
    List<double[]> v = new ArrayList<>();
    int full = Math.min(rows, columns);
    int stride = (int) Math.max(1, (long) rows * columns / SEEN);
    int row = 0;
    double error = 0;
    while (u.size() <= full) {
      row = steps(block, row, tolerance, full, u, v);
      error = 0;
      int worst = 0;
      for (int place = 0; place < rows + stride - 1; place += stride) {
        int i = Math.min(place, rows - 1);
        for (int j = 0; j < columns; j++) {
          double rest = Math.abs(block.at(i, j, u, v));
          if (!(rest <= error)) {
            error = rest;
            worst = i;
          }
        }
      }
      if (error <= tolerance || u.size() == full) {
        break;
      }
      row = worst;
    }
    return new CrossApproximation(u, v, error);
  }

  /** Takes crosses from a row on until one is small; returns the next row. */
  private static int steps(
      Block block, int first, double tolerance, int full, List<double[]> u, List<double[]> v) {
    int row = first;
    while (u.size() < full) {
      double[] across = new double[block.columns];
      int column = 0;
      for (int j = 0; j < across.length; j++) {
        across[j] = block.at(row, j, u, v);
        column = Math.abs(across[j]) > Math.abs(across[column]) ? j : column;
      }
      double pivot = across[column];
      if (Math.abs(pivot) <= 0.1 * tolerance) {
        return row;
      }
      double[] down = new double[block.rows];
      int next = row == 0 ? down.length - 1 : 0;
      for (int i = 0; i < down.length; i++) {
        down[i] = block.at(i, column, u, v);
        next = i != row && Math.abs(down[i]) > Math.abs(down[next]) ? i : next;
      }
      for (int j = 0; j < across.length; j++) {
        across[j] /= pivot;
      }
      u.add(down);
      v.add(across);
      row = next;
    }
    return row;
  }
}
