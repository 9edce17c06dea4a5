package org.volterra.train;

/**
 * Training met a NaN or an infinity and stopped; the message names epoch, batch, layer and
 * quantity.
 */
public final class NonFiniteException extends ArithmeticException {
  private static final long serialVersionUID = 1;

  NonFiniteException(String message) {
    super(message);
  }
}
