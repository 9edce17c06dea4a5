package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Attention over the slices of a history, row by row. Forward, slices are read once, in blocks: a
 * block's scores move the running maximum, what was summed before is scaled down to it, and the
 * block is added while it is still in the cache. The adjoint keeps scores, weights and products of
 * one row in scratch memory, and reads the row's slices twice.
 */
@SuppressWarnings("cast")
final class FloatAttention extends Workshop.Reusable {
  /** Slices of a block; one element is left for what was summed before. */
  private static final int BLOCK = FloatBlocks.SIZE - 1;

  /** Parts of the gradient of the query that are summed by themselves. */
  private static final int MOST_TASKS = 64;

  private double[] parts = new double[1];
  private int tasks;
  private boolean isForward;
  private double alpha;
  private double epsilon;
  private float beta;
  private Operand z;
  private Operand query;
  private Operand y;
  private Operand dz;

  /** y = alpha Σ p z + keep y. */
  void forward(
      Workshop shop,
      double factor,
      double least,
      Operand history,
      Operand q,
      double keep,
      Operand to) {
    isForward = true;
    beta = (float) keep;
    dz = null;
    run(shop, factor, least, history, q, to);
  }

  /** The adjoint. */
  void backward(
      Workshop shop,
      double factor,
      double least,
      Operand history,
      Operand q,
      Operand dy,
      Operand gradient,
      Operand dquery) {
    isForward = false;
    dz = gradient;
    run(shop, factor, least, history, q, dy);
    int n = dquery.columns;
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int task = 0; task < tasks; task++) {
        sum += parts[task * n + j];
      }
      long at = dquery.start + (long) j * BYTES;
      dquery.segment.set(LAYOUT, at, dquery.segment.get(LAYOUT, at) + (float) sum);
    }
  }

  private void run(
      Workshop shop, double factor, double least, Operand history, Operand q, Operand to) {
    alpha = factor;
    epsilon = least;
    z = history;
    query = q;
    y = to;
    long work = (long) z.rows * z.columns;
    tasks = (int) Math.clamp(work / Grid.GRAIN, 1, Math.min(MOST_TASKS, y.rows));
    if (!isForward && parts.length < tasks * y.columns) {
      parts = new double[tasks * y.columns];
    }
    shop.run(tasks, (isForward ? 2 : 6) * work, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int first = (int) ((long) y.rows * task / tasks);
    int end = (int) ((long) y.rows * (task + 1) / tasks);
    int n = y.columns;
    long room = n + (isForward ? 0 : 4L * z.rows);
    MemorySegment memory = scratch.large(room * BYTES);
    if (isForward) {
      for (int i = first; i < end; i++) {
        attend(i, memory, scratch.floatBlocks);
      }
      return;
    }
    FloatElementwise.fill(memory, 0, 0, n / LENGTH * WIDTH);
    for (int o = n / LENGTH * WIDTH; o < n * BYTES; o += BYTES) {
      memory.set(LAYOUT, o, 0);
    }
    for (int i = first; i < end; i++) {
      transpose(i, memory, scratch.floatBlocks);
    }
    for (int j = 0; j < n; j++) {
      parts[task * n + j] = memory.get(LAYOUT, (long) j * BYTES);
    }
  }

  /** Where row i of slice k begins. */
  private long at(int k, int i) {
    return z.start + k * z.stride + (long) i * y.columns * BYTES;
  }

  private static float rate(MemorySegment x, long at, int n, double epsilon) {
    return (float) (1 / Math.sqrt((double) FloatRows.squares(x, at, 0, n) / n + epsilon));
  }

  private void attend(int i, MemorySegment sums, FloatBlocks w) {
    int n = y.columns;
    float largest = Float.NEGATIVE_INFINITY;
    float total = 0;
    for (int from = 0; from < z.rows; from += BLOCK) {
      int count = Math.min(BLOCK, z.rows - from);
      for (int k = 0; k < count; k++) {
        long row = at(from + k, i);
        w.x[k] =
            rate(z.segment, row, n, epsilon)
                * FloatRows.dot(query.segment, query.start, z.segment, row, n);
      }
      w.x[count] = largest;
      largest = exponentials(w, count + 1, w.x, largest);
      float factor = from == 0 ? 0 : w.a[count];
      FloatRowKernels.scale(factor, sums, 0, n);
      total *= factor;
      for (int k = 0; k < count; k++) {
        FloatRowKernels.add(w.a[k], z.segment, at(from + k, i), sums, 0, n);
        total += w.a[k];
      }
    }
    long to = y.start + i * y.stride;
    FloatRowKernels.scale(beta, y.segment, to, n);
    FloatRowKernels.add((float) (alpha / total), sums, 0, y.segment, to, n);
  }

  /** Writes e^(x − m) to a, where m is the largest of the scores so far, which is returned. */
  private static float exponentials(FloatBlocks w, int count, float[] scores, float largest) {
    float most = largest;
    for (int k = 0; k < count; k++) {
      most = Math.max(most, scores[k]);
    }
    int padded = Math.ceilDiv(count, LENGTH) * LENGTH;
    for (int k = 0; k < count; k++) {
      w.a[k] = scores[k] - most;
    }
    Arrays.fill(w.a, count, padded, 0);
    FloatMath.EXP_OF_A.run(w, padded);
    return most;
  }

  /** The adjoint of one row; scratch memory holds dquery, and r, s, p and g of the slices. */
  private void transpose(int i, MemorySegment memory, FloatBlocks w) {
    int n = y.columns;
    int slices = z.rows;
    long rates = (long) n * BYTES;
    long scores = rates + (long) slices * BYTES;
    long weights = scores + (long) slices * BYTES;
    long products = weights + (long) slices * BYTES;
    long gradient = y.start + i * y.stride;
    float largest = Float.NEGATIVE_INFINITY;
    for (int k = 0; k < slices; k++) {
      long row = at(k, i);
      long o = (long) k * BYTES;
      float r = rate(z.segment, row, n, epsilon);
      float score = r * FloatRows.dot(query.segment, query.start, z.segment, row, n);
      largest = Math.max(largest, score);
      memory.set(LAYOUT, rates + o, r);
      memory.set(LAYOUT, scores + o, score);
      memory.set(LAYOUT, products + o, FloatRows.dot(y.segment, gradient, z.segment, row, n));
    }
    double total = 0;
    double mean = 0;
    for (int from = 0; from < slices; from += FloatBlocks.SIZE) {
      int count = Math.min(FloatBlocks.SIZE, slices - from);
      long o = (long) from * BYTES;
      FloatTransfer.readX(w, memory, scores + o, count);
      exponentials(w, count, w.x, largest);
      FloatTransfer.writeA(w, memory, weights + o, count);
      for (int k = 0; k < count; k++) {
        total += w.a[k];
        mean += (double) w.a[k] * memory.get(LAYOUT, products + o + (long) k * BYTES);
      }
    }
    mean /= total;
    for (int k = 0; k < slices; k++) {
      long o = (long) k * BYTES;
      double r = memory.get(LAYOUT, rates + o);
      double weight = alpha * memory.get(LAYOUT, weights + o) / total;
      double slope = weight * (memory.get(LAYOUT, products + o) - mean);
      double shrink = -slope * memory.get(LAYOUT, scores + o) * r * r / n;
      long row = at(k, i);
      long to = dz.start + k * dz.stride + (long) i * n * BYTES;
      spread((float) weight, gradient, (float) (slope * r), (float) shrink, row, to);
      FloatRowKernels.add((float) (slope * r), z.segment, row, memory, 0, n);
    }
  }

  /** dz += a dy + b query + c z. */
  private void spread(float a, long from, float b, float c, long row, long to) {
    int n = y.columns;
    int whole = n / LENGTH * WIDTH;
    long q = query.start;
    for (int o = 0; o < whole; o += WIDTH) {
      store(
          load(y.segment, from + o)
              .fma(
                  splat(a),
                  load(query.segment, q + o)
                      .fma(
                          splat(b),
                          load(z.segment, row + o).fma(splat(c), load(dz.segment, to + o)))),
          dz.segment,
          to + o);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      float sum = Math.fma(z.segment.get(LAYOUT, row + o), c, dz.segment.get(LAYOUT, to + o));
      sum = Math.fma(query.segment.get(LAYOUT, q + o), b, sum);
      dz.segment.set(LAYOUT, to + o, Math.fma(y.segment.get(LAYOUT, from + o), a, sum));
    }
  }
}
