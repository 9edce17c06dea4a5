package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user with a GPU runs, on the emulated driver of the kernels' tests. */
class GpuCommandsTest {
  private static final Path DRIVER = Path.of("../cuda-kernels/target/fake-cuda/libcuda.so.1");

  @TempDir private Path folder;

  private static String run(String... arguments) throws Exception {
    assumeTrue(
        Files.exists(DRIVER), "the tests of cuda-kernels, which build the driver, have not run");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-Dvolterra.calibration=typical",
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

  @Test
  void gpuCheckPrintsATableAndPasses() throws Exception {
    assertThat(run("gpu-check", "--quick"))
        .contains(
            "Imaginary GPU",
            "gemm ",
            "float64",
            "network dense",
            "share",
            "products in tf32",
            "products in bf16",
            "checks passed")
        .doesNotContain("FAILED");
  }

  @Test
  void gpuCheckRunsTheChecksThatAreNamed() throws Exception {
    assertThat(run("gpu-check", "--quick", "--only", "ger,gemm,network averaging"))
        .contains("gemm, large", "ger ", "network averaging:2x3", "products in bf16")
        .doesNotContain("gemv", "network dense")
        .contains("all 10 checks passed");
  }

  @Test
  void benchGpuChecksTimesAndWrites() throws Exception {
    String output =
        run(
            "bench",
            "gpu",
            "--elements",
            "2048",
            "--product",
            "33",
            "--inner",
            "40",
            "--rotated",
            "0.01",
            "--steps",
            "dense:4x3x2,fractional:4x3x9",
            "--products",
            "tf32",
            "--out",
            folder.toString());
    assertThat(output)
        .contains(
            "Imaginary GPU",
            "products in tf32",
            "% of copy",
            "gemm-tn:40x33x33",
            "step:fractional:4x3x9");
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(f -> f.getFileName().toString()))
          .anyMatch(name -> name.endsWith("-gpu.json"))
          .contains("history.jsonl");
    }
  }
}
