package org.volterra.experiments;

import org.volterra.Engine;
import org.volterra.spi.ComputeProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options for where to compute. */
final class DeviceOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"--device", "--provider"},
      defaultValue = "auto",
      paramLabel = "NAME",
      description =
          "auto, panama, scalar or cuda; see 'volterra info' (default: ${DEFAULT-VALUE}).")
  String provider;

  @Option(
      names = "--threads",
      defaultValue = "0",
      paramLabel = "N",
      description = "Threads; 0 for all processors (default: ${DEFAULT-VALUE}).")
  private int threads;

  /**
   * Checks what can be checked before the device is opened.
   *
   * @throws ParameterException if the number of threads is negative
   */
  void check() {
    if (threads < 0) {
      throw new ParameterException(
          spec.commandLine(), "--threads " + threads + ": must not be negative");
    }
  }

  /**
   * Opens the device.
   *
   * @return the provider, owned by the caller
   * @throws ParameterException if there is none of that name, or it refuses the number of threads
   */
  ComputeProvider open() {
    try {
      return Engine.open(provider, threads);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
