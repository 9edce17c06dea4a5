package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.PARTS;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDEN;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;

/** Sums of columns, in float64 and over the rows in order. */
@SuppressWarnings("cast")
final class FloatColumns extends Workshop.Bound {
  private double alpha;
  private double beta;
  private Operand x;
  private Operand row;
  private int columnsPerTask;

  /** Binds {@code row = alpha Σ_i x[i, :] + beta row}. */
  FloatColumns with(double factor, Operand matrix, double keep, Operand sums) {
    alpha = factor;
    beta = keep;
    x = matrix;
    row = sums;
    columnsPerTask = Math.max(LENGTH, Grid.GRAIN / x.rows / LENGTH * LENGTH);
    return this;
  }

  @Override
  void run(Workshop shop) {
    int tasks = (x.columns + columnsPerTask - 1) / columnsPerTask;
    long size = (long) x.rows * x.columns;
    if (size >= FloatWarmUp.LEAST_ELEMENTS) {
      FloatLoops.COLUMN_SUMS.ensure();
    }
    shop.run(tasks, size, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    int from = task * columnsPerTask;
    int columns = Math.min(columnsPerTask, x.columns - from);
    MemorySegment sums = scratch.segment;
    long at = x.start + (long) from * BYTES;
    int whole = columns - columns % LENGTH;
    for (int j = 0; j < whole; j += LENGTH) {
      long to = (long) j * Double.BYTES;
      columnSums(x.segment, at + (long) j * BYTES, x.stride, x.rows, sums, to);
    }
    for (int j = whole; j < columns; j++) {
      double sum = columnSum(x.segment, at + (long) j * BYTES, x.stride, x.rows);
      sums.set(DoubleSpecies.LAYOUT, (long) j * Double.BYTES, sum);
    }
    merge(alpha, sums, columns, (float) beta, row.segment, row.start + (long) from * BYTES);
  }

  /**
   * Sums of one vector of columns, in float64, to t. New terms are added to sums by their own
   * method: the compiler knows the class of what was loaded, and not that of a sum.
   */
  static void columnSums(
      MemorySegment s, long from, long stride, int rows, MemorySegment t, long to) {
    if (rows == 0) {
      return;
    }
    DoubleVector s0 = DoubleVector.zero(DoubleSpecies.SPECIES);
    DoubleVector s1 = DoubleVector.zero(DoubleSpecies.SPECIES);
    long at = from;
    for (int i = 0; i < rows; i++) {
      FloatVector v = FloatVector.fromMemorySegment(SPECIES, s, at, ORDER);
      s0 = ((DoubleVector) v.convertShape(WIDEN, DoubleSpecies.SPECIES, 0)).add(s0);
      if (PARTS == 2) {
        s1 = ((DoubleVector) v.convertShape(WIDEN, DoubleSpecies.SPECIES, 1)).add(s1);
      }
      at += stride;
    }
    s0.intoMemorySegment(t, to, ORDER);
    if (PARTS == 2) {
      s1.intoMemorySegment(t, to + WIDTH, ORDER);
    }
  }

  /** The sum of one column, in the order of {@link #columnSums}. */
  private static double columnSum(MemorySegment s, long from, long stride, int rows) {
    double sum = 0;
    for (int i = 0; i < rows; i++) {
      sum += s.get(LAYOUT, from + i * stride);
    }
    return sum;
  }

  /** {@code row = alpha sums + beta row}. */
  static void merge(
      double alpha, MemorySegment sums, int n, float beta, MemorySegment row, long to) {
    for (int j = 0; j < n; j++) {
      double sum = sums.get(DoubleSpecies.LAYOUT, (long) j * Double.BYTES);
      FloatSpecies.merge((float) (alpha * sum), beta, row, to + (long) j * BYTES);
    }
  }
}
