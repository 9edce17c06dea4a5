package org.volterra.feature;

import java.util.List;

/**
 * Multi-head self-attention over positions (Vaswani et al., arXiv:1706.03762): with Q, K, V affine
 * in x, cut into heads of d channels, softmax(Q Kᵀ / √d) V of all heads side by side, then an
 * affine map. Scores are computed for some queries at a time, so that memory is linear in
 * positions.
 *
 * @param heads number of heads; divides the channels
 * @param isCausal whether a position sees only itself and those before it
 */
public record Attention(int heads, boolean isCausal) implements Stage {
  /**
   * Checks the argument.
   *
   * @throws IllegalArgumentException if {@code heads} is not positive
   */
  public Attention {
    if (heads < 1) {
      throw new IllegalArgumentException("heads " + heads + ": must be at least 1");
    }
  }

  @Override
  public Shape output(Shape input) {
    if (input.channels() % heads != 0) {
      throw new IllegalArgumentException(
          this + ": heads must divide the " + input.channels() + " channels");
    }
    return input;
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    int n = input.channels();
    double deviation = 1 / Math.sqrt(n);
    return List.of(
        Parameter.weight("projection.weight", n, 3 * n, deviation),
        Parameter.vector("projection.bias", 3 * n, 0),
        Parameter.weight("output.weight", n, n, deviation),
        Parameter.vector("output.bias", n, 0));
  }

  @Override
  public String toString() {
    return "attention(" + heads + (isCausal ? ",causal)" : ")");
  }
}
