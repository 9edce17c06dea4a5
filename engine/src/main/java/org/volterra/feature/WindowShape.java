package org.volterra.feature;

import org.volterra.spi.Window;

/**
 * A {@link Window} without its grid; immutable.
 *
 * @param kernelY rows, at least 1
 * @param kernelX columns, at least 1
 * @param strideY rows between neighbouring windows, at least 1
 * @param strideX columns between neighbouring windows, at least 1
 * @param padY rows of padding above and below, at least 0
 * @param padX columns of padding left and right, at least 0
 * @param dilationY rows between taps, at least 1
 * @param dilationX columns between taps, at least 1
 */
public record WindowShape(
    int kernelY,
    int kernelX,
    int strideY,
    int strideX,
    int padY,
    int padX,
    int dilationY,
    int dilationX) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException naming what is out of range
   */
  public WindowShape {
    least("kernel", Math.min(kernelY, kernelX), 1);
    least("stride", Math.min(strideY, strideX), 1);
    least("pad", Math.min(padY, padX), 0);
    least("dilation", Math.min(dilationY, dilationX), 1);
  }

  private static void least(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " " + value + ": must be at least " + least);
    }
  }

  /**
   * A window with stride 1, no padding and no dilation.
   *
   * @param kernelY rows
   * @param kernelX columns
   * @return the shape
   */
  public static WindowShape of(int kernelY, int kernelX) {
    return new WindowShape(kernelY, kernelX, 1, 1, 0, 0, 1, 1);
  }

  /**
   * With another stride.
   *
   * @param y rows
   * @param x columns
   * @return the shape
   */
  public WindowShape stride(int y, int x) {
    return new WindowShape(kernelY, kernelX, y, x, padY, padX, dilationY, dilationX);
  }

  /**
   * With other padding.
   *
   * @param y rows
   * @param x columns
   * @return the shape
   */
  public WindowShape pad(int y, int x) {
    return new WindowShape(kernelY, kernelX, strideY, strideX, y, x, dilationY, dilationX);
  }

  /**
   * With another dilation.
   *
   * @param y rows
   * @param x columns
   * @return the shape
   */
  public WindowShape dilation(int y, int x) {
    return new WindowShape(kernelY, kernelX, strideY, strideX, padY, padX, y, x);
  }

  /**
   * The window on a grid.
   *
   * @param shape the grid
   * @return the window
   * @throws IllegalArgumentException if the window is larger than the padded grid
   */
  public Window on(Shape shape) {
    return new Window(
        shape.height(),
        shape.width(),
        kernelY,
        kernelX,
        strideY,
        strideX,
        padY,
        padX,
        dilationY,
        dilationX);
  }

  /** The grid of windows. */
  Shape output(Shape input, int channels) {
    Window window = on(input);
    return new Shape(window.outputHeight(), window.outputWidth(), channels);
  }

  /** As text, with a stride that is left out if it is the given one. */
  String text(int usualStrideY, int usualStrideX) {
    return pair(kernelY, kernelX)
        + option("stride", strideY, strideX, usualStrideY, usualStrideX)
        + option("pad", padY, padX, 0, 0)
        + option("dilation", dilationY, dilationX, 1, 1);
  }

  private static String option(String name, int y, int x, int usualY, int usualX) {
    return y == usualY && x == usualX ? "" : "," + name + "=" + pair(y, x);
  }

  private static String pair(int y, int x) {
    return y + "x" + x;
  }
}
