package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user with a GPU runs, on the emulated driver of the kernels' tests. */
class GpuCommandsTest {
  @TempDir private Path folder;

  @Test
  void gpuCheckPrintsATableAndPasses() throws Exception {
    assertThat(FakeGpu.run("gpu-check", "--quick"))
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
    assertThat(FakeGpu.run("gpu-check", "--quick", "--only", "ger,gemm,network averaging"))
        .contains("gemm, large", "ger ", "network averaging:2x3", "products in bf16")
        .doesNotContain("gemv", "network dense")
        .contains("all 10 checks passed");
  }

  @Test
  void describePredictsTheMemoryOfTheDevice() throws Exception {
    assertThat(FakeGpu.run("describe", "fractional-1024-8", "--batch", "8", "--device", "cuda"))
        .contains(
            "training with a batch of 8 in float32: histories",
            " MiB (4.1 MiB more with --metric) in memory of the device (Imaginary GPU",
            " MiB left; scratch memory of its kernels comes on top");
  }

  @Test
  void benchGpuChecksTimesAndWrites() throws Exception {
    String output =
        FakeGpu.run(
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
