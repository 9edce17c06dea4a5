package org.volterra.feature;

import java.util.List;
import java.util.Objects;

/**
 * A residual block: z = x + inner(x).
 *
 * @param inner a transform that keeps the shape; not the identity
 */
public record Residual(FeatureTransform inner) implements Stage {
  /**
   * Checks the argument.
   *
   * @throws IllegalArgumentException if it is the identity
   */
  public Residual {
    Objects.requireNonNull(inner, "inner");
    if (inner.isIdentity()) {
      throw new IllegalArgumentException("inner: must have at least one stage");
    }
  }

  @Override
  public Shape output(Shape input) {
    Shape result = inner.output(input);
    if (!result.equals(input)) {
      throw new IllegalArgumentException(
          this + " makes " + result + " of " + input + ": a residual block keeps the shape");
    }
    return result;
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    return inner.parameters(input);
  }

  @Override
  public boolean isNonLocal() {
    return inner.isNonLocal();
  }

  @Override
  public String toString() {
    return "residual(" + inner.text() + ")";
  }
}
