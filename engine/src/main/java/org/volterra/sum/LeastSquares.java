package org.volterra.sum;

/**
 * Linear least squares by Householder's QR factorisation of columns that are scaled to length 1.
 */
final class LeastSquares {
  private LeastSquares() {}

  /**
   * Minimises |Σ_r x_r a_r − b|.
   *
   * @param a columns, overwritten
   * @param b right-hand side
   * @return x; directions that are lost in rounding get nothing
   */
  static double[] solve(double[][] a, double[] b) {
    int n = a.length;
    int m = b.length;
    double[] rest = b.clone();
    double[] scale = new double[n];
    double[] diagonal = new double[n];
    for (int c = 0; c < n; c++) {
      scale[c] = Math.sqrt(dot(a[c], a[c], 0));
      for (int i = 0; i < m; i++) {
        a[c][i] /= scale[c];
      }
    }
    for (int c = 0; c < n; c++) {
      double norm = Math.sqrt(dot(a[c], a[c], c));
      diagonal[c] = a[c][c] > 0 ? -norm : norm;
      a[c][c] -= diagonal[c];
      double square = dot(a[c], a[c], c);
      if (square > 0) {
        for (int other = c + 1; other < n; other++) {
          reflect(a[c], square, a[other], c);
        }
        reflect(a[c], square, rest, c);
      }
    }
    double[] x = new double[n];
    for (int c = n - 1; c >= 0; c--) {
      double sum = rest[c];
      for (int other = c + 1; other < n; other++) {
        sum -= a[other][c] * x[other];
      }
      x[c] = Math.abs(diagonal[c]) > 1e-14 ? sum / diagonal[c] : 0;
    }
    for (int c = 0; c < n; c++) {
      x[c] /= scale[c];
    }
    return x;
  }

  private static double dot(double[] x, double[] y, int from) {
    double sum = 0;
    for (int i = from; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static void reflect(double[] v, double square, double[] x, int from) {
    double factor = 2 * dot(v, x, from) / square;
    for (int i = from; i < x.length; i++) {
      x[i] -= factor * v[i];
    }
  }
}
