package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Kernels of all families stay within their operands and their shared memory. */
final class SanitizedKernelsTest {
  @TempDir static Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "attention_sanitized.cpp",
        "hopper_sanitized.cpp",
        "kernels_sanitized.cpp",
        "passes_sanitized.cpp",
        "products_sanitized.cpp",
        "spectra_sanitized.cpp",
        "tensor_sanitized.cpp",
        "transforms_sanitized.cpp"
      })
  void kernelsPassTheAddressSanitizer(String source) {
    NativeCompiler.assumePresent();
    Path program = NativeCompiler.sanitizedProgram(Path.of("src/test/cpp", source), folder);
    NativeCompiler.Result result = NativeCompiler.run(program.toString());
    assertThat(result.status()).as(result.output()).isZero();
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
