package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The command line in a virtual machine of its own, with the driver library that the tests of the
 * kernels build: it is taken for the real one.
 */
public final class FakeGpu {
  private static final Path DRIVER = Path.of("../cuda-kernels/target/fake-cuda/libcuda.so.1");

  private FakeGpu() {}

  /** Runs a command line that must succeed, and gives what it printed; skips where no driver is. */
  static String run(String... arguments) throws Exception {
    return run(List.of(), arguments);
  }

  /** The same with options of the virtual machine. */
  static String run(List<String> options, String... arguments) throws Exception {
    assumeTrue(
        Files.exists(DRIVER), "the tests of cuda-kernels, which build the driver, have not run");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Dvolterra.calibration=typical"));
    command.addAll(options);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            FakeGpu.class.getName(),
            DRIVER.toRealPath().toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

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
