package org.volterra.feature;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A convolution over the grid of positions: every output channel is a weighted sum of the input
 * channels of its group in a window. Weights are (taps · inputs / groups) × width, taps in
 * row-major order, and begin as normal numbers of variance 2 / fan-in (He et al.,
 * arXiv:1502.01852).
 *
 * @param width output channels, at least 1
 * @param window the window
 * @param groups runs into which channels are cut; divides inputs and width
 * @param hasBias whether a vector is added
 */
public record Convolution(int width, WindowShape window, int groups, boolean hasBias)
    implements Stage {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if width or groups is not positive, or groups does not divide
   *     width
   */
  public Convolution {
    Objects.requireNonNull(window, "window");
    if (width < 1) {
      throw new IllegalArgumentException("width " + width + ": must be at least 1");
    }
    if (groups < 1 || width % groups != 0) {
      throw new IllegalArgumentException(
          "groups " + groups + ": must be positive and divide the width, " + width);
    }
  }

  /**
   * A square convolution with stride 1 whose result has the grid of its argument, without bias.
   *
   * @param width output channels
   * @param kernel rows and columns of the window, odd
   * @return the stage
   */
  public static Convolution same(int width, int kernel) {
    WindowShape window = WindowShape.of(kernel, kernel).pad(kernel / 2, kernel / 2);
    return new Convolution(width, window, 1, false);
  }

  @Override
  public Shape output(Shape input) {
    if (input.channels() % groups != 0) {
      throw new IllegalArgumentException(
          this + ": groups " + groups + " must divide the " + input.channels() + " channels");
    }
    return window.output(input, width);
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    int rows = window.kernelY() * window.kernelX() * (input.channels() / groups);
    List<Parameter> all = new ArrayList<>();
    all.add(Parameter.weight("weight", rows, width, Math.sqrt(2.0 / rows)));
    if (hasBias) {
      all.add(Parameter.vector("bias", width, 0));
    }
    return all;
  }

  /** Whether it is a product with a matrix at each position. */
  boolean isPointwise() {
    return window.equals(WindowShape.of(1, 1)) && groups == 1;
  }

  @Override
  public String toString() {
    return "conv("
        + width
        + ","
        + window.text(1, 1)
        + (groups == 1 ? "" : ",groups=" + groups)
        + (hasBias ? ",bias" : "")
        + ")";
  }
}
