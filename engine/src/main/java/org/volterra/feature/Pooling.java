package org.volterra.feature;

import java.util.Objects;

/**
 * Means or maxima of windows, channel by channel. Padding counts as 0 in means and not in maxima.
 *
 * @param kind mean or maximum
 * @param window the window; null for all positions
 */
public record Pooling(Kind kind, WindowShape window) implements Stage {
  /** What is taken of a window. */
  public enum Kind {
    /** Its mean. */
    AVERAGE,
    /** Its maximum. */
    MAX
  }

  /** Checks the argument. */
  public Pooling {
    Objects.requireNonNull(kind, "kind");
  }

  /**
   * Means of squares that do not overlap.
   *
   * @param size rows and columns of the squares
   * @return the stage
   */
  public static Pooling average(int size) {
    return new Pooling(Kind.AVERAGE, WindowShape.of(size, size).stride(size, size));
  }

  /**
   * Means over all positions.
   *
   * @return the stage
   */
  public static Pooling global() {
    return new Pooling(Kind.AVERAGE, null);
  }

  /** The window for an argument of this shape. */
  WindowShape windowOn(Shape input) {
    return window == null ? WindowShape.of(input.height(), input.width()) : window;
  }

  @Override
  public Shape output(Shape input) {
    if (kind == Kind.MAX
        && window != null
        && (2 * window.padY() > window.kernelY() || 2 * window.padX() > window.kernelX())) {
      throw new IllegalArgumentException(this + ": pad must be at most half the window");
    }
    return windowOn(input).output(input, input.channels());
  }

  @Override
  public String toString() {
    String name = kind == Kind.MAX ? "max-pool" : "average-pool";
    return window == null
        ? "global-" + name
        : name + "(" + window.text(window.kernelY(), window.kernelX()) + ")";
  }
}
