package org.volterra.sum;

import org.volterra.kernel.DepthFunction;
import org.volterra.spi.Matrix;

/**
 * Tables of values of a kernel a(t, s; θ), which follow the parameters from pass to pass, and the
 * gradient of θ as it follows from those of the values. Not thread-safe.
 */
interface ParametricValues {
  /** The depths of the values of a table, always in the same order. */
  @FunctionalInterface
  interface Pairs {
    /** Visits all pairs. */
    void forEach(Visitor visitor);
  }

  /** Takes a pair of depths. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Takes a pair.
     *
     * @param index where its value lies in the table, row after row
     * @param t depth of the layer that sums
     * @param s depth of the layer that is summed
     */
    void pair(int index, double t, double s);
  }

  /** Values, and their gradients. */
  interface Table {
    /** The values; those that no pair has mean nothing. */
    Matrix values();

    /** Where the gradients of the values are collected, or null for inference. */
    Matrix slopes();

    /** Computes the values. */
    void fill();

    /** Takes the gradients of the values, 0 where there is no pair. */
    void drain();
  }

  /** Whether the host evaluates a. */
  boolean usesHost();

  /** Whether the gradient of θ is wanted. */
  boolean hasGradient();

  /** Takes the parameters of a pass that begins; false if no table need be filled again. */
  boolean refresh();

  /** a with the parameters of the last pass. */
  DepthFunction present();

  /** A table. */
  Table table(SumMemory memory, String name, int rows, int columns, Pairs pairs);

  /** Called when all tables are drained. */
  void endGradient();
}
