package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.BYTES;
import static org.volterra.internal.panama.FloatSpecies.LAYOUT;
import static org.volterra.internal.panama.FloatSpecies.LENGTH;
import static org.volterra.internal.panama.FloatSpecies.merge;

/** {@code y[i, :] = alpha_i x[i, :] + beta_i y[i, :]}: what {@code axpby} computes, row by row. */
@SuppressWarnings("cast")
final class FloatRowAxpby extends Workshop.Reusable {
  private final Grid grid = new Grid();
  private Operand alpha;
  private Operand x;
  private Operand beta;
  private Operand y;

  /** Computes all rows; a single row of x is taken by every row. */
  void run(Workshop shop, Operand factors, Operand from, Operand keeps, Operand to) {
    alpha = factors;
    x = from.rows == to.rows ? from : from.repeated(to.rows);
    beta = keeps;
    y = to;
    grid.cut(y.rows, y.columns);
    shop.run(grid.tasks(), 2L * y.rows * y.columns, this);
  }

  @Override
  public void run(int task, Scratch scratch) {
    long column = grid.firstColumn(task) * BYTES;
    int width = grid.width(task);
    int whole = width / LENGTH * LENGTH * BYTES;
    for (long i = grid.firstRow(task); i < grid.endRow(task); i++) {
      float factor = alpha.segment.get(LAYOUT, alpha.start + i * BYTES);
      float keep = beta.segment.get(LAYOUT, beta.start + i * BYTES);
      long from = x.start + i * x.stride + column;
      long to = y.start + i * y.stride + column;
      FloatElementwise.axpby(factor, x.segment, from, keep, y.segment, to, whole);
      for (int o = whole; o < width * BYTES; o += BYTES) {
        merge(x.segment.get(LAYOUT, from + o) * factor, keep, y.segment, to + o);
      }
    }
  }
}
