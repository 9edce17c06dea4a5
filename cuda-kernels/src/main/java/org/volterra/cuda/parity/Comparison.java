package org.volterra.cuda.parity;

import org.volterra.spi.ElementType;

/** Collects the errors of the cases of one check and keeps the worst. */
final class Comparison {
  private final String name;
  private final ElementType type;
  private int cases;
  private double share = -1;
  private double error;
  private double bound;
  private String where = "";
  private String failure = "";

  Comparison(String name, ElementType type) {
    this.name = name;
    this.type = type;
  }

  /** Compares arrays element by element, within {@code absolute + relative * |expected|}. */
  void compare(
      double[] actual, double[] expected, double absolute, double relative, String description) {
    double[] bounds = new double[expected.length];
    for (int i = 0; i < expected.length; i++) {
      bounds[i] = absolute + relative * Math.abs(expected[i]);
    }
    compare(actual, expected, bounds, description);
  }

  /** Compares arrays element by element, each within its own bound. */
  void compare(double[] actual, double[] expected, double[] bounds, String description) {
    cases++;
    for (int i = 0; i < expected.length; i++) {
      double within = bounds[i];
      double off = distance(expected[i], actual[i]);
      double part = off == 0 ? 0 : off / within;
      if (part > share) {
        share = part;
        error = off;
        bound = within;
        where = description;
      }
    }
  }

  /** 0 for the same number and for two NaN, infinite if one is NaN. */
  private static double distance(double expected, double actual) {
    if (expected == actual || (Double.isNaN(expected) && Double.isNaN(actual))) {
      return 0;
    }
    double off = Math.abs(expected - actual);
    return Double.isNaN(off) ? Double.POSITIVE_INFINITY : off;
  }

  /** Something that is wrong however large an error may be; the first is kept. */
  void fail(String what) {
    if (failure.isEmpty()) {
      failure = what;
    }
  }

  ParityResult result() {
    return new ParityResult(name, type, cases, error, bound, where, failure);
  }
}
