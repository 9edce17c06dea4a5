package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;

/**
 * Moments of columns and their adjoint. Moments of bands are merged by the formula of Chan, Golub
 * and LeVeque (1983).
 */
@SuppressWarnings("cast")
final class FloatMoments extends FloatBands {
  private boolean isBackward;

  /** Means and biased variances. */
  void forward(Workshop shop, Operand from, Operand mean, Operand variance) {
    bind(from, null, true);
    isBackward = false;
    shop.run(tasks, 2L * x.rows * columns, this);
    for (int j = 0; j < columns; j++) {
      double sum = 0;
      for (int t = 0; t < tasks; t++) {
        sum += (double) sums[t * columns + j] * height(t);
      }
      double middle = sum / x.rows;
      double squares = 0;
      for (int t = 0; t < tasks; t++) {
        double off = sums[t * columns + j] - middle;
        squares += products[t * columns + j] + height(t) * off * off;
      }
      set(mean, j, middle);
      set(variance, j, squares / x.rows);
    }
  }

  /** dx −= rate / m (sum + x̂ product). */
  void backward(
      Workshop shop,
      Operand from,
      Operand mean,
      Operand rate,
      Operand sum,
      Operand product,
      Operand dx) {
    bind(from, dx, false);
    isBackward = true;
    for (int j = 0; j < columns; j++) {
      double r = at(rate, j);
      double a = -r / x.rows * r * at(product, j);
      scale[j] = (float) a;
      shift[j] = (float) (-r / x.rows * at(sum, j) - a * at(mean, j));
    }
    prepareLast(shift, 0);
    shop.run(tasks, 3L * x.rows * columns, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int first = task * rowsPerTask;
    int rows = height(task);
    long i = x.start + first * x.stride;
    if (isBackward) {
      addAffine(rows, i, y.start + first * y.stride);
    } else {
      moments(task, rows, i);
    }
  }

  private void moments(int task, int rows, long i) {
    int to = task * columns;
    int c = 0;
    for (; c + LENGTH <= columns; c += LENGTH) {
      moments(rows, i, c, to);
    }
    if (moved() >= 0) {
      moments(rows, i, moved(), to);
    } else if (c < columns) {
      fewMoments(rows, i, to);
    }
  }

  private void moments(int rows, long i, int c, int to) {
    FloatChannelKernels.moments(
        x.segment, i + (long) c * BYTES, x.stride, rows, sums, to + c, products, to + c);
  }

  /** Moments of fewer columns than a vector has lanes. */
  private void fewMoments(int rows, long i, int to) {
    double[] all = new double[2 * columns];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        all[c] += x.segment.get(LAYOUT, i + r * x.stride + (long) c * BYTES);
      }
    }
    for (int c = 0; c < columns; c++) {
      sums[to + c] = (float) (all[c] / rows);
    }
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        double d =
            x.segment.get(LAYOUT, i + r * x.stride + (long) c * BYTES) - (double) sums[to + c];
        all[columns + c] += d * d;
      }
    }
    for (int c = 0; c < columns; c++) {
      products[to + c] = (float) all[columns + c];
    }
  }

  /** y += x scale + shift. */
  private void addAffine(int rows, long i, long j) {
    for (int c = 0; c + LENGTH <= columns; c += LENGTH) {
      addAffine(rows, i, c, scale, shift, c, j);
    }
    if (moved() >= 0) {
      addAffine(rows, i, moved(), lastScale, lastOther, 0, j);
    } else if (columns < LENGTH) {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          long o = (long) c * BYTES;
          float add = Math.fma(x.segment.get(LAYOUT, i + r * x.stride + o), scale[c], shift[c]);
          long to = j + r * y.stride + o;
          y.segment.set(LAYOUT, to, y.segment.get(LAYOUT, to) + add);
        }
      }
    }
  }

  private void addAffine(int rows, long i, int column, float[] a, float[] b, int c, long j) {
    long o = (long) column * BYTES;
    FloatChannelKernels.addAffine(
        x.segment, i + o, x.stride, a, b, c, rows, y.segment, j + o, y.stride);
  }
}
