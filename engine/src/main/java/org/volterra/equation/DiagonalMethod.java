package org.volterra.equation;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * How the equation x = c + w K φ(x) that an implicit method has at each node is solved. The
 * transposed, linear one of the adjoint is solved by GMRES.
 */
public enum DiagonalMethod {
  /**
   * x ← c + w K φ(x): needs no derivative and converges where w ‖K φ'‖ &lt; 1, that is for enough
   * layers.
   */
  FIXED_POINT("fixed-point"),
  /**
   * Newton's method with steps from GMRES, whose products with the derivative are differences of
   * residuals (D. Knoll, D. Keyes, J. Comput. Phys. 193, 2004), and halved where the residual would
   * grow. Stiff equations, with w ‖K φ'‖ of any size.
   */
  NEWTON_KRYLOV("newton-krylov");

  private final String id;

  DiagonalMethod(String id) {
    this.id = id;
  }

  /**
   * The name by which a user selects the method.
   *
   * @return a lower-case word such as {@code fixed-point}
   */
  public String id() {
    return id;
  }

  /**
   * Finds a method by its name.
   *
   * @param id such as {@code newton-krylov}
   * @return the method
   * @throws IllegalArgumentException if there is none; the message lists all
   */
  public static DiagonalMethod parse(String id) {
    return Arrays.stream(values())
        .filter(method -> method.id.equals(id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "diagonal method '"
                    + id
                    + "' is unknown: choose one of "
                    + Arrays.stream(values())
                        .map(DiagonalMethod::id)
                        .collect(Collectors.joining(", "))));
  }
}
