package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** All kernels stay within their operands and their shared memory, whatever order warps run in. */
final class SanitizedKernelsTest {
  private static final Map<String, NativeCompiler.Result> RUNS = new ConcurrentHashMap<>();

  @TempDir static Path folder;

  static List<String> programs() {
    return List.of(
        "attention_sanitized.cpp",
        "axpby_sanitized.cpp",
        "hopper_sanitized.cpp",
        "kernels_sanitized.cpp",
        "layer_sanitized.cpp",
        "passes_sanitized.cpp",
        "products_sanitized.cpp",
        "spectra_sanitized.cpp",
        "tensor_sanitized.cpp",
        "transforms_sanitized.cpp");
  }

  /** What a program wrote, which is run once. */
  private static NativeCompiler.Result run(String program) {
    return RUNS.computeIfAbsent(
        program,
        name -> {
          Path source = Path.of("src/test/cpp", name);
          return NativeCompiler.run(NativeCompiler.sanitizedProgram(source, folder).toString());
        });
  }

  @ParameterizedTest
  @MethodSource("programs")
  void kernelsPassTheAddressSanitizer(String program) {
    NativeCompiler.assumePresent();
    NativeCompiler.Result result = run(program);
    assertThat(result.status()).as(result.output()).isZero();
  }

  @Test
  void everyKernelIsRun() {
    NativeCompiler.assumePresent();
    assertThat(programs())
        .flatMap(program -> run(program).output().lines().toList())
        .filteredOn(line -> line.startsWith("ran "))
        .map(line -> line.substring("ran ".length()))
        .containsAll(
            KernelImagesTest.kernels().stream()
                .map(kernel -> kernel.substring(kernel.indexOf(' ') + 1))
                .toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"-DWITHOUT_BARRIER", "-DWAITS_FOR_FEWER"})
  void aBrokenPipelineOfCopiesIsNoticed(String fault) {
    NativeCompiler.assumePresent();
    Path source = Path.of("src/test/cpp/tensor_sanitized.cpp");
    Path program = NativeCompiler.program(source, folder, fault);
    NativeCompiler.Result result = NativeCompiler.run(program.toString());
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.output()).contains("tf32 small nn: wrong", "bf16 wide tt: wrong");
  }

  @ParameterizedTest
  @CsvSource({
    "-DWAITS_FOR_FEWER, tf32 hopper nn: wrong",
    "-DWITHOUT_BARRIER, bf16 hopper tt: wrong"
  })
  void aBrokenPipelineOfTilesIsNoticed(String fault, String message) {
    NativeCompiler.assumePresent();
    Path source = Path.of("src/test/cpp/hopper_sanitized.cpp");
    Path program = NativeCompiler.program(source, folder, fault);
    NativeCompiler.Result result = NativeCompiler.run(program.toString());
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.output()).contains(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-DWITHOUT_BARRIER", "-DWITHOUT_TICKETS"})
  void aBrokenPassThroughLayersIsNoticed(String fault) {
    NativeCompiler.assumePresent();
    Path source = Path.of("src/test/cpp/passes_sanitized.cpp");
    Path program = NativeCompiler.program(source, folder, fault);
    NativeCompiler.Result result = NativeCompiler.run(program.toString());
    assertThat(result.status()).isNotZero(); // 2, unless wild writes end it before
    assertThat(result.output()).contains("dense adjoint: wrong for 37 x 36");
  }
}
