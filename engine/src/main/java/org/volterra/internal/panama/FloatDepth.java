package org.volterra.internal.panama;

import static org.volterra.internal.panama.FloatSpecies.TYPE;

import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.DepthShapes;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Shapes;

/** The door of attention over slices. */
final class FloatDepth implements DepthPrimitives {
  private final Workshop shop;
  private final ThreadLocal<FloatAttention> jobs = ThreadLocal.withInitial(FloatAttention::new);

  FloatDepth(Workshop shop) {
    this.shop = shop;
  }

  @Override
  public ElementType type() {
    return TYPE;
  }

  @Override
  public void attend(double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y) {
    DepthShapes.attention(TYPE, epsilon, z, query, y);
    jobs.get().forward(shop, alpha, epsilon, Operand.of(z), Operand.of(query), beta, Operand.of(y));
  }

  @Override
  public void attendBackward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery) {
    DepthShapes.attention(TYPE, epsilon, z, query, dy);
    Shapes.same("dz", dz, z);
    Shapes.same("dquery", dquery, query);
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
