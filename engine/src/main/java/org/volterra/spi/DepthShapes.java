package org.volterra.spi;

/** The checks at the door of {@link DepthPrimitives}, for providers. */
public final class DepthShapes {
  private DepthShapes() {}

  /**
   * Checks the operands of an attention over slices.
   *
   * @param type element type of all; z may be of {@link ElementType#BFLOAT16} where it is {@link
   *     ElementType#FLOAT32}, and then y too
   * @param epsilon added to mean squares
   * @param z K × (m · n)
   * @param query vector of n elements
   * @param y m × n
   * @throws IllegalArgumentException if they do not fit, or {@code epsilon} is negative
   */
  public static void attention(ElementType type, double epsilon, Matrix z, Matrix query, Matrix y) {
    if (!isHalf(type, z) || y.buffer().type() != ElementType.BFLOAT16) {
      Shapes.type("y", y, type);
    }
    operands(type, epsilon, z, query, y);
  }

  /**
   * Checks the operands of the adjoint.
   *
   * @param type element type of all; z may be of {@link ElementType#BFLOAT16} where it is {@link
   *     ElementType#FLOAT32}
   * @param epsilon added to mean squares
   * @param z K × (m · n)
   * @param query vector of n elements
   * @param dy m × n
   * @param dz K × (m · n)
   * @param dquery vector of n elements
   * @throws IllegalArgumentException if they do not fit, or {@code epsilon} is negative
   */
  public static void gradient(
      ElementType type,
      double epsilon,
      Matrix z,
      Matrix query,
      Matrix dy,
      Matrix dz,
      Matrix dquery) {
    Shapes.type("dy", dy, type);
    operands(type, epsilon, z, query, dy);
    Shapes.check("dz", dz, type, z.rows(), z.columns());
    Shapes.same("dquery", dquery, query);
  }

  private static boolean isHalf(ElementType type, Matrix z) {
    return type == ElementType.FLOAT32 && z.buffer().type() == ElementType.BFLOAT16;
  }

  private static void operands(ElementType type, double epsilon, Matrix z, Matrix query, Matrix y) {
    if (!(epsilon >= 0)) {
      throw new IllegalArgumentException("epsilon " + epsilon + ": must be at least 0");
    }
    Shapes.check("query", query, type, 1, y.columns());
    ElementType stored = isHalf(type, z) ? ElementType.BFLOAT16 : type;
    Shapes.check("z", z, stored, z.rows(), Math.multiplyExact(y.rows(), y.columns()));
  }
}
