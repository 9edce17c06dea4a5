package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.merge;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import org.volterra.spi.DropMask;

/**
 * What acts on every row by itself: normalisation by its own statistics, softmax backward, masks.
 */
@SuppressWarnings("cast")
final class FloatRows extends Workshop.Reusable {
  private enum Kind {
    NORMALIZE,
    NORMALIZE_BACKWARD,
    SOFTMAX_BACKWARD,
    FILL_ABOVE,
    DROP
  }

  private final Grid grid = new Grid();
  private Kind kind;
  private boolean centered;
  private double epsilon;
  private int diagonal;
  private float value;
  private float beta;
  private int threshold;
  private long key;
  private Operand x;
  private Operand dy;
  private Operand y;

  /** y = (x − mean) / deviation, row by row. */
  void normalize(Workshop shop, boolean center, double least, Operand from, Operand to) {
    centered = center;
    epsilon = least;
    run(shop, Kind.NORMALIZE, from, from, to);
  }

  /** The adjoint. */
  void normalizeBackward(
      Workshop shop,
      boolean center,
      double least,
      Operand from,
      Operand gradient,
      double keep,
      Operand dx) {
    centered = center;
    epsilon = least;
    beta = (float) keep;
    run(shop, Kind.NORMALIZE_BACKWARD, from, gradient, dx);
  }

  /** dx = p ⊙ (dy − Σ p dy). */
  void softmaxBackward(Workshop shop, Operand p, Operand gradient, Operand dx) {
    run(shop, Kind.SOFTMAX_BACKWARD, p, gradient, dx);
  }

  /** x[i, j] = number where j > i + shift. */
  void fillAbove(Workshop shop, int shift, double number, Operand to) {
    diagonal = shift;
    value = (float) number;
    run(shop, Kind.FILL_ABOVE, to, to, to);
  }

  /** y = x mask / (1 − rate) + keep y. */
  void drop(Workshop shop, double rate, long seed, Operand from, double keep, Operand to) {
    threshold = DropMask.threshold(rate);
    value = (float) (1 / (1 - rate));
    key = seed;
    beta = (float) keep;
    run(shop, Kind.DROP, from, from, to);
  }

  private void run(Workshop shop, Kind what, Operand from, Operand gradient, Operand to) {
    kind = what;
    x = from;
    dy = gradient;
    y = to;
    grid.cut(x.rows, Math.min(x.columns, Grid.GRAIN));
    shop.run(grid.tasks(), 4L * x.rows * x.columns, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int n = x.columns;
    for (int r = (int) grid.firstRow(task); r < grid.endRow(task); r++) {
      long i = x.start + r * x.stride;
      long k = dy.start + r * dy.stride;
      long j = y.start + r * y.stride;
      switch (kind) {
        case NORMALIZE -> {
          double mean = mean(i);
          double rate = rate(i, mean);
          affine(x.segment, i, (float) rate, (float) (-mean * rate), y.segment, j, n);
        }
        case NORMALIZE_BACKWARD -> normalizeBackward(i, k, j);
        case SOFTMAX_BACKWARD -> {
          float sum = dot(x.segment, i, dy.segment, k, n);
          gated(x.segment, i, dy.segment, k, sum, y.segment, j, n);
        }
        case FILL_ABOVE -> {
          int first = (int) Math.min(n, (long) r + diagonal + 1);
          fill(value, y.segment, j + (long) first * BYTES, n - first);
        }
        case DROP -> drop(r, i, j, scratch.floatBlocks.a);
      }
    }
  }

  private double mean(long i) {
    return centered ? (double) sum(x.segment, i, x.columns) / x.columns : 0;
  }

  private double rate(long i, double mean) {
    double squares = squares(x.segment, i, (float) mean, x.columns);
    return 1 / Math.sqrt(squares / x.columns + epsilon);
  }

  private void normalizeBackward(long i, long k, long j) {
    int n = x.columns;
    double mean = mean(i);
    double rate = rate(i, mean);
    double sum = sum(dy.segment, k, n);
    double product = rate * (dot(x.segment, i, dy.segment, k, n) - mean * sum) / n;
    double slope = -rate * rate * product;
    double shift = -slope * mean - (centered ? rate * sum / n : 0);
    combine(
        (float) rate,
        dy.segment,
        k,
        (float) slope,
        x.segment,
        i,
        (float) shift,
        beta,
        y.segment,
        j,
        n);
  }

  private static float sum(MemorySegment x, long i, int n) {
    FloatVector s = splat(0);
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      s = s.add(load(x, i + o));
    }
    float sum = FloatReduce.sum(s);
    for (int o = whole; o < n * BYTES; o += BYTES) {
      sum += x.get(LAYOUT, i + o);
    }
    return sum;
  }

