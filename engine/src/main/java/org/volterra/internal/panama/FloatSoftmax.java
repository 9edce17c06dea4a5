package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
import static org.volterra.internal.panama.FloatSpecies.splat;
import static org.volterra.internal.panama.FloatSpecies.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Softmax of rows. What is left of a row after whole vectors is worked on in scratch memory, padded
 * with −∞, which adds nothing to the sum.
 */
@SuppressWarnings("cast")
final class FloatSoftmax {
  private FloatSoftmax() {}

  static void softmax(Workshop shop, Operand x, Operand y) {
    Grid grid = rowsOf(x);
    shop.run(
        grid.tasks(),
        4L * x.rows * x.columns,
        (task, scratch) -> {
          for (long r = grid.firstRow(task); r < grid.endRow(task); r++) {
            row(x, r, y, (float) 1, scratch.segment);
          }
        });
  }

  /** Writes dx and returns the sum over rows of log-sum-exp less the label's logit. */
  static double crossEntropy(Workshop shop, float scale, Operand x, int[] labels, Operand dx) {
    Grid grid = rowsOf(x);
    double[] sums = new double[grid.tasks()];
    shop.run(
        sums.length,
        4L * x.rows * x.columns,
        (task, scratch) -> {
          double sum = 0;
          for (int r = (int) grid.firstRow(task); r < grid.endRow(task); r++) {
            long label = (long) labels[r] * BYTES;
            float logit = x.segment.get(LAYOUT, x.start + r * x.stride + label);
            sum += row(x, r, dx, scale, scratch.segment) - logit;
            long at = dx.start + r * dx.stride + label;
            dx.segment.set(LAYOUT, at, dx.segment.get(LAYOUT, at) - scale);
          }
          sums[task] = sum;
        });
    double total = 0;
    for (double s : sums) {
      total += s;
    }
    return total;
  }

  /** Whole rows, at least enough for a task. */
  private static Grid rowsOf(Operand x) {
    return new Grid(x.rows, Math.min(x.columns, Grid.GRAIN));
  }

  /** One row of y = scale softmax(x); returns log Σ exp x. */
  private static double row(Operand x, long r, Operand y, float scale, MemorySegment t) {
    long from = x.start + r * x.stride;
    long to = y.start + r * y.stride;
    int rest = x.columns % LENGTH;
    long whole = (long) (x.columns - rest) * BYTES;
    store(splat(Float.NEGATIVE_INFINITY), t, 0);
    FloatSpans.copy(x.segment, from + whole, t, 0, rest);
    float max = maximum(x.segment, from, whole, t);
    FloatVector sums = splat(0);
    for (long o = 0; o < whole; o += WIDTH) {
      FloatVector e = FloatMath.exp(load(x.segment, from + o).sub(max));
      store(e, y.segment, to + o);
      sums = sums.add(e);
    }
    FloatVector e = FloatMath.exp(load(t, 0).sub(max));
    float sum = FloatReduce.sum(sums.add(e));
    float factor = scale / sum;
    store(e.mul(factor), t, 0);
    for (long o = 0; o < whole; o += WIDTH) {
      store(load(y.segment, to + o).mul(factor), y.segment, to + o);
    }
    FloatSpans.copy(t, 0, y.segment, to + whole, rest);
    return max + Math.log(sum);
  }

  /** The largest element of whole vectors and the one at the start of t; NaN if one is NaN. */
  private static float maximum(MemorySegment x, long from, long bytes, MemorySegment t) {
    FloatVector max = load(t, 0);
    for (long o = 0; o < bytes; o += WIDTH) {
      max = max.max(load(x, from + o));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }
}
