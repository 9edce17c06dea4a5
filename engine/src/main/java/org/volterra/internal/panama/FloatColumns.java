package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.PARTS;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;
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

  private static DoubleVector wide(FloatVector v, int part) {
    return (DoubleVector) v.castShape(DoubleSpecies.SPECIES, part);
  }

  /** {@code row = alpha Σ_i x[i, :] + beta row}. */
  void run(Workshop shop, double factor, Operand matrix, double keep, Operand sums) {
    alpha = factor;
    beta = keep;
    x = matrix;
    row = sums;
    columnsPerTask = Math.max(LENGTH, Grid.GRAIN / x.rows / LENGTH * LENGTH);
    int tasks = (x.columns + columnsPerTask - 1) / columnsPerTask;
    shop.run(tasks, (long) x.rows * x.columns, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    long end = Math.min(x.columns, (task + 1L) * columnsPerTask) * BYTES;
    long o = (long) task * columnsPerTask * BYTES;
    for (; o + WIDTH <= end; o += WIDTH) {
      columnSums(x, o, scratch.segment);
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

  /** Sums of one vector of columns, in float64, to the start of t. */
  private static void columnSums(Operand x, long o, MemorySegment t) {
    MemorySegment s = x.segment;
    DoubleVector s0 = DoubleVector.zero(DoubleSpecies.SPECIES);
    DoubleVector s1 = DoubleVector.zero(DoubleSpecies.SPECIES);
    long at = x.start + o;
    for (int i = 0; i < x.rows; i++) {
      FloatVector v = load(s, at);
      s0 = s0.add(wide(v, 0));
      if (PARTS == 2) {
        s1 = s1.add(wide(v, 1));
      }
      at += x.stride;
    }
    DoubleSpecies.store(s0, t, 0);
    if (PARTS == 2) {
      DoubleSpecies.store(s1, t, WIDTH);
    }
  }
}