  /** Σ (x − mean)². */
  static float squares(MemorySegment x, long i, float mean, int n) {
    FloatVector s = splat(0);
    FloatVector m = splat(mean);
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      FloatVector d = load(x, i + o).sub(m);
      s = d.fma(d, s);
    }
    float sum = FloatReduce.sum(s);
    for (int o = whole; o < n * BYTES; o += BYTES) {
      float d = x.get(LAYOUT, i + o) - mean;
      sum = Math.fma(d, d, sum);
    }
    return sum;
  }

  static float dot(MemorySegment x, long i, MemorySegment y, long j, int n) {
    FloatVector s = splat(0);
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      s = load(x, i + o).fma(load(y, j + o), s);
    }
    float sum = FloatReduce.sum(s);
    for (int o = whole; o < n * BYTES; o += BYTES) {
      sum = Math.fma(x.get(LAYOUT, i + o), y.get(LAYOUT, j + o), sum);
    }
    return sum;
  }

  /** y = scale x + shift. */
  private static void affine(
      MemorySegment x, long i, float scale, float shift, MemorySegment y, long j, int n) {
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      store(load(x, i + o).fma(splat(scale), splat(shift)), y, j + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      y.set(LAYOUT, j + o, Math.fma(x.get(LAYOUT, i + o), scale, shift));
    }
  }

  /** y = a g + b x + c + keep y. */
  private static void combine(
      float a,
      MemorySegment g,
      long k,
      float b,
      MemorySegment x,
      long i,
      float c,
      float keep,
      MemorySegment y,
      long j,
      int n) {
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      FloatVector v = load(x, i + o).fma(splat(b), splat(c));
      merge(load(g, k + o).fma(splat(a), v), keep, y, j + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      float v = Math.fma(x.get(LAYOUT, i + o), b, c);
      merge(Math.fma(g.get(LAYOUT, k + o), a, v), keep, y, j + o);
    }
  }

  /** y = p ⊙ (g − sum). */
  private static void gated(
      MemorySegment p, long i, MemorySegment g, long k, float sum, MemorySegment y, long j, int n) {
    FloatVector s = splat(sum);
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      store(load(g, k + o).sub(s).mul(load(p, i + o)), y, j + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      y.set(LAYOUT, j + o, (g.get(LAYOUT, k + o) - sum) * p.get(LAYOUT, i + o));
    }
  }

  private static void fill(float value, MemorySegment y, long j, int n) {
    int whole = n / LENGTH * WIDTH;
    FloatElementwise.fill(y, j, value, whole);
    for (int o = whole; o < n * BYTES; o += BYTES) {
      y.set(LAYOUT, j + o, value);
    }
  }

  /** One row, in blocks whose mask is computed first. */
  private void drop(int row, long i, long j, float[] mask) {
    for (int c = 0; c < x.columns; c += FloatBlocks.SIZE) {
      int n = Math.min(FloatBlocks.SIZE, x.columns - c);
      int number = row * x.columns + c;
      for (int e = 0; e < n; e++) {
        int hash = DropMask.hash(key, number + e);
        mask[e] = Integer.compareUnsigned(hash, threshold) >= 0 ? value : 0;
      }
      long o = (long) c * BYTES;
      for (int e = 0; e < n; e++) {
        long at = o + (long) e * BYTES;
        merge(x.segment.get(LAYOUT, i + at) * mask[e], beta, y.segment, j + at);
      }
    }
  }
}
