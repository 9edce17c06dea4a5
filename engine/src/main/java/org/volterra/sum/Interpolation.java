package org.volterra.sum;

import java.util.Arrays;
import org.volterra.kernel.DepthFunction;

/**
 * A block of values of a function at pairs of depths as U G Vᵀ: U and V are the Lagrange
 * polynomials of Chebyshev points of the first kind on both sides, G is the function at pairs of
 * these points (W. Fong, E. Darve, The black-box fast multipole method, J. Comput. Phys. 228,
 * 2009). U and V do not depend on the function. Where there are as many points as depths, the
 * points are the depths.
 */
final class Interpolation {
  /** Numbers of points that are tried before all depths are taken. */
  private static final int[] ORDERS = {4, 6, 8, 10, 12, 16, 20, 24, 32, 48};

  /** Pairs at which the error is looked at. */
  private static final long SEEN = 1 << 16;

  private final double[] outer;
  private final double[] inner;
  private final double[] outerPoints;
  private final double[] innerPoints;
  private final double[][] left;
  private final double[][] right;

  private Interpolation(double[] outer, double[] inner, int points) {
    this.outer = outer;
    this.inner = inner;
    outerPoints = points(outer, points);
    innerPoints = points(inner, points);
    left = basis(outer, outerPoints);
    right = basis(inner, innerPoints);
  }

  /**
   * The block with the least number of points that keeps a tolerance.
   *
   * @param outer depths t of the rows
   * @param inner depths s of the columns
   */
  static Interpolation of(DepthFunction a, double[] outer, double[] inner, double tolerance) {
    for (int points : ORDERS) {
      if (points >= Math.max(outer.length, inner.length)) {
        break;
      }
      Interpolation block = new Interpolation(outer, inner, points);
      if (block.error(a) <= tolerance) {
        return block;
      }
    }
    return new Interpolation(outer, inner, Math.max(outer.length, inner.length));
  }

  /** t_p. */
  double[] outerPoints() {
    return outerPoints;
  }

  /** s_q. */
  double[] innerPoints() {
    return innerPoints;
  }

  /** U, a row for each t. */
  double[][] left() {
    return left;
  }

  /** V, a row for each s. */
  double[][] right() {
    return right;
  }

  /** The larger number of points. */
  int rank() {
    return Math.max(outerPoints.length, innerPoints.length);
  }

  /** The largest difference to the function at the pairs of the block, or at pairs of some rows. */
  double error(DepthFunction a) {
    double[][] weights = new double[innerPoints.length][inner.length];
    int stride = (int) Math.max(1, (long) outer.length * inner.length / SEEN);
    double error = 0;
    double[][] core = new double[outerPoints.length][innerPoints.length];
    for (int p = 0; p < core.length; p++) {
      for (int q = 0; q < innerPoints.length; q++) {
        core[p][q] = a.at(outerPoints[p], innerPoints[q]);
      }
    }
    for (int q = 0; q < innerPoints.length; q++) {
      for (int j = 0; j < inner.length; j++) {
        weights[q][j] = right[j][q];
      }
    }
    double[] row = new double[innerPoints.length];
    for (int place = 0; place < outer.length + stride - 1; place += stride) {
      int i = Math.min(place, outer.length - 1);
      Arrays.fill(row, 0);
      for (int p = 0; p < core.length; p++) {
        for (int q = 0; q < row.length; q++) {
          row[q] += left[i][p] * core[p][q];
        }
      }
      for (int j = 0; j < inner.length; j++) {
        double rest = a.at(outer[i], inner[j]);
        for (int q = 0; q < row.length; q++) {
          rest -= row[q] * weights[q][j];
        }
        if (!(Math.abs(rest) <= error)) {
          error = Math.abs(rest);
        }
      }
    }
    return error;
  }

  private static double[] points(double[] depths, int count) {
    if (count >= depths.length) {
      return depths;
    }
    double middle = 0.5 * (depths[0] + depths[depths.length - 1]);
    double half = 0.5 * (depths[depths.length - 1] - depths[0]);
    double[] points = new double[count];
    Arrays.setAll(points, p -> middle + half * Math.cos(Math.PI * (2 * p + 1) / (2 * count)));
    return points;
  }

  /**
   * Lagrange polynomials by the barycentric formula (J.-P. Berrut, L. N. Trefethen, SIAM Review 46,
   * 2004).
   */
  private static double[][] basis(double[] depths, double[] points) {
    int count = points.length;
    double[][] basis = new double[depths.length][count];
    for (int i = 0; i < depths.length; i++) {
      if (count == depths.length) {
        basis[i][i] = 1;
        continue;
      }
      double sum = 0;
      for (int p = 0; p < count; p++) {
        double weight = Math.sin(Math.PI * (2 * p + 1) / (2 * count)) * (p % 2 == 0 ? 1 : -1);
        double distance = depths[i] - points[p];
        if (distance == 0) {
          Arrays.fill(basis[i], 0);
          basis[i][p] = 1;
          sum = 1;
          break;
        }
        basis[i][p] = weight / distance;
        sum += basis[i][p];
      }
      for (int p = 0; p < count; p++) {
        basis[i][p] /= sum;
      }
    }
    return basis;
  }
}
