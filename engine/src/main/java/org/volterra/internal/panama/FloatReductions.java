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
import jdk.incubator.vector.VectorOperators;

/** Sums in float64, over pieces fixed by the shape and added in their order. */
@SuppressWarnings("cast")
final class FloatReductions {
  private FloatReductions() {}

  private static DoubleVector wide(FloatVector v, int part) {
    return (DoubleVector) v.castShape(DoubleSpecies.SPECIES, part);
  }

  /** A number for a piece of a row of two operands. */
  @FunctionalInterface
  private interface Piece {
    double of(MemorySegment x, long i, MemorySegment y, long j, int n);
  }

  static double dot(Workshop shop, Operand x, Operand y) {
    return sum(shop, FloatReductions::dot, x, y);
  }

  static double countNonFinite(Workshop shop, Operand x) {
    return sum(shop, (s, i, t, j, n) -> countNonFinite(s, i, n), x, x);
  }

  private static double sum(Workshop shop, Piece piece, Operand x, Operand y) {
    long size = (long) x.rows * x.columns;
    Grid grid = x.contiguous && y.contiguous ? new Grid(1, size) : new Grid(x.rows, x.columns);
    double[] sums = new double[grid.tasks()];
    shop.run(
        sums.length,
        size,
        (task, scratch) -> {
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
                    width);
          }
          sums[task] = s;
        });
    double total = 0;
    for (double s : sums) {
      total += s;
    }
    return total;
  }

  private static double dot(MemorySegment x, long i, MemorySegment y, long j, int n) {
    DoubleVector s0 = DoubleVector.zero(DoubleSpecies.SPECIES);
    DoubleVector s1 = DoubleVector.zero(DoubleSpecies.SPECIES);
    int whole = n / LENGTH * WIDTH;
    for (int o = 0; o < whole; o += WIDTH) {
      FloatVector u = load(x, i + o);
      FloatVector v = load(y, j + o);
      s0 = wide(u, 0).fma(wide(v, 0), s0);
      if (PARTS == 2) {
        s1 = wide(u, 1).fma(wide(v, 1), s1);
      }
    }
    double sum = DoubleReduce.sum(s0.add(s1));
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

  /** {@code row = alpha Σ_i x[i, :] + beta row}. */
  static void columnSums(Workshop shop, double alpha, Operand x, double beta, Operand row) {
    int columns = Math.max(LENGTH, Grid.GRAIN / x.rows / LENGTH * LENGTH);
    int tasks = (x.columns + columns - 1) / columns;
    shop.run(
        tasks,
        (long) x.rows * x.columns,
        (task, scratch) -> {
          long end = Math.min(x.columns, (task + 1L) * columns) * BYTES;
          long o = (long) task * columns * BYTES;
          for (; o + WIDTH <= end; o += WIDTH) {
            columnSums(x, o, scratch.segment);
            for (int j = 0; j < LENGTH; j++) {
              double sum = scratch.segment.get(DoubleSpecies.LAYOUT, (long) j * Double.BYTES);
              merge(
                  (float) (alpha * sum),
                  (float) beta,
                  row.segment,
                  row.start + o + (long) j * BYTES);
            }
          }
          for (; o < end; o += BYTES) {
            double sum = 0;
            for (int i = 0; i < x.rows; i++) {
              sum += x.segment.get(LAYOUT, x.start + i * x.stride + o);
            }
            merge((float) (alpha * sum), (float) beta, row.segment, row.start + o);
          }
        });
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
