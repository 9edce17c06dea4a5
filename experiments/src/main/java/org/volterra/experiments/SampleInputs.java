package org.volterra.experiments;

import java.io.IOException;
import java.util.List;

/** Samples without labels, as they are before they are scaled. */
interface SampleInputs {
  /** Number of samples, at least 1. */
  int count();

  /** Numbers of a sample. */
  int width();

  /**
   * Checks that samples fit a network.
   *
   * @param needed numbers that it takes
   * @param shape the same for people
   */
  void requireWidth(int needed, String shape) throws IOException;

  /** Reads a sample. */
  void read(int sample, double[] target, int offset) throws IOException;

  /** The file of each sample, none if one holds all. */
  default List<String> names() {
    return List.of();
  }
}
