package org.volterra.spi;

/** The checks at the door of {@link DepthPrimitives}, for providers. */
public final class DepthShapes {
  private DepthShapes() {}

  /**
   * Checks the operands of an attention over slices.
   *
   * @param type element type of all
   * @param epsilon added to mean squares
   * @param z K × (m · n)
   * @param query vector of n elements
   * @param y m × n
   * @throws IllegalArgumentException if they do not fit, or {@code epsilon} is negative
   */
  public static void attention(ElementType type, double epsilon, Matrix z, Matrix query, Matrix y) {
    if (!(epsilon >= 0)) {
      throw new IllegalArgumentException("epsilon " + epsilon + ": must be at least 0");
    }
    Shapes.type("y", y, type);
    Shapes.check("query", query, type, 1, y.columns());
    Shapes.check("z", z, type, z.rows(), Math.multiplyExact(y.rows(), y.columns()));
  }
}
