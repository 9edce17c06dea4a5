package org.volterra.bench;

import java.util.function.Consumer;

/** Something that can be measured: planned with its expected duration, then run. */
public interface Study {
  /**
   * A guess of the duration of the whole run; it may be wrong by a factor of two.
   *
   * @return seconds
   */
  double expectedSeconds();

  /**
   * Measures everything, each point in fresh virtual machines.
   *
   * @param verbose whether the output of the virtual machines is shown
   * @param progress hears a line for each point
   * @return the results
   * @throws BenchmarkFailedException if a virtual machine could not run or a result is wrong
   */
  StudyResult run(boolean verbose, Consumer<String> progress);
}
