package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.TYPE;

import org.volterra.memory.HostBuffer;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.DepthShapes;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** The door of attention over slices. A history of bfloat16 is widened some rows at a time. */
final class FloatDepth implements DepthPrimitives {
  /** Elements that are widened together, where a row has no more. */
  private static final int BAND = 1 << 18;

  private final Workshop shop;
  private final ThreadLocal<FloatAttention> jobs = ThreadLocal.withInitial(FloatAttention::new);

  FloatDepth(Workshop shop) {
    this.shop = shop;
  }

  /** Attention of some rows. */
  private interface Band {
    void run(int row, int count, Matrix z);
  }

  @Override
  public ElementType type() {
    return TYPE;
  }

  @Override
  public void attend(double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y) {
    DepthShapes.attention(TYPE, epsilon, z, query, y);
    if (z.buffer().type() == TYPE) {
      forward(alpha, epsilon, z, query, beta, y);
    } else if (y.buffer().type() == TYPE) {
      widened(
          z,
          y,
          (row, count, wide) -> forward(alpha, epsilon, wide, query, beta, y.rows(row, count)));
    } else {
      HalfConversion conversion = new HalfConversion();
      try (HostBuffer buffer = HostBuffer.allocate(TYPE, y.size())) {
        Matrix sums = Matrix.of(buffer, 0, y.rows(), y.columns());
        conversion.widen(shop, Operand.of(y), Operand.of(sums));
        widened(
            z,
            y,
            (row, count, wide) ->
                forward(alpha, epsilon, wide, query, beta, sums.rows(row, count)));
        conversion.narrow(shop, Operand.of(sums), Operand.of(y));
      }
    }
  }

  @Override
  public void attendBackward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery) {
    DepthShapes.gradient(TYPE, epsilon, z, query, dy, dz, dquery);
    if (z.buffer().type() == TYPE) {
      backward(alpha, epsilon, z, query, dy, dz, dquery);
    } else {
      int n = dy.columns();
      widened(
          z,
          dy,
          (row, count, wide) -> {
            Matrix slopes = dz.block(0, row * n, dz.rows(), count * n);
            backward(alpha, epsilon, wide, query, dy.rows(row, count), slopes, dquery);
          });
    }
  }

  /** Widens the slices of some rows at a time. */
  private void widened(Matrix z, Matrix y, Band band) {
    int n = y.columns();
    int most = Math.clamp(BAND / ((long) z.rows() * n), 1, y.rows());
    HalfConversion conversion = new HalfConversion();
    try (HostBuffer buffer = HostBuffer.allocate(TYPE, (long) z.rows() * most * n)) {
      for (int row = 0; row < y.rows(); row += most) {
        int count = Math.min(most, y.rows() - row);
        Matrix wide = Matrix.of(buffer, 0, z.rows(), count * n);
        Matrix stored = z.block(0, row * n, z.rows(), count * n);
        conversion.widen(shop, Operand.of(stored), Operand.of(wide));
        band.run(row, count, wide);
      }
    }
  }

  private void forward(
      double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y) {
    jobs.get().forward(shop, alpha, epsilon, Operand.of(z), Operand.of(query), beta, Operand.of(y));
  }

  private void backward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery) {
    jobs.get()
        .backward(
            shop,
            alpha,
            epsilon,
            Operand.of(z),
            Operand.of(query),
            Operand.of(dy),
            Operand.of(dz),
            Operand.of(dquery));
  }
}
