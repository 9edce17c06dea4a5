package org.volterra.study;

import java.util.ArrayList;
import java.util.List;

/**
 * A polyline that belongs to one depth.
 *
 * @param kind what it shows
 * @param name its name, such as that of a component; empty if there is one alone
 * @param x abscissae
 * @param y as many ordinates
 */
public record Curve(Kind kind, String name, List<Double> x, List<Double> y) {
  /** What a curve shows, and thereby which plot it belongs to. */
  public enum Kind {
    /** A state x(t) against depth t. */
    TRAJECTORY,
    /** The loss against iterations. */
    LOSS,
    /** The norm of a layer's gradient against depth t. */
    GRADIENT,
    /** The norm of a layer's state against depth t. */
    STATE_NORM
  }

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if they differ in length
   */
  public Curve {
    x = List.copyOf(x);
    y = List.copyOf(y);
    if (x.size() != y.size()) {
      throw new IllegalArgumentException(
          "curve '" + name + "' has " + x.size() + " x and " + y.size() + " y");
    }
  }

  /**
   * A curve from arrays.
   *
   * @param kind what it shows
   * @param name its name
   * @param x abscissae
   * @param y as many ordinates
   * @return the curve
   * @throws IllegalArgumentException if they differ in length
   */
  public static Curve of(Kind kind, String name, double[] x, double[] y) {
    return new Curve(kind, name, boxed(x), boxed(y));
  }

  /**
   * Values at 0, 1, 2 ….
   *
   * @param kind what it shows
   * @param name its name
   * @param y ordinates
   * @return the curve
   */
  public static Curve of(Kind kind, String name, double[] y) {
    double[] x = new double[y.length];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
    }
    return of(kind, name, x, y);
  }

  private static List<Double> boxed(double[] values) {
    List<Double> list = new ArrayList<>(values.length);
    for (double value : values) {
      list.add(value);
    }
    return list;
  }
}
