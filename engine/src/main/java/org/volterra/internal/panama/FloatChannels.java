package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.volterra.spi.Activation;

/**
 * Statistics and normalisation of columns. A task has a band of rows that stays in the caches,
 * which it walks one vector of columns after the other. If the last columns are no whole vector, it
 * is moved to the left, over columns that are done; their results are the same again, or
 * coefficients are such that they stay. Fewer columns than a vector has lanes go one by one.
 *
 * <p>Sums of a band are in the element type; bands are added in float64, in their order. Moments of
 * bands are merged by the formula of Chan, Golub and LeVeque (1983).
 */
@SuppressWarnings("cast")
final class FloatChannels extends Workshop.Reusable {
  private enum Kind {
    MOMENTS,
    MOMENTS_BACKWARD,
    NORMALIZE,
    NORMALIZE_BACKWARD
  }

  private Kind kind;
  private Activation function;
  private FloatPasses derivative;
  private Operand x;
  private Operand dy;
  private Operand y;
  private boolean keeps;
  private int columns;
  private int rowsPerTask;
  private int tasks;

  /** The argument of f is x scale + shift, x̂ = x unit + center, dx = f'(u) dy scale + keep dx. */
  private float[] scale = new float[0];

  private float[] shift = new float[0];
  private float[] unit = new float[0];
  private float[] center = new float[0];
  private float[] keep = new float[0];

  /** Coefficients of the last vector, where it lies over columns that are done. */
  private final float[] lastScale = new float[LENGTH];

  private final float[] lastOther = new float[LENGTH];

  /** For each task and column the sums, and the sums of products or squares. */
  private float[] sums = new float[0];

  private float[] products = new float[0];

  private void bind(Kind what, Operand from, Operand gradient, Operand to) {
    kind = what;
    x = from;
    dy = gradient;
    y = to;
    columns = x.columns;
    rowsPerTask = Math.max(1, Grid.GRAIN / columns);
    tasks = (x.rows + rowsPerTask - 1) / rowsPerTask;
    int room = columns + LENGTH;
    if (scale.length < room) {
      scale = new float[room];
      shift = new float[room];
      unit = new float[room];
      center = new float[room];
      keep = new float[room];
    }
    boolean isSum = what == Kind.MOMENTS || what == Kind.NORMALIZE_BACKWARD;
    if (isSum && sums.length < tasks * columns + LENGTH) {
      sums = new float[tasks * columns + LENGTH];
      products = new float[tasks * columns + LENGTH];
    }
  }

  private static float at(Operand vector, int j) {
    return vector.segment.get(LAYOUT, vector.start + (long) j * BYTES);
  }

  private static void set(Operand vector, int j, double value) {
    vector.segment.set(LAYOUT, vector.start + (long) j * BYTES, (float) value);
  }

