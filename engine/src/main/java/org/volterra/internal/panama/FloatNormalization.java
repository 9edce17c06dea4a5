package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.volterra.spi.Activation;

/** Normalisation of columns with a function behind it, and its adjoint for fixed statistics. */
@SuppressWarnings("cast")
final class FloatNormalization extends FloatBands {
  private boolean isBackward;
  private Activation function;
  private FloatPasses derivative;
  private Operand dy;
  private boolean keeps;

  /** The argument of f is x scale + shift, x̂ = x unit + center, dx = f'(u) dy scale + keep dx. */
  private float[] unit = new float[0];

  private float[] center = new float[0];
  private float[] keep = new float[0];

  /** The coefficients; mean and rate may be null. */
  private void coefficients(Operand mean, Operand rate, Operand weight, Operand bias) {
    if (unit.length < scale.length) {
      unit = new float[scale.length];
      center = new float[scale.length];
      keep = new float[scale.length];
    }
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
  void forward(
      Workshop shop,
      Activation f,
      Operand mean,
      Operand rate,
      Operand weight,
      Operand bias,
      Operand from,
      Operand to) {
    bind(from, to, false);
    isBackward = false;
    function = f;
    coefficients(mean, rate, weight, bias);
    shop.run(tasks, 2L * x.rows * columns, this);
  }

  /** The adjoint for fixed statistics. */
  void backward(
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
    bind(from, dx, true);
    isBackward = true;
    dy = gradient;
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

  @Override
  public void run(int task, Scratch scratch) {
    int first = task * rowsPerTask;
    int rows = height(task);
    long i = x.start + first * x.stride;
    long j = y.start + first * y.stride;
    if (isBackward) {
      backward(task, rows, i, j, scratch);
    } else {
      affine(function == Activation.RELU, rows, i, y.segment, j, y.stride);
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
    w.rows = 1;
    w.beta = 0;
    for (int c = 0; c < columns; c += FloatBlocks.SIZE) {
      w.width = Math.min(FloatBlocks.SIZE, columns - c);
      long o = (long) c * BYTES;
      w.source.set(t, at + o, 0);
      w.factor.set(dy.segment, k + o, 0);
      w.target.set(t, at + o, 0);
      derivative.run(w, w.padded());
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
