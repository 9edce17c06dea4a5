package org.volterra;

import java.util.random.RandomGenerator;

/** Initial values of a parameter. */
@FunctionalInterface
interface Initializer {
  /** All zero. */
  Initializer ZERO = (random, row, column) -> 0;

  /** The identity matrix. */
  Initializer IDENTITY = (random, row, column) -> row == column ? 1 : 0;

  /** The value of element (row, column); called in row-major order. */
  double value(RandomGenerator random, int row, int column);

  /** Independent normal values. */
  static Initializer normal(double deviation) {
    return (random, row, column) -> deviation * random.nextGaussian();
  }
}
