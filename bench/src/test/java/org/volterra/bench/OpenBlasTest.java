package org.volterra.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpenBlasTest {
  private static final List<Path> USUAL =
      List.of(
          Path.of("/usr/lib/x86_64-linux-gnu/libopenblas.so.0"),
          Path.of("/usr/lib/aarch64-linux-gnu/libopenblas.so.0"),
          Path.of("/usr/lib64/libopenblas.so.0"));

  @TempDir private Path folder;

  @Test
  void processorsWithAvx512GetTheirKernels() {
    assertThat(OpenBlas.core("flags : fma avx512f avx512_bf16")).isEqualTo("SkylakeX");
    assertThat(OpenBlas.core("flags : fma avx512f")).isEqualTo("SkylakeX");
    assertThat(OpenBlas.core("flags : fma avx2")).isNull();
  }

  @Test
  void missingLibraryIsRefused() {
    Path missing = folder.resolve("libopenblas.so");
    assertThatThrownBy(() -> new OpenBlas(missing, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no such library: " + missing);
  }

  @ParameterizedTest
  @ValueSource(strings = {"16x24x48", "transposed:2", "weights:2"})
  void installedLibraryComputesProducts(String shape) {
    Path library = USUAL.stream().filter(Files::exists).findFirst().orElse(null);
    Assumptions.assumeTrue(library != null, "OpenBLAS is not installed");
    Gemm benchmark = new Gemm();
    benchmark.shape = shape;
    benchmark.engine = "openblas";
    benchmark.library = library.toString();
    benchmark.threads = 1;
    try {
      benchmark.setup();
      assertThat(benchmark.product()).isNotNull();
    } finally {
      benchmark.close();
    }
  }
}
