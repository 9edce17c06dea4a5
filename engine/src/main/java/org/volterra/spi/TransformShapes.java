package org.volterra.spi;

/** The checks at the door for the operands of {@link TransformPrimitives}. */
public final class TransformShapes {
  private TransformShapes() {}

  /**
   * Checks the operands of a convolution.
   *
   * @param type element type of all
   * @param window the window
   * @param groups the number of groups
   * @param x matrix over the grid
   * @param weight weights or their gradient
   * @param y matrix over the grid of windows
   * @return the number of samples
   * @throws IllegalArgumentException if they do not fit
   */
  public static int convolution(
      ElementType type, Window window, int groups, Matrix x, Matrix weight, Matrix y) {
    if (groups < 1 || x.columns() % groups != 0 || y.columns() % groups != 0) {
      throw new IllegalArgumentException(
          "groups "
              + groups
              + ": must be positive and divide both channels, "
              + x.columns()
              + " and "
              + y.columns());
    }
    int inputs = x.columns() / groups;
    Shapes.check("weight", weight, type, window.taps() * inputs, y.columns());
    return grid(type, window, x, y, y.columns());
  }

  /**
   * Checks the operands of a pooling.
   *
   * @param type element type of both
   * @param window the window
   * @param x matrix over the grid
   * @param y matrix over the grid of windows
   * @return the number of samples
   * @throws IllegalArgumentException if they do not fit
   */
  public static int pooling(ElementType type, Window window, Matrix x, Matrix y) {
    return grid(type, window, x, y, x.columns());
  }

  /**
   * Checks the operands of a pooling by maxima.
   *
   * @param type element type of both
   * @param window the window
   * @param x matrix over the grid
   * @param y matrix over the grid of windows
   * @return the number of samples
   * @throws IllegalArgumentException if they do not fit, or a window may see padding alone
   */
  public static int maxPooling(ElementType type, Window window, Matrix x, Matrix y) {
    if (2 * window.padY() > window.kernelHeight() || 2 * window.padX() > window.kernelWidth()) {
      throw new IllegalArgumentException(
          "padding "
              + window.padY()
              + " x "
              + window.padX()
              + ": must be at most half the window, "
              + window.kernelHeight()
              + " x "
              + window.kernelWidth());
    }
    return pooling(type, window, x, y);
  }

  private static int grid(ElementType type, Window window, Matrix x, Matrix y, int outputs) {
    Shapes.type("x", x, type);
    if (x.rows() % window.positions() != 0) {
      throw new IllegalArgumentException(
          "x has "
              + x.rows()
              + " rows: a multiple of the "
              + window.positions()
              + " positions of its grid is needed");
    }
    int samples = x.rows() / window.positions();
    Shapes.check("y", y, type, samples * window.outputPositions(), outputs);
    return samples;
  }

  /**
   * Checks vectors with one element for each column.
   *
   * @param type element type of all
   * @param x the matrix
   * @param vectors the vectors; null is allowed
   * @throws IllegalArgumentException if they do not fit
   */
  public static void columns(ElementType type, Matrix x, Matrix... vectors) {
    Shapes.type("x", x, type);
    for (Matrix vector : vectors) {
      if (vector != null) {
        Shapes.check("a vector of the columns", vector, type, 1, x.columns());
      }
    }
  }

  /**
   * Checks the vectors of a normalisation.
   *
   * @param type element type of all
   * @param norm the vectors
   * @param x the matrix
   * @throws IllegalArgumentException if they do not fit
   */
  public static void normalization(ElementType type, ChannelNorm norm, Matrix x) {
    columns(type, x, norm.mean(), norm.rate(), norm.weight(), norm.bias());
  }
}
