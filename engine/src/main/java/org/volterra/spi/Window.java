package org.volterra.spi;

/**
 * A window that slides over a grid of positions, as in convolution and pooling. Positions are
 * row-major; padding is the same on both sides. A grid of height 1 is a sequence.
 *
 * @param height rows of the grid, at least 1
 * @param width columns of the grid, at least 1
 * @param kernelHeight rows of the window, at least 1
 * @param kernelWidth columns of the window, at least 1
 * @param strideY rows between neighbouring windows, at least 1
 * @param strideX columns between neighbouring windows, at least 1
 * @param padY rows of padding above and below, at least 0
 * @param padX columns of padding on the left and on the right, at least 0
 * @param dilationY rows between the taps of the window, at least 1
 * @param dilationX columns between the taps of the window, at least 1
 */
public record Window(
    int height,
    int width,
    int kernelHeight,
    int kernelWidth,
    int strideY,
    int strideX,
    int padY,
    int padX,
    int dilationY,
    int dilationX) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException naming the argument that is out of range, or if the window is
   *     larger than the padded grid
   */
  public Window {
    least("height", height, 1);
    least("width", width, 1);
    least("kernelHeight", kernelHeight, 1);
    least("kernelWidth", kernelWidth, 1);
    least("strideY", strideY, 1);
    least("strideX", strideX, 1);
    least("padY", padY, 0);
    least("padX", padX, 0);
    least("dilationY", dilationY, 1);
    least("dilationX", dilationX, 1);
    fits("high", kernelHeight, dilationY, height, padY);
    fits("wide", kernelWidth, dilationX, width, padX);
  }

  private static void least(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + " " + value + ": must be at least " + least);
    }
  }

  private static void fits(String how, int kernel, int dilation, int size, int pad) {
    long reach = (kernel - 1L) * dilation + 1;
    if (reach > size + 2L * pad) {
      throw new IllegalArgumentException(
          "a window "
              + reach
              + " "
              + how
              + " does not fit a grid "
              + size
              + " "
              + how
              + " with padding "
              + pad);
    }
  }

  /**
   * Rows of the grid of windows.
   *
   * @return at least 1
   */
  public int outputHeight() {
    return (height + 2 * padY - dilationY * (kernelHeight - 1) - 1) / strideY + 1;
  }

  /**
   * Columns of the grid of windows.
   *
   * @return at least 1
   */
  public int outputWidth() {
    return (width + 2 * padX - dilationX * (kernelWidth - 1) - 1) / strideX + 1;
  }

  /**
   * Positions of the grid.
   *
   * @return height · width
   */
  public int positions() {
    return height * width;
  }

  /**
   * Positions of the grid of windows.
   *
   * @return their number
   */
  public int outputPositions() {
    return outputHeight() * outputWidth();
  }

  /**
   * The number of taps of a window.
   *
   * @return kernelHeight · kernelWidth
   */
  public int taps() {
    return kernelHeight * kernelWidth;
  }

  /**
   * Whether windows are single positions, one for each position of the grid.
   *
   * @return true for a kernel of 1 × 1, stride 1 and no padding
   */
  public boolean isPointwise() {
    return taps() == 1 && strideY == 1 && strideX == 1 && padY == 0 && padX == 0;
  }

  /**
   * The row of the grid that a tap of a window sees.
   *
   * @param outputRow row of the window
   * @param tap row of the tap
   * @return a row, or −1 if it is padding
   */
  public int row(int outputRow, int tap) {
    int y = outputRow * strideY + tap * dilationY - padY;
    return y < height ? Math.max(y, -1) : -1;
  }

  /**
   * The column of the grid that a tap of a window sees.
   *
   * @param outputColumn column of the window
   * @param tap column of the tap
   * @return a column, or −1 if it is padding
   */
  public int column(int outputColumn, int tap) {
    int x = outputColumn * strideX + tap * dilationX - padX;
    return x < width ? Math.max(x, -1) : -1;
  }
}
