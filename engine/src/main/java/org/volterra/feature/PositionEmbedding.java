package org.volterra.feature;

import java.util.List;

/**
 * Adds a trained vector to every position: z = x + E with E of positions × channels. Attention
 * alone does not know where a position is.
 */
public record PositionEmbedding() implements Stage {
  private static final double DEVIATION = 0.1;

  @Override
  public Shape output(Shape input) {
    return input;
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    return List.of(Parameter.weight("weight", input.positions(), input.channels(), DEVIATION));
  }

  @Override
  public boolean isNonLocal() {
    return false;
  }

  @Override
  public String toString() {
    return "position-embedding";
  }
}
