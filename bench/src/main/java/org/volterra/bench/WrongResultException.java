package org.volterra.bench;

import java.util.function.Supplier;

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
    unlessClose(() -> what, actual, expected, tolerance);
  }

  /** The same for many numbers: what they are is written for a wrong one alone. */
  static void unlessClose(Supplier<String> what, double actual, double expected, double tolerance) {
    if (!(Math.abs(actual - expected) <= tolerance)) {
      throw new WrongResultException(
          what.get()
              + " is "
              + actual
              + ", but "
              + expected
              + " is right (tolerance "
              + tolerance
              + ")");
    }
  }
}
