package org.volterra.feature;

import org.volterra.spi.DropMask;

/**
 * Dropout (Srivastava et al., 2014): in training, elements are dropped and the others scaled by 1 /
 * (1 − rate). Masks are functions of the seed, the step, the layer and the element ({@link
 * DropMask}), so that they repeat, and the adjoint needs no memory. Without training the identity.
 *
 * @param rate probability of being dropped, in [0, 1)
 */
public record Dropout(double rate) implements Stage {
  /**
   * Checks the argument.
   *
   * @throws IllegalArgumentException if it is out of range
   */
  public Dropout {
    DropMask.threshold(rate);
  }

  @Override
  public Shape output(Shape input) {
    return input;
  }

  @Override
  public String toString() {
    return "dropout(" + rate + ")";
  }
}