  /** Means and biased variances. */
  void moments(Workshop shop, Operand from, Operand mean, Operand variance) {
    bind(Kind.MOMENTS, from, null, null);
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
  void momentsBackward(
      Workshop shop,
      Operand from,
      Operand mean,
      Operand rate,
      Operand sum,
      Operand product,
      Operand dx) {
    bind(Kind.MOMENTS_BACKWARD, from, null, dx);
    for (int j = 0; j < columns; j++) {
      double r = at(rate, j);
      double a = -r / x.rows * r * at(product, j);
      scale[j] = (float) a;
      shift[j] = (float) (-r / x.rows * at(sum, j) - a * at(mean, j));
    }
    prepareLast(shift, 0);
    shop.run(tasks, 3L * x.rows * columns, this);
  }

  /** Coefficients for a vector over columns that are done: there 0, and {@code done}. */
  private void prepareLast(float[] other, int done) {
    int c = moved();
    if (c >= 0) {
      System.arraycopy(scale, c, lastScale, 0, LENGTH);
      System.arraycopy(other, c, lastOther, 0, LENGTH);
      Arrays.fill(lastScale, 0, LENGTH - columns % LENGTH, 0);
      Arrays.fill(lastOther, 0, LENGTH - columns % LENGTH, done);
    }
  }

  /** The coefficients; mean and rate may be null. */
  private void coefficients(Operand mean, Operand rate, Operand weight, Operand bias) {
    for (int j = 0; j < columns; j++) {
      double r = rate == null ? 1 : at(rate, j);
      double m = mean == null ? 0 : at(mean, j);
      unit[j] = (float) r;
      center[j] = (float) (-m * r);
      scale[j] = (float) (at(weight, j) * r);
      shift[j] = (float) (at(bias, j) - at(weight, j) * r * m);
    }
  }

  /** y = f(weight x̂ + bias) for a linear or rectified f. */
  void normalize(
      Workshop shop,
      Activation f,
      Operand mean,
      Operand rate,
      Operand weight,
      Operand bias,
      Operand from,
      Operand to) {
    bind(Kind.NORMALIZE, from, null, to);
    function = f;
    coefficients(mean, rate, weight, bias);
    shop.run(tasks, 2L * x.rows * columns, this);
  }

  /** The adjoint for fixed statistics. */
  void normalizeBackward(
      Workshop shop,
      Activation f,
      Operand mean,
      Operand rate,
      Operand weight,
      Operand bias,
      Operand from,
      Operand gradient,
      double beta,
      Operand dx,
      Operand dweight,
      Operand dbias) {
    bind(Kind.NORMALIZE_BACKWARD, from, gradient, dx);
    function = f;
    derivative =
        f == Activation.IDENTITY || f == Activation.RELU ? null : FloatActivations.derivative(f);
    coefficients(mean, rate, weight, bias);
    keeps = beta != 0;
    Arrays.fill(keep, 0, columns, (float) beta);
    prepareLast(keep, 1);
    shop.run(tasks, 4L * x.rows * columns, this);
    for (int j = 0; j < columns; j++) {
      double sum = 0;
      double product = 0;
      for (int t = 0; t < tasks; t++) {
        sum += sums[t * columns + j];
        product += products[t * columns + j];
      }
      set(dbias, j, at(dbias, j) + sum);
      set(dweight, j, at(dweight, j) + product);
    }
  }

  private int height(int task) {
    return Math.min(rowsPerTask, x.rows - task * rowsPerTask);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int first = task * rowsPerTask;
    int rows = height(task);
    long i = x.start + first * x.stride;
    long j = y == null ? 0 : y.start + first * y.stride;
    switch (kind) {
      case MOMENTS -> moments(task, rows, i);
      case NORMALIZE -> affine(function == Activation.RELU, rows, i, y.segment, j, y.stride);
      case MOMENTS_BACKWARD -> addAffine(rows, i, j);
      case NORMALIZE_BACKWARD -> backward(task, rows, i, j, scratch);
    }
  }

  /** Where the last vector begins that is moved over columns that are done; −1 if there is none. */
  private int moved() {
    return columns % LENGTH != 0 && columns > LENGTH ? columns - LENGTH : -1;
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

  /** The argument of f, rectified or not, in place of what was at j. */
  private void affine(
      boolean rectified, int rows, long i, MemorySegment target, long j, long next) {
    for (int c = 0; c + LENGTH <= columns; c += LENGTH) {
      affine(rectified, rows, i, c, target, j, next);
    }
    if (moved() >= 0) {
      affine(rectified, rows, i, moved(), target, j, next);
    } else if (columns < LENGTH) {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          long o = (long) c * BYTES;
          float u = Math.fma(x.segment.get(LAYOUT, i + r * x.stride + o), scale[c], shift[c]);
          target.set(LAYOUT, j + r * next + o, rectified ? Math.max(u, 0) : u);
        }
      }
    }
  }

