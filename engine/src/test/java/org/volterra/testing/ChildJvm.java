package org.volterra.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Another virtual machine on the class path of the tests.
 *
 * @param exit its exit code
 * @param output what it wrote, to standard error too
 */
public record ChildJvm(int exit, String output) {
  /** Starts one; its output goes to a file. */
  public static Process start(Path output, List<String> options, Class<?> main, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  /** Runs one to its end, for two minutes at most. */
  public static ChildJvm run(Path folder, List<String> options, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    Path output = folder.resolve("output.txt");
    Process process = start(output, options, main, arguments);
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("%s ends", main).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new ChildJvm(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
  }

  /** The options with which {@link TestProvider} is there what it is here. */
  public static List<String> sameProvider() {
    List<String> options = new ArrayList<>(List.of("--add-modules", "jdk.incubator.vector"));
    for (String property : List.of("volterra.test.provider", "volterra.vector.bits")) {
      String value = System.getProperty(property);
      if (value != null) {
        options.add("-D" + property + "=" + value);
      }
    }
    return options;
  }
}
