package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Softmax of rows, block by block; blocks are padded with −∞, which adds nothing to the sum. */
@SuppressWarnings("cast")
final class FloatSoftmax extends Workshop.Reusable {
  private final Grid grid = new Grid();
  private double[] sums = new double[1];
  private Operand x;
  private Operand y;
  private float scale;
  private int[] labels;

  void softmax(Workshop shop, Operand from, Operand to) {
    labels = null;
    scale = (float) 1;
    run(shop, from, to);
  }

  /** Writes dx and returns the sum over rows of log-sum-exp less the label's logit. */
  double crossEntropy(Workshop shop, float factor, Operand from, int[] classes, Operand dx) {
    labels = classes;
    scale = factor;
    int tasks = run(shop, from, dx);
    double total = 0;
    for (int i = 0; i < tasks; i++) {
      total += sums[i];
    }
    return total;
  }

  /** Whole rows, at least enough for a task. */
  private int run(Workshop shop, Operand from, Operand to) {
    x = from;
    y = to;
    grid.cut(x.rows, Math.min(x.columns, Grid.GRAIN));
    int tasks = grid.tasks();
    if (sums.length < tasks) {
      sums = new double[tasks];
    }
    shop.run(tasks, 4L * x.rows * x.columns, this);
    return tasks;
  }

  @Override
  public void run(int task, Scratch scratch) {
    double sum = 0;
    for (int r = (int) grid.firstRow(task); r < grid.endRow(task); r++) {
      if (labels == null) {
        row(x, r, y, scale, scratch.floatBlocks);
      } else {
        sum += labelled(r, scratch.floatBlocks);
      }
    }
    sums[task] = sum;
  }

  private double labelled(int r, FloatBlocks w) {
    long label = (long) labels[r] * BYTES;
    float logit = x.segment.get(LAYOUT, x.start + r * x.stride + label);
    double loss = row(x, r, y, scale, w) - logit;
    long at = y.start + r * y.stride + label;
    y.segment.set(LAYOUT, at, y.segment.get(LAYOUT, at) - scale);
    return loss;
  }

  /** One row of y = scale softmax(x); returns log Σ exp x. */
  private static double row(Operand x, long r, Operand y, float scale, FloatBlocks w) {
    long from = x.start + r * x.stride;
    long to = y.start + r * y.stride;
    float max = Float.NEGATIVE_INFINITY;
    for (int j = 0; j < x.columns; j += FloatBlocks.SIZE) {
      max = Math.max(max, maximum(w.x, read(x, from, j, w)));
    }
    float sum = 0;
    for (int j = 0; j < x.columns; j += FloatBlocks.SIZE) {
      int n = read(x, from, j, w);
      subtract(w.x, max, w.a, n);
      FloatMath.EXP_OF_A.run(w, n);
      sum += sum(w.a, n);
      int width = Math.min(FloatBlocks.SIZE, x.columns - j);
      FloatTransfer.writeA(w, y.segment, to + (long) j * BYTES, width);
    }
    float factor = scale / sum;
    for (int j = 0; j < x.columns; j += FloatBlocks.SIZE) {
      int width = Math.min(FloatBlocks.SIZE, x.columns - j);
      FloatTransfer.readX(w, y.segment, to + (long) j * BYTES, width);
      multiply(w.x, factor, w.y);
      FloatTransfer.writeY(w, y.segment, to + (long) j * BYTES, width);
    }
    return max + Math.log(sum);
  }

  /** Reads a block of a row, padded with −∞ to whole vectors; returns its padded length. */
  private static int read(Operand x, long from, int j, FloatBlocks w) {
    int width = Math.min(FloatBlocks.SIZE, x.columns - j);
    int n = (width + LENGTH - 1) / LENGTH * LENGTH;
    Arrays.fill(w.x, width, n, Float.NEGATIVE_INFINITY);
    FloatTransfer.readX(w, x.segment, from + (long) j * BYTES, width);
    return n;
  }

  /** The largest element; NaN if one is NaN. */
  private static float maximum(float[] x, int n) {
    FloatVector max = FloatVector.fromArray(SPECIES, x, 0);
    for (int i = LENGTH; i < n; i += LENGTH) {
      max = max.max(FloatVector.fromArray(SPECIES, x, i));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  /** y = x − value. */
  private static void subtract(float[] x, float value, float[] y, int n) {
    FloatVector v = FloatVector.broadcast(SPECIES, value);
    for (int i = 0; i < n; i += LENGTH) {
      FloatVector.fromArray(SPECIES, x, i).sub(v).intoArray(y, i);
    }
  }

  private static float sum(float[] x, int n) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = 0; i < n; i += LENGTH) {
      sum = sum.add(FloatVector.fromArray(SPECIES, x, i));
    }
    return FloatReduce.sum(sum);
  }

  /** y = factor x. */
  private static void multiply(float[] x, float factor, float[] y) {
    FloatVector f = FloatVector.broadcast(SPECIES, factor);
    for (int i = 0; i < x.length; i += LENGTH) {
      FloatVector.fromArray(SPECIES, x, i).mul(f).intoArray(y, i);
    }
  }
}