  private void affine(
      boolean rectified, int rows, long i, int c, MemorySegment target, long j, long next) {
    long o = (long) c * BYTES;
    if (rectified) {
      FloatChannelKernels.rectified(
          x.segment, i + o, x.stride, scale, shift, c, rows, target, j + o, next);
    } else {
      FloatChannelKernels.affine(
          x.segment, i + o, x.stride, scale, shift, c, rows, target, j + o, next);
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

  private void backward(int task, int rows, long i, long j, Scratch scratch) {
    long k = dy.start + (long) task * rowsPerTask * dy.stride;
    if (function == Activation.IDENTITY) {
      finish(task, rows, i, dy.segment, k, dy.stride, j);
      return;
    }
    long next = ((long) columns * BYTES + WIDTH - 1) / WIDTH * WIDTH;
    MemorySegment t = scratch.large(rows * next);
    if (derivative == null) {
      gate(rows, i, k, t, next);
    } else {
      affine(false, rows, i, t, 0, next);
      for (int r = 0; r < rows; r++) {
        derive(scratch.floatBlocks, k + r * dy.stride, t, r * next);
      }
    }
    finish(task, rows, i, t, 0, next, j);
  }

  /** dy behind the rectifier. */
  private void gate(int rows, long i, long k, MemorySegment t, long next) {
    for (int c = 0; c + LENGTH <= columns; c += LENGTH) {
      gate(rows, i, c, k, t, next);
    }
    if (moved() >= 0) {
      gate(rows, i, moved(), k, t, next);
    } else if (columns < LENGTH) {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          long o = (long) c * BYTES;
          float u = Math.fma(x.segment.get(LAYOUT, i + r * x.stride + o), scale[c], shift[c]);
          float d = dy.segment.get(LAYOUT, k + r * dy.stride + o);
          t.set(LAYOUT, r * next + o, u <= 0 ? 0 : d);
        }
      }
    }
  }

  private void gate(int rows, long i, int c, long k, MemorySegment t, long next) {
    long o = (long) c * BYTES;
    FloatChannelKernels.gate(
        x.segment,
        i + o,
        x.stride,
        scale,
        shift,
        c,
        rows,
        dy.segment,
        k + o,
        dy.stride,
        t,
        o,
        next);
  }

  /** t = f'(t) dy, for one row. */
  private void derive(FloatBlocks w, long k, MemorySegment t, long at) {
    for (int c = 0; c < columns; c += FloatBlocks.SIZE) {
      int n = Math.min(FloatBlocks.SIZE, columns - c);
      long o = (long) c * BYTES;
      FloatPointwise.read(t, at + o, w.x, 0, n);
      derivative.run(w, (n + LENGTH - 1) / LENGTH * LENGTH);
      for (int e = 0; e < n; e++) {
        long byteOffset = o + (long) e * BYTES;
        t.set(LAYOUT, at + byteOffset, w.y[e] * dy.segment.get(LAYOUT, k + byteOffset));
      }
    }
  }

  /** Sums of g = f'(u) dy and of its products with x̂, and dx. */
  private void finish(int task, int rows, long i, MemorySegment g, long k, long step, long j) {
    int to = task * columns;
    for (int c = 0; c + LENGTH <= columns; c += LENGTH) {
      sum(rows, i, c, g, k, step, to);
      scaled(rows, g, k, step, c, scale, keep, c, j);
    }
    if (moved() >= 0) {
      sum(rows, i, moved(), g, k, step, to);
      scaled(rows, g, k, step, moved(), lastScale, lastOther, 0, j);
    } else if (columns < LENGTH) {
      few(rows, i, g, k, step, j, to);
    }
  }

  private void sum(int rows, long i, int c, MemorySegment g, long k, long step, int to) {
    long o = (long) c * BYTES;
    FloatChannelKernels.products(
        x.segment, i + o, x.stride, unit, center, c, rows, g, k + o, step, sums, to + c, products,
        to + c);
  }

  private void scaled(
      int rows,
      MemorySegment g,
      long k,
      long step,
      int column,
      float[] a,
      float[] b,
      int c,
      long j) {
    long o = (long) column * BYTES;
    if (keeps) {
      FloatChannelKernels.addScaled(g, k + o, step, a, b, c, rows, y.segment, j + o, y.stride);
    } else {
      FloatChannelKernels.scaled(g, k + o, step, scale, column, rows, y.segment, j + o, y.stride);
    }
  }

  /** The same for fewer columns than a vector has lanes. */
  private void few(int rows, long i, MemorySegment g, long k, long step, long j, int to) {
    Arrays.fill(sums, to, to + columns, 0);
    Arrays.fill(products, to, to + columns, 0);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < columns; c++) {
        long o = (long) c * BYTES;
        float d = g.get(LAYOUT, k + r * step + o);
        sums[to + c] += d;
        float hat = Math.fma(x.segment.get(LAYOUT, i + r * x.stride + o), unit[c], center[c]);
        products[to + c] = Math.fma(hat, d, products[to + c]);
        FloatSpecies.merge(d * scale[c], keep[c], y.segment, j + r * y.stride + o);
      }
    }
  }
}
