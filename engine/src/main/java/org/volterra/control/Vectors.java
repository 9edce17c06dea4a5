package org.volterra.control;

/** Loops over arrays. */
final class Vectors {
  private Vectors() {}

  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int n = 0; n < x.length; n++) {
      sum += x[n] * y[n];
    }
    return sum;
  }

  /** y += a x. */
  static void add(double a, double[] x, double[] y) {
    for (int n = 0; n < x.length; n++) {
      y[n] += a * x[n];
    }
  }

  static void scale(double a, double[] x) {
    for (int n = 0; n < x.length; n++) {
      x[n] *= a;
    }
  }

  /** target = x + a y. */
  static void sum(double[] x, double a, double[] y, double[] target) {
    for (int n = 0; n < x.length; n++) {
      target[n] = x[n] + a * y[n];
    }
  }

  /** y += a x, from an offset of y. */
  static void addAt(double a, double[] x, double[] y, int offset) {
    for (int n = 0; n < x.length; n++) {
      y[offset + n] += a * x[n];
    }
  }
}
