package org.volterra.feature;

/**
 * Which features a layer of a {@link DenseBlock} sees, by how many layers back they are. What the
 * layer before adds is 1 back; layer l, counted from 0, has the block's input l + 1 back.
 */
public sealed interface Connectivity {
  /**
   * Whether features so far back are seen.
   *
   * @param back layers back, at least 1
   * @return true for 1 in any case
   */
  boolean sees(int back);

  /**
   * All features: the DenseNet of Huang et al., arXiv:1608.06993.
   *
   * @return the connectivity
   */
  static Connectivity full() {
    return new Full();
  }

  /**
   * The latest features.
   *
   * @param width how many, the input counted as one
   * @return the connectivity
   * @throws IllegalArgumentException if width is not positive
   */
  static Connectivity window(int width) {
    return new Window(width);
  }

  /**
   * Features 1, 2, 4, 8 … back: the Log-DenseNet (V1) of Hu et al., arXiv:1711.00002. A layer sees
   * at most 1 + log₂ L others, and a gradient takes as many steps to reach a layer.
   *
   * @return the connectivity
   */
  static Connectivity logarithmic() {
    return new Logarithmic();
  }

  /**
   * Reads what {@code toString} gives: {@code full}, {@code log} or the width of a window.
   *
   * @param text the text
   * @return the connectivity
   * @throws IllegalArgumentException if it is none of them
   */
  static Connectivity parse(String text) {
    return switch (text) {
      case "full" -> full();
      case "log" -> logarithmic();
      default -> {
        int width;
        try {
          width = Integer.parseInt(text);
        } catch (NumberFormatException e) {
          throw new IllegalArgumentException(
              "reach '" + text + "': must be full, log or a number of layers", e);
        }
        yield window(width);
      }
    };
  }

  /** All features. */
  record Full() implements Connectivity {
    @Override
    public boolean sees(int back) {
      return true;
    }

    @Override
    public String toString() {
      return "full";
    }
  }

  /**
   * The latest features.
   *
   * @param width how many, at least 1
   */
  record Window(int width) implements Connectivity {
    /**
     * Checks the argument.
     *
     * @throws IllegalArgumentException if width is not positive
     */
    public Window {
      if (width < 1) {
        throw new IllegalArgumentException("reach " + width + ": must be at least 1");
      }
    }

    @Override
    public boolean sees(int back) {
      return back <= width;
    }

    @Override
    public String toString() {
      return String.valueOf(width);
    }
  }

  /** Features 1, 2, 4, 8 … back. */
  record Logarithmic() implements Connectivity {
    @Override
    public boolean sees(int back) {
      return Integer.bitCount(back) == 1;
    }

    @Override
    public String toString() {
      return "log";
    }
  }
}
