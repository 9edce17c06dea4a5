package org.volterra.bench;

/** Says that what was to be timed computes something wrong. */
public final class WrongResultException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /**
   * A new exception.
   *
   * @param message which quantity is wrong, with both values
   */
  public WrongResultException(String message) {
    super(message);
  }

  /** Compares, in a form that NaN fails. */
  static void unlessClose(String what, double actual, double expected, double tolerance) {
    if (!(Math.abs(actual - expected) <= tolerance)) {
      throw of(what, actual, expected, tolerance);
    }
  }

  static WrongResultException of(String what, double actual, double expected, double tolerance) {
    return new WrongResultException(
        what + " is " + actual + ", but " + expected + " is right (tolerance " + tolerance + ")");
  }
}
