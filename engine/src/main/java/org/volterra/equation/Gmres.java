package org.volterra.equation;

/**
 * Solves A x = b by GMRES from x = 0 (Y. Saad, M. Schultz, SIAM J. Sci. Stat. Comput. 7, 1986),
 * with the modified Gram–Schmidt process and Givens rotations, without restarts. Stateless.
 */
final class Gmres {
  /** The most directions that are kept. */
  private static final int MOST = 100;

  private Gmres() {}

  /** A linear map. */
  interface Map {
    /** Writes A x to y. */
    void apply(double[] x, double[] y);
  }

  /**
   * Solves to a residual of tolerance ‖b‖, or until the directions are used up.
   *
   * @return the solution, or the best that was found; the caller looks at the residual
   */
  static double[] solve(Map map, double[] b, double tolerance) {
    int n = b.length;
    int most = Math.min(n, MOST);
    double beta = norm(b);
    double[] x = new double[n];
    if (beta == 0) {
      return x;
    }
    double[][] basis = new double[most + 1][];
    double[][] r = new double[most][];
    double[] cos = new double[most];
    double[] sin = new double[most];
    double[] right = new double[most + 1];
    right[0] = beta;
    basis[0] = scaled(b, 1 / beta);
    int size = 0;
    while (size < most && Math.abs(right[size]) > tolerance * beta) {
      double[] w = new double[n];
      map.apply(basis[size], w);
      double before = norm(w);
      double[] column = new double[size + 2];
      for (int i = 0; i <= size; i++) {
        column[i] = dot(w, basis[i]);
        add(-column[i], basis[i], w);
      }
      double next = norm(w);
      boolean exhausted = next <= 0x1p-50 * before;
      column[size + 1] = exhausted ? 0 : next;
      for (int i = 0; i < size; i++) {
        double top = cos[i] * column[i] + sin[i] * column[i + 1];
        column[i + 1] = cos[i] * column[i + 1] - sin[i] * column[i];
        column[i] = top;
      }
      double length = Math.hypot(column[size], column[size + 1]);
      if (length == 0) {
        break;
      }
      cos[size] = column[size] / length;
      sin[size] = column[size + 1] / length;
      column[size] = length;
      right[size + 1] = -sin[size] * right[size];
      right[size] *= cos[size];
      r[size] = column;
      size++;
      if (exhausted) {
        break;
      }
      basis[size] = scaled(w, 1 / next);
    }
    for (int i = size - 1; i >= 0; i--) {
      double y = right[i];
      for (int j = i + 1; j < size; j++) {
        y -= r[j][i] * right[j];
      }
      right[i] = y / r[i][i];
      add(right[i], basis[i], x);
    }
    return x;
  }

  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  static double norm(double[] x) {
    return Math.sqrt(dot(x, x));
  }

  /** y += a x. */
  static void add(double a, double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      y[i] += a * x[i];
    }
  }

  private static double[] scaled(double[] x, double factor) {
    double[] y = new double[x.length];
    add(factor, x, y);
    return y;
  }
}
