package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.volterra.bench.DepthPoint;
import org.volterra.bench.DepthResult;
import org.volterra.bench.DepthStudy;
import org.volterra.bench.Effort;
import org.volterra.bench.Timing;
import picocli.CommandLine;

class BenchCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private int run(String... arguments) {
    return new CommandLine(new BenchCommand())
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  @Test
  void helpNamesTheOptions() {
    assertThat(run("depth", "--help")).isZero();
    assertThat(out.toString()).contains("--layers", "--kernels", "--providers", "--full", "--out");
  }

  @Test
  void benchAloneAsksWhatToTime() {
    assertThat(run()).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(err.toString()).contains("depth or gemm");
  }

  @Test
  void mistakesAreOneLine() throws IOException {
    assertMistake("kernel 'dens'", "depth", "--kernels", "dens", "--out", folder.toString());
    assertMistake("'abacus'", "depth", "--providers", "abacus", "--out", folder.toString());
    assertMistake("layers 0", "depth", "--layers", "0", "--out", folder.toString());
    assertMistake("shape 'big'", "gemm", "--shapes", "big", "--out", folder.toString());
    Path file = Files.writeString(folder.resolve("occupied"), "");
    assertMistake("cannot write to the folder " + file, "depth", "--out", file.toString());
  }

  private void assertMistake(String message, String... arguments) {
    err.getBuffer().setLength(0);
    assertThat(run(arguments)).isEqualTo(1);
    assertThat(err.toString().lines()).singleElement().asString().contains(message);
  }

  @Test
  void chartShowsEveryCurve() {
    List<String> kernels = List.of("dense", "field:8", "scalar");
    List<DepthPoint> points = new ArrayList<>();
    for (String kernel : kernels) {
      for (int layers : new int[] {8, 64}) {
        double ms = layers * layers / 1000.0 * (kernels.indexOf(kernel) + 1);
        points.add(
            new DepthPoint(
                kernel, "scalar", layers, new Timing(ms, 0, 0, 1), new Timing(3 * ms, 0, 0, 1), 1));
      }
    }
    DepthStudy.Settings settings =
        new DepthStudy.Settings(kernels, List.of("scalar"), List.of(8, 64), 0, Effort.SHORT, 1);
    String svg =
        ScalingChart.svg(new DepthResult(settings, points, "JVM", List.of()), "a <machine> & more");
    for (String text :
        List.of(
            "dense, scalar, forward: L^2.00",
            "scalar, scalar, forward + backward: L^2.00",
            "number of layers L",
            "a &lt;machine&gt; &amp; more")) {
      assertThat(svg.contains(text)).as(text).isTrue();
    }
  }
}
