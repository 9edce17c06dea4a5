package org.volterra.feature;

import java.util.Objects;
import org.volterra.spi.Activation;

/** An elementary part of a {@link FeatureTransform}. */
public sealed interface Stage {
  /**
   * The number of output channels.
   *
   * @param inputs the number of input channels
   * @return channels of the result
   */
  int outputs(int inputs);

  /**
   * A scalar function on every element.
   *
   * @param function the function
   */
  record Pointwise(Activation function) implements Stage {
    /** Checks the argument. */
    public Pointwise {
      Objects.requireNonNull(function, "function");
    }

    @Override
    public int outputs(int inputs) {
      return inputs;
    }

    @Override
    public String toString() {
      return function.toString();
    }
  }

  /**
   * An affine map of the channels of each position, z = x W + c with W of inputs × width and c of
   * width elements.
   *
   * @param width the number of output channels, at least 1
   */
  record Affine(int width) implements Stage {
    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if {@code width} is not positive
     */
    public Affine {
      if (width < 1) {
        throw new IllegalArgumentException(
            "width " + width + ": an affine map has at least 1 output");
      }
    }

    @Override
    public int outputs(int inputs) {
      return width;
    }

    @Override
    public String toString() {
      return "affine(" + width + ")";
    }
  }
}
