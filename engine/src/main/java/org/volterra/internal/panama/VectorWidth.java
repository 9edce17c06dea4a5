package org.volterra.internal.panama;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The choice of the vector width: system property {@code volterra.vector.bits}, or what the CPU
 * prefers.
 */
public final class VectorWidth {
  /** The property: 128, 256, 512 or preferred. */
  public static final String PROPERTY = "volterra.vector.bits";

  private static final String PREFERRED = "preferred";

  private VectorWidth() {}

  /**
   * The width that the CPU prefers.
   *
   * @return bits of a vector
   */
  public static int preferredBits() {
    return VectorShape.preferredShape().vectorBitSize();
  }

  /**
   * The chosen width.
   *
   * @return bits of a vector
   * @throws IllegalArgumentException if the property asks for a width that is unknown or wider than
   *     the CPU's vectors
   */
  public static int bits() {
    return shape().vectorBitSize();
  }

  static <E> VectorSpecies<E> species(Class<E> element) {
    return VectorSpecies.of(element, shape());
  }

  private static VectorShape shape() {
    String text = System.getProperty(PROPERTY, PREFERRED).strip().toLowerCase(Locale.ROOT);
    if (text.equals(PREFERRED)) {
      return VectorShape.preferredShape();
    }
    List<String> allowed = new ArrayList<>();
    for (VectorShape shape :
        List.of(VectorShape.S_128_BIT, VectorShape.S_256_BIT, VectorShape.S_512_BIT)) {
      if (shape.vectorBitSize() <= preferredBits()) {
        String bits = Integer.toString(shape.vectorBitSize());
        if (bits.equals(text)) {
          return shape;
        }
        allowed.add(bits);
      }
    }
    throw new IllegalArgumentException(
        PROPERTY
            + " is '"
            + text
            + "': this CPU allows "
            + String.join(", ", allowed)
            + " and "
            + PREFERRED);
  }
}
