package org.volterra.feature;

import java.util.List;
import java.util.Objects;

/**
 * A non-local block (Wang et al., arXiv:1711.07971): z_i = x_i + W Σ_j f(θ_i, φ_j) g_j / C with θ,
 * φ and g linear in x. The embedded Gaussian has f = exp(θ_i · φ_j) and C = Σ_j f, which is
 * non-local means (Buades, Coll, Morel, 2005) with a learned similarity; the dot product has f =
 * θ_i · φ_j and C the number of positions.
 *
 * @param kind the similarity f
 * @param width channels of θ, φ and g, at least 1
 */
public record NonLocal(Kind kind, int width) implements Stage {
  /** How similar two positions are. */
  public enum Kind {
    /** exp(θ · φ), normalised. */
    GAUSSIAN,
    /** θ · φ over the number of positions. */
    DOT_PRODUCT
  }

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if {@code width} is not positive
   */
  public NonLocal {
    Objects.requireNonNull(kind, "kind");
    if (width < 1) {
      throw new IllegalArgumentException("width " + width + ": must be at least 1");
    }
  }

  @Override
  public Shape output(Shape input) {
    return input;
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    int n = input.channels();
    return List.of(
        Parameter.weight("projection.weight", n, 3 * width, 1 / Math.sqrt(n)),
        Parameter.weight("output.weight", width, n, 1 / Math.sqrt(width)));
  }

  @Override
  public String toString() {
    return "non-local(" + (kind == Kind.GAUSSIAN ? "gaussian" : "dot-product") + "," + width + ")";
  }
}
