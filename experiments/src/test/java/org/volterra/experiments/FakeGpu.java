package org.volterra.experiments;

import java.util.Arrays;

/**
 * The command line in a virtual machine of its own, with the driver library that the tests of the
 * kernels build: it is taken for the real one.
 */
public final class FakeGpu {
  private FakeGpu() {}

  /**
   * Loads the library and runs the command.
   *
   * @param arguments the library's path, then the command line
   */
  @SuppressWarnings("restricted")
  public static void main(String[] arguments) {
    System.load(arguments[0]);
    String[] command = Arrays.copyOfRange(arguments, 1, arguments.length);
    System.exit(Main.commandLine().execute(command));
  }
}
