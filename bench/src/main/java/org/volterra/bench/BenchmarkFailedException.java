package org.volterra.bench;

/** Says that a benchmark gave no result, and why. */
public final class BenchmarkFailedException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /**
   * A new exception.
   *
   * @param message which benchmark and why
   * @param cause the cause, or null
   */
  public BenchmarkFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
