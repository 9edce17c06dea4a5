package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.HALF;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.PARTS;
import static org.volterra.internal.panama.FloatSpecies.WIDEN;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.merge;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/** Sums of columns, in float64 and over the rows in order. */
@SuppressWarnings("cast")
final class FloatColumns extends Workshop.Reusable {
  private double alpha;
  private double beta;
  private Operand x;
  private Operand row;
  private int columnsPerTask;

  /** {@code row = alpha Σ_i x[i, :] + beta row}. */
  void run(Workshop shop, double factor, Operand matrix, double keep, Operand sums) {
    alpha = factor;
    beta = keep;
    x = matrix;
    row = sums;
    columnsPerTask = Math.max(LENGTH, Grid.GRAIN / x.rows / LENGTH * LENGTH);
    int tasks = (x.columns + columnsPerTask - 1) / columnsPerTask;
    long size = (long) x.rows * x.columns;
    if (size >= FloatWarmUp.LEAST_ELEMENTS) {
      FloatLoops.COLUMN_SUMS.ensure();
    }
    shop.run(tasks, size, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    long end = Math.min(x.columns, (task + 1L) * columnsPerTask) * BYTES;
    long o = (long) task * columnsPerTask * BYTES;
    for (; o + WIDTH <= end; o += WIDTH) {
      columnSums(x.segment, x.start + o, x.stride, x.rows, scratch.segment);
      for (int j = 0; j < LENGTH; j++) {
        double sum = scratch.segment.get(DoubleSpecies.LAYOUT, (long) j * Double.BYTES);
        merge((float) (alpha * sum), (float) beta, row.segment, row.start + o + (long) j * BYTES);
      }
    }
    for (; o < end; o += BYTES) {
      double sum = 0;
      for (int i = 0; i < x.rows; i++) {
        sum += x.segment.get(LAYOUT, x.start + i * x.stride + o);
      }
      merge((float) (alpha * sum), (float) beta, row.segment, row.start + o);
    }
  }

  /**
   * Sums of one vector of columns, in float64, to the start of t. New terms are added to sums by
   * their own method: the compiler knows the class of what was loaded, and not that of a sum.
   */
  static void columnSums(MemorySegment s, long from, long stride, int rows, MemorySegment t) {
    if (rows == 0) {
      return;
    }
    DoubleVector s0 = DoubleVector.zero(DoubleSpecies.SPECIES);
    DoubleVector s1 = DoubleVector.zero(DoubleSpecies.SPECIES);
    long at = from;
    for (int i = 0; i < rows; i++) {
      FloatVector v = FloatVector.fromMemorySegment(HALF, s, at, ORDER);
      s0 = ((DoubleVector) v.convertShape(WIDEN, DoubleSpecies.SPECIES, 0)).add(s0);
      if (PARTS == 2) {
        v = FloatVector.fromMemorySegment(HALF, s, at + WIDTH / 2, ORDER);
        s1 = ((DoubleVector) v.convertShape(WIDEN, DoubleSpecies.SPECIES, 0)).add(s1);
      }
      at += stride;
    }
    s0.intoMemorySegment(t, 0, ORDER);
    if (PARTS == 2) {
      s1.intoMemorySegment(t, WIDTH, ORDER);
    }
  }
}
