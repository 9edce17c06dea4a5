package org.volterra.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
import org.volterra.bench.Origin;
import org.volterra.bench.PeerCase;
import org.volterra.bench.PeerResult;
import org.volterra.bench.Spread;
import org.volterra.bench.Timing;

class BenchCommandTest {
  private static final Origin ORIGIN = new Origin(Effort.SHORT, "JVM", List.of());

  @TempDir private Path folder;

  private CommandLineRun bench(String... arguments) {
    List<String> all = new ArrayList<>(List.of("bench"));
    all.addAll(List.of(arguments));
    return CommandLineRun.of(all.toArray(String[]::new));
  }

  @Test
  void helpNamesTheOptions() {
    assertThat(bench("depth", "--help").succeeded().out())
        .contains("--layers", "--kernels", "--providers", "--full", "--out");
    for (String command :
        List.of(
            "gemm",
            "step",
            "activation",
            "overhead",
            "regions",
            "start",
            "cliffs",
            "peers",
            "compare")) {
      assertThat(bench(command, "--help").succeeded().out()).contains("--out");
    }
  }

  @Test
  void benchAloneAsksWhatToTime() {
    bench()
        .refused(
            "depth, gemm, step, activation, attention, overhead, regions, start, cliffs,"
                + " out-of-core, gpu, peers, compare");
  }

  @Test
  void mistakesAreRefused() {
    bench("depth", "--kernels", "dens").refused("kernel 'dens'");
    bench("depth", "--kernels", "dense@fast").refused("dense is summed by direct");
    bench("depth", "--providers", "abacus").refused("'abacus'");
    bench("depth", "--layers", "0").refused("layers 0");
    bench("depth", "--threads", "-1").refused("threads -1");
    bench("gemm", "--shapes", "big").refused("shape 'big'");
    bench("gemm", "--openblas", "nowhere.so").refused("no such library: nowhere.so");
    bench("step", "--sizes", "64x64").refused("size '64x64'");
    bench("activation", "--functions", "step").refused("'step'");
    bench("overhead", "--kernels", "tiny").refused("kernel 'tiny'");
    bench("regions", "--threads", "2,0").refused("threads 0: must be at least 1");
    bench("cliffs", "--jvms", "0").refused("jvms 0");
    bench("start", "--seconds", "0.1").refused("seconds 0.1");
    bench("gpu", "--steps", "dense:4").refused("size '4'");
    bench("gpu", "--elements", "9").refused("9 elements");
    bench("out-of-core", "--size", "big").refused("size 'big'");
    bench("out-of-core", "--kernel", "dens").refused("kernel 'dens'");
    bench("out-of-core", "--rounds", "0").refused("rounds 0");
    bench("out-of-core", "--size", "16x16x700", "--folder", folder.resolve("no").toString())
        .failed("no such folder");
    bench("peers").refused("--python");
    bench("peers", "--python", "python3", "--script", "no.py").refused("no such script: no.py");
    bench("compare", "abc").refused("B");
  }

  @Test
  void mistakesOfPeersAreRefused() throws IOException {
    Path script = Files.writeString(folder.resolve("peer.py"), "");
    String[] start = {"peers", "--python", "python3", "--script", script.toString()};
    for (String[] pair :
        new String[][] {
          {"--cases", "dense"}, {"--variants", "quick"}, {"--works", "play"}, {"--threads", "0"}
        }) {
      List<String> arguments = new ArrayList<>(List.of(start));
      arguments.addAll(List.of(pair));
      bench(arguments.toArray(String[]::new)).refused(pair[1]);
    }
  }

  @Test
  void folderThatCannotBeWrittenIsOneLine() throws IOException {
    Path file = Files.writeString(folder.resolve("occupied"), "");
    bench("depth", "--out", file.toString()).failed("cannot write to the folder " + file);
  }

  @Test
  void changesBetweenCommitsAreShown() throws IOException {
    bench("compare", "a", "b", "--out", folder.toString()).failed("history.jsonl does not exist");
    Files.writeString(
        folder.resolve("history.jsonl"), line("aaa1", 10) + "\n" + line("bbb2", 5) + "\n");
    assertThat(bench("compare", "a", "b", "--out", folder.toString()).succeeded().out())
        .contains("aaa1 to bbb2: 1 of 1 measurements changed", "layers=8 forward ms", "better");
    bench("compare", "a", "c", "--out", folder.toString()).refused("commit 'c' fits none");
  }

  private static String line(String commit, double value) {
    return ("{'commit':'%s','time':'2026-01-02T03:04:05Z','cpu':'X','processors':2,"
            + "'virtualMachine':'V','benchmark':'depth','parameters':{'layers':'8'},"
            + "'quantity':'forward ms','value':%s,'low':null,'high':null,'forks':3}")
        .formatted(commit, value)
        .replace('\'', '"');
  }

  @Test
  void cliffsDecideTheExitCode() {
    String[] arguments = {
      "cliffs",
      "--jvms",
      "2",
      "--seconds",
      "1",
      "--size",
      "2x4x2",
      "--provider",
      "scalar",
      "--out",
      folder.toString()
    };
    CommandLineRun run = bench(arguments);
    boolean fell = run.out().contains("cliff: ");
    assertThat(run.code()).isEqualTo(fell ? 1 : 0);
    assertThat(run.out()).contains("to steady speed", fell ? "fell off a cliff" : "no cliffs");
    assertThat(folder).isDirectoryContaining("glob:**-cliffs.json");
  }

  @Test
  void historiesBeyondMemoryAreTimed() {
    CommandLineRun run =
        bench(
                "out-of-core",
                "--size",
                "16x16x700",
                "--rounds",
                "6",
                "--folder",
                folder.toString(),
                "--out",
                folder.resolve("results").toString())
            .succeeded();
    assertThat(run.out()).contains("16x16x700", "in memory ms", "in file ms", "times the speed");
    assertThat(folder.resolve("results"))
        .isDirectoryContaining("glob:**-out-of-core.json")
        .isDirectoryContaining("glob:**history.jsonl");
    assertThat(folder).isDirectoryNotContaining("glob:**.history");
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
    String svg = ScalingChart.svg(new DepthResult(settings, points, ORIGIN), "a <machine> & more");
    for (String text :
        List.of(
            "dense, scalar, forward: L^2.00",
            "scalar, scalar, forward + backward: L^2.00",
            "number of layers L",
            "a &lt;machine&gt; &amp; more")) {
      assertThat(svg.contains(text)).as(text).isTrue();
    }
  }

  @Test
  void chartShowsEveryRatio() {
    List<PeerResult.Point> points = new ArrayList<>();
    for (String variant : List.of("concat", "buffer")) {
      for (int threads : new int[] {1, 2}) {
        Spread ratio = Spread.of(1.5, 2, 3);
        points.add(
            new PeerResult.Point(
                PeerCase.parse("dense:2x3x4"),
                "step",
                variant,
                threads,
                ratio,
                ratio,
                ratio,
                1,
                1));
      }
    }
    String svg = RatioChart.svg(new PeerResult("PyTorch 2", points, ORIGIN), "a machine");
    for (String text :
        List.of(
            "dense:2x3x4 step, 1 thread",
            "dense:2x3x4 step, 2 threads",
            "PyTorch, concat",
            "PyTorch, buffer",
            "time of PyTorch / time of Volterra",
            "a machine")) {
      assertThat(svg.contains(text)).as(text).isTrue();
    }
  }
}
