package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;

import java.util.Arrays;

/**
 * What is done to columns, each with coefficients of its own. A task has a band of rows that stays
 * in the caches, which it walks one vector of columns after the other. If the last columns are no
 * whole vector, it is moved to the left, over columns that are done; their results are the same
 * again, or coefficients are such that they stay. Fewer columns than a vector has lanes go one by
 * one.
 *
 * <p>Sums of a band are in the element type; bands are added in float64, in their order.
 */
@SuppressWarnings("cast")
abstract class FloatBands extends Workshop.Reusable {
  Operand x;
  Operand y;
  int columns;
  int rowsPerTask;
  int tasks;

  /** The factor and the summand of each column. */
  float[] scale = new float[0];

  float[] shift = new float[0];

  /** Coefficients of the last vector, where it lies over columns that are done. */
  final float[] lastScale = new float[LENGTH];

  final float[] lastOther = new float[LENGTH];

  /** For each task and column the sums, and the sums of products or squares. */
  float[] sums = new float[0];

  float[] products = new float[0];

  void bind(Operand from, Operand to, boolean isSum) {
    x = from;
    y = to;
    columns = x.columns;
    rowsPerTask = Math.max(1, Grid.GRAIN / columns);
    tasks = (x.rows + rowsPerTask - 1) / rowsPerTask;
    int room = columns + LENGTH;
    if (scale.length < room) {
      scale = new float[room];
      shift = new float[room];
    }
    if (isSum && sums.length < tasks * columns + LENGTH) {
      sums = new float[tasks * columns + LENGTH];
      products = new float[tasks * columns + LENGTH];
    }
  }

  static float at(Operand vector, int j) {
    return vector.segment.get(LAYOUT, vector.start + (long) j * BYTES);
  }

  static void set(Operand vector, int j, double value) {
    vector.segment.set(LAYOUT, vector.start + (long) j * BYTES, (float) value);
  }

  /** Coefficients for a vector over columns that are done: there 0, and {@code done}. */
  void prepareLast(float[] other, int done) {
    int c = moved();
    if (c >= 0) {
      System.arraycopy(scale, c, lastScale, 0, LENGTH);
      System.arraycopy(other, c, lastOther, 0, LENGTH);
      Arrays.fill(lastScale, 0, LENGTH - columns % LENGTH, 0);
      Arrays.fill(lastOther, 0, LENGTH - columns % LENGTH, done);
    }
  }

  int height(int task) {
    return Math.min(rowsPerTask, x.rows - task * rowsPerTask);
  }

  /** Where the last vector begins that is moved over columns that are done; −1 if there is none. */
  int moved() {
    return columns % LENGTH != 0 && columns > LENGTH ? columns - LENGTH : -1;
  }
}
