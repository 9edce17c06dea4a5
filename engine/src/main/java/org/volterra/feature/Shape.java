package org.volterra.feature;

/**
 * The shape of one sample: a grid of positions, row-major, with channels at each. A sequence has
 * height 1, a single vector height and width 1.
 *
 * @param height rows of the grid, at least 1
 * @param width columns of the grid, at least 1
 * @param channels channels of a position, at least 1
 */
public record Shape(int height, int width, int channels) {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one is not positive
   */
  public Shape {
    if (height < 1 || width < 1 || channels < 1) {
      throw new IllegalArgumentException(
          "shape " + height + "x" + width + "x" + channels + ": all must be at least 1");
    }
  }

  /**
   * The number of positions.
   *
   * @return height · width
   */
  public int positions() {
    return Math.multiplyExact(height, width);
  }

  /**
   * The same grid with other channels.
   *
   * @param count channels, at least 1
   * @return the shape
   */
  public Shape withChannels(int count) {
    return new Shape(height, width, count);
  }

  /**
   * The shape that {@link #toString} wrote.
   *
   * @param text such as {@code 32x32x3}
   * @return the shape
   * @throws IllegalArgumentException if the text is malformed
   */
  public static Shape parse(String text) {
    String[] parts = text.split("x", -1);
    if (parts.length == 3) {
      try {
        return new Shape(
            Integer.parseInt(parts[0]), Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(malformed(text), e);
      }
    }
    throw new IllegalArgumentException(malformed(text));
  }

  private static String malformed(String text) {
    return "shape '" + text + "': must be HEIGHTxWIDTHxCHANNELS";
  }

  @Override
  public String toString() {
    return height + "x" + width + "x" + channels;
  }
}
