package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Compiles C++ for the tests with g++; tests that need it are skipped where it is not there. */
final class NativeCompiler {
  private static final String COMPILER = "g++";

  /** What a program wrote and how it ended. */
  record Result(int status, String output) {}

  private NativeCompiler() {}

  static void assumePresent() {
    String missing = missing();
    assumeTrue(missing.isEmpty(), missing);
  }

  /** What is missing here to run kernels on the CPU, or an empty text. */
  static String missing() {
    if (!System.getProperty("os.name").equals("Linux")) {
      return "the CPU harness for kernels needs Linux";
    }
    boolean found =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, COMPILER)));
    return found ? "" : "no g++ on the PATH: kernels are not tested on the CPU";
  }

  /** Compiles a driver library that the dynamic loader takes for the real one. */
  static void driver(Path source, Path library) {
    compile(source, library, List.of("-shared", "-fPIC", "-Wl,-soname,libcuda.so.1"));
  }

  /** Compiles a source to a library, or takes the one that is there from an earlier call. */
  static Path library(Path source, Path folder, String... options) {
    Path library = folder.resolve(stem(source) + String.join("", options) + ".so");
    if (Files.notExists(library)) {
      compile(source, library, concat(options, "-shared", "-fPIC"));
    }
    return library;
  }

  /** Compiles a source to a program. */
  static Path program(Path source, Path folder, String... options) {
    Path program = folder.resolve(stem(source) + String.join("", options));
    compile(source, program, List.of(options));
    return program;
  }

  /**
   * Compiles a source to a program under the address sanitizer, in which kernels are found by their
   * names, or skips the test without one.
   */
  static Path sanitizedProgram(Path source, Path folder, String... options) {
    Path empty = folder.resolve("empty.cpp");
    Path check = folder.resolve("empty");
    write(empty, "int main() { return 0; }\n");
    assumeTrue(
        run(COMPILER, "-fsanitize=address", "-o", check.toString(), empty.toString()).status() == 0
            && run(check.toString()).status() == 0,
        "g++ here has no address sanitizer");
    Path program = folder.resolve(stem(source));
    compile(source, program, concat(options, "-fsanitize=address", "-rdynamic"));
    return program;
  }

  static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new AssertionError("cannot write " + file, e);
    }
  }

  static Result run(String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Result(process.waitFor(), output);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError("cannot run " + Arrays.toString(command), e);
    }
  }

  private static void compile(Path source, Path target, List<String> options) {
    List<String> command =
        new ArrayList<>(
            List.of(COMPILER, "-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror"));
    command.add("-Wno-unknown-pragmas"); // nvcc's unrolling
    command.add("-fno-gnu-unique"); // each library has a machine of its own
    // A product and a sum stay two roundings unless the kernel says fma, as for the Java loop.
    command.add("-ffp-contract=off");
    command.addAll(List.of("-Isrc/test/cpp", "-Isrc/main/cuda", "-Isrc/test/cuda"));
    command.addAll(options);
    command.addAll(List.of("-o", target.toString(), source.toString()));
    Result result = run(command.toArray(String[]::new));
    assertThat(result.status()).as("%s%n%s", command, result.output()).isZero();
  }

  private static List<String> concat(String[] options, String... more) {
    return Stream.concat(Stream.of(options), Stream.of(more)).toList();
  }

  private static String stem(Path source) {
    return source.getFileName().toString().replaceFirst("\\.cpp$", "");
  }
}
