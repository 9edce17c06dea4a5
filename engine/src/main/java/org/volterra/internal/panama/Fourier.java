package org.volterra.internal.panama;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The discrete Fourier transform of one sequence in float64, by radix-4 steps that decimate in
 * frequency and leave the spectrum in the order of their digits; and its inverse. Vector kernels do
 * the same steps for many sequences, so that spectra of both can be multiplied without reordering.
 *
 * <p>A step of length n takes x_i, x_{i+n/4}, x_{i+n/2}, x_{i+3n/4} to the i-th elements of four
 * sequences of length n/4, with the factors w^i, w^2i, w^3i, w = e^(−2πi/n). Where the length is no
 * power of 4, a step of radix 2 comes last.
 */
final class Fourier {
  private static final AtomicReferenceArray<double[]> FACTORS = new AtomicReferenceArray<>(31);

  private Fourier() {}

  /** Real and imaginary parts of w^i, w^2i, w^3i for i = 0 … n/4 − 1. */
  static double[] factors(int n) {
    int index = Integer.numberOfTrailingZeros(n);
    double[] table = FACTORS.get(index);
    if (table == null) {
      table = new double[6 * (n / 4)];
      for (int i = 0; i < n / 4; i++) {
        for (int power = 1; power <= 3; power++) {
          double angle = -2 * Math.PI * power * i / n;
          table[6 * i + 2 * power - 2] = Math.cos(angle);
          table[6 * i + 2 * power - 1] = Math.sin(angle);
        }
      }
      FACTORS.set(index, table);
    }
    return table;
  }

  /** The transform of the first n elements, in place. */
  static void forward(double[] re, double[] im, int n) {
    int length = n;
    for (; length >= 4; length /= 4) {
      double[] w = factors(length);
      for (int block = 0; block < n; block += length) {
        for (int i = 0; i < length / 4; i++) {
          step(re, im, block + i, length / 4, w, 6 * i);
        }
      }
    }
    if (length == 2) {
      pairs(re, im, n);
    }
  }

  private static void step(double[] re, double[] im, int a, int quarter, double[] w, int at) {
    int b = a + quarter;
    int c = b + quarter;
    int d = c + quarter;
    double t0r = re[a] + re[c];
    double t0i = im[a] + im[c];
    double t1r = re[a] - re[c];
    double t1i = im[a] - im[c];
    double t2r = re[b] + re[d];
    double t2i = im[b] + im[d];
    double t3r = re[b] - re[d];
    double t3i = im[b] - im[d];
    re[a] = t0r + t2r;
    im[a] = t0i + t2i;
    store(re, im, b, t1r + t3i, t1i - t3r, w[at], w[at + 1]);
    store(re, im, c, t0r - t2r, t0i - t2i, w[at + 2], w[at + 3]);
    store(re, im, d, t1r - t3i, t1i + t3r, w[at + 4], w[at + 5]);
  }

  private static void store(
      double[] re, double[] im, int at, double xr, double xi, double wr, double wi) {
    re[at] = xr * wr - xi * wi;
    im[at] = xr * wi + xi * wr;
  }

  private static void pairs(double[] re, double[] im, int n) {
    for (int i = 0; i < n; i += 2) {
      double r = re[i] - re[i + 1];
      double m = im[i] - im[i + 1];
      re[i] += re[i + 1];
      im[i] += im[i + 1];
      re[i + 1] = r;
      im[i + 1] = m;
    }
  }

  /** n times the inverse of {@link #forward}, in place. */
  static void inverse(double[] re, double[] im, int n) {
    boolean odd = (Integer.numberOfTrailingZeros(n) & 1) != 0;
    if (odd) {
      pairs(re, im, n);
    }
    for (int length = odd ? 8 : 4; length <= n; length *= 4) {
      double[] w = factors(length);
      for (int block = 0; block < n; block += length) {
        for (int i = 0; i < length / 4; i++) {
          back(re, im, block + i, length / 4, w, 6 * i);
        }
      }
    }
  }

  private static void back(double[] re, double[] im, int a, int quarter, double[] w, int at) {
    int b = a + quarter;
    int c = b + quarter;
    int d = c + quarter;
    store(re, im, b, re[b], im[b], w[at], -w[at + 1]);
    store(re, im, c, re[c], im[c], w[at + 2], -w[at + 3]);
    store(re, im, d, re[d], im[d], w[at + 4], -w[at + 5]);
    double t0r = re[a] + re[c];
    double t0i = im[a] + im[c];
    double t2r = re[a] - re[c];
    double t2i = im[a] - im[c];
    double t1r = re[b] + re[d];
    double t1i = im[b] + im[d];
    double t3r = im[d] - im[b];
    double t3i = re[b] - re[d];
    re[a] = t0r + t1r;
    im[a] = t0i + t1i;
    re[c] = t0r - t1r;
    im[c] = t0i - t1i;
    re[b] = t2r + t3r;
    im[b] = t2i + t3i;
    re[d] = t2r - t3r;
    im[d] = t2i - t3i;
  }
}
