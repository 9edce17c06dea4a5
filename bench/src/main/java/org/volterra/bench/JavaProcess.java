package org.volterra.bench;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Fresh virtual machines as users start them. */
final class JavaProcess {
  /** The only flags that the engine needs; the rest is what a user who embeds it has anyway. */
  static final List<String> EMBEDDING_FLAGS = List.of("--add-modules", "jdk.incubator.vector");

  /**
   * The flags of {@code ./volterra}. What is computed on lies outside the heap; but until vector
   * code is compiled its vectors are objects, 100 MB of garbage in a second, for which other
   * collectors let the heap grow.
   */
  static final List<String> LAUNCHER_FLAGS =
      List.of(
          "--add-modules",
          "jdk.incubator.vector",
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+UseSerialGC",
          "-Xmn32m");

  private JavaProcess() {}

  /** The command that runs a main class of this class path. */
  static List<String> command(List<String> flags, Class<?> main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.add("-cp");
    command.add(classPath());
    command.add(main.getName());
    command.addAll(arguments);
    return command;
  }

  /** With absolute names: a process may be started in another folder. */
  private static String classPath() {
    List<String> absolute = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      absolute.add(Path.of(entry).toAbsolutePath().toString());
    }
    return String.join(File.pathSeparator, absolute);
  }
}
