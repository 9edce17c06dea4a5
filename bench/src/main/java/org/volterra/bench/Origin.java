package org.volterra.bench;

import java.util.List;

/**
 * How something was measured.
 *
 * @param effort repetitions
 * @param virtualMachine name and version of the virtual machine that was timed
 * @param flags its flags
 */
public record Origin(Effort effort, String virtualMachine, List<String> flags) {
  /** Copies the list. */
  public Origin {
    flags = List.copyOf(flags);
  }

  /**
   * Of processes that are started with the virtual machine that this one runs on.
   *
   * @param effort repetitions
   * @param flags the flags that they are started with
   * @return the origin
   */
  public static Origin ofThisJvm(Effort effort, List<String> flags) {
    return new Origin(effort, System.getProperty("java.vm.name") + " " + Runtime.version(), flags);
  }
}
