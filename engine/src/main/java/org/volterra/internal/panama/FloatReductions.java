package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.ORDER;
import static org.volterra.internal.panama.FloatSpecies.PARTS;
import static org.volterra.internal.panama.FloatSpecies.SPECIES;
import static org.volterra.internal.panama.FloatSpecies.WIDEN;
import static org.volterra.internal.panama.FloatSpecies.WIDTH;
import static org.volterra.internal.panama.FloatSpecies.load;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Sums in float64, over pieces fixed by the shape and added in their order. */
@SuppressWarnings("cast")
final class FloatReductions extends Workshop.Reusable {
  private static final Piece DOT = FloatReductions::dot;

  private final Grid grid = new Grid();
  private double[] sums = new double[1];
  private Piece piece;
  private Operand x;
  private Operand y;

  /** A number for a piece of a row of two operands. */
  @FunctionalInterface
  private interface Piece {
    double of(MemorySegment x, long i, MemorySegment y, long j, int n, MemorySegment scratch);
  }

  double dot(Workshop shop, Operand left, Operand right) {
    return sum(shop, DOT, left, right);
  }

  double countNonFinite(Workshop shop, Operand of) {
    return sum(shop, (s, i, t, j, n, u) -> countNonFinite(s, i, n), of, of);
  }

  private double sum(Workshop shop, Piece what, Operand left, Operand right) {
    piece = what;
    x = left;
    y = right;
    long size = (long) x.rows * x.columns;
    if (x.contiguous && y.contiguous) {
      grid.cut(1, size);
    } else {
      grid.cut(x.rows, x.columns);
    }
    int tasks = grid.tasks();
    if (sums.length < tasks) {
      sums = new double[tasks];
    }
    if (size >= FloatWarmUp.LEAST_ELEMENTS && what == DOT) {
      FloatLoops.DOT.ensure();
    }
    shop.run(tasks, size, this);
    double total = 0;
    for (int i = 0; i < tasks; i++) {
      total += sums[i];
    }
    return total;
  }

  @Override
  public void run(int task, Scratch scratch) {
    long column = grid.firstColumn(task) * BYTES;
    int width = grid.width(task);
    double s = 0;
    for (long r = grid.firstRow(task); r < grid.endRow(task); r++) {
      s +=
          piece.of(
              x.segment,
              x.start + r * x.stride + column,
              y.segment,
              y.start + r * y.stride + column,
              width,
              scratch.segment);
    }
    sums[task] = s;
  }

  static double dot(MemorySegment x, long i, MemorySegment y, long j, int n, MemorySegment t) {
    if (n == 0) {
      return 0;
    }
    double sum = 0;
    int whole = n / LENGTH * WIDTH;
    if (whole > 0) { // sums of vectors that no loop is entered with would be objects
      DoubleVector s0 = DoubleVector.zero(DoubleSpecies.SPECIES);
      DoubleVector s1 = DoubleVector.zero(DoubleSpecies.SPECIES);
      for (int o = 0; o < whole; o += WIDTH) {
        FloatVector u = FloatVector.fromMemorySegment(SPECIES, x, i + o, ORDER);
        FloatVector v = FloatVector.fromMemorySegment(SPECIES, y, j + o, ORDER);
        DoubleVector d = (DoubleVector) u.convertShape(WIDEN, DoubleSpecies.SPECIES, 0);
        s0 = d.fma((DoubleVector) v.convertShape(WIDEN, DoubleSpecies.SPECIES, 0), s0);
        if (PARTS == 2) {
          d = (DoubleVector) u.convertShape(WIDEN, DoubleSpecies.SPECIES, 1);
          s1 = d.fma((DoubleVector) v.convertShape(WIDEN, DoubleSpecies.SPECIES, 1), s1);
        }
      }
      s0.add(s1).intoMemorySegment(t, 0, ORDER);
      sum = DoubleReduce.sum(t);
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      sum = Math.fma((double) x.get(LAYOUT, i + o), (double) y.get(LAYOUT, j + o), sum);
    }
    return sum;
  }

  private static long countNonFinite(MemorySegment x, long i, int n) {
    long count = 0;
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      count += load(x, i + o).test(VectorOperators.IS_FINITE).not().trueCount();
    }
    for (int o = whole; o < n * BYTES; o += BYTES) {
      count += Float.isFinite(x.get(LAYOUT, i + o)) ? 0 : 1;
    }
    return count;
  }
}
