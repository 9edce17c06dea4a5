package org.volterra.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels of most families stay within their operands and their shared memory. */
final class SanitizedKernelsTest {
  private static final Path PROGRAM = Path.of("src/test/cpp/kernels_sanitized.cpp");

  @TempDir static Path folder;

  @Test
  void kernelsPassTheAddressSanitizer() {
    NativeCompiler.assumePresent();
    Path program = NativeCompiler.sanitizedProgram(PROGRAM, folder);
    NativeCompiler.Result result = NativeCompiler.run(program.toString());
    assertThat(result.status()).as(result.output()).isZero();
  }
}
