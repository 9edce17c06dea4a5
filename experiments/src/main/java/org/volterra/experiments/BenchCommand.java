package org.volterra.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.volterra.Engine;
import org.volterra.bench.DepthPoint;
import org.volterra.bench.DepthResult;
import org.volterra.bench.DepthStudy;
import org.volterra.bench.Effort;
import org.volterra.bench.GemmStudy;
import org.volterra.bench.Machine;
import org.volterra.bench.ResultFile;
import org.volterra.bench.ResultTable;
import org.volterra.spi.ComputeProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code volterra bench}: times the engine and writes what came out, with the machine that it came
 * from.
 */
@Command(
    name = "bench",
    description = "Time the engine: passes against depth, matrix products.",
    mixinStandardHelpOptions = true,
    subcommands = {BenchCommand.Depth.class, BenchCommand.Gemm.class})
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "bench: say what to time, depth or gemm");
  }

  /** What both benchmarks share. */
  static final class Common {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
        names = "--providers",
        split = ",",
        paramLabel = "NAME",
        description = "Providers; by default the fastest that runs here, with --full all of them.")
    private List<String> providers;

    @Option(
        names = "--threads",
        defaultValue = "0",
        paramLabel = "N",
        description = "Threads of the providers; 0 (the default) for all processors.")
    private int threads;

    @Option(
        names = "--full",
        description =
            "Three virtual machines and ten iterations of a second each, for results to keep.")
    private boolean full;

    @Option(
        names = "--out",
        defaultValue = "bench/results",
        paramLabel = "DIR",
        description =
            "Folder for the results, made if it does not exist (default: ${DEFAULT-VALUE}).")
    private Path out;

    @Option(names = "--verbose", description = "Show the output of JMH.")
    private boolean verbose;

    private Effort effort() {
      return full ? Effort.FULL : Effort.SHORT;
    }

    private PrintWriter print() {
      return spec.commandLine().getOut();
    }

    private void line(String text) {
      print().println(text);
      print().flush();
    }

    /**
     * The providers to time, each opened once so that one that cannot run is an error now and not
     * later.
     */
    private List<String> chosenProviders() {
      if (providers == null) {
        List<String> available =
            Engine.candidates().stream()
                .filter(Engine.Candidate::available)
                .map(Engine.Candidate::name)
                .toList();
        return full ? available : available.subList(0, 1);
      }
      for (String name : providers) {
        try (ComputeProvider provider = Engine.open(name, threads)) {
          if (!provider.name().equals(name)) {
            throw new IllegalArgumentException(
                "provider '" + name + "': name it, such as " + provider.name());
          }
        }
      }
      return providers;
    }

    private void announce(double seconds) {
      line(
          String.format(
              Locale.ROOT,
              "%s run, about %s; do not use the machine for other work meanwhile",
              effort().name(),
              seconds < 100
                  ? Math.round(seconds) + " seconds"
                  : Math.round(seconds / 60) + " minutes"));
    }

    /** Runs a benchmark; whatever its user can mend is one line and exit code 1. */
    private int guarded(Benchmark benchmark) {
      try {
        Machine machine = Machine.here();
        Instant now = Instant.now();
        benchmark.run(machine, new ResultFile(out, machine, now));
        return 0;
      } catch (IOException | IllegalArgumentException | IllegalStateException e) {
        spec.commandLine().getErr().println("volterra: error: " + e.getMessage());
        spec.commandLine().getErr().flush();
        return 1;
      }
    }
  }

  /** What differs. */
  @FunctionalInterface
  private interface Benchmark {
    void run(Machine machine, ResultFile results) throws IOException;
  }

  /** {@code volterra bench depth}. */
  @Command(
      name = "depth",
      description =
          "Time forward and backward passes over the number of layers L and fit time ~ L^p.",
      mixinStandardHelpOptions = true)
  static final class Depth implements Callable<Integer> {
    private static final List<Integer> SHORT_DEPTHS = List.of(8, 16, 32, 64, 128);
    private static final List<Integer> FULL_DEPTHS = List.of(8, 16, 32, 64, 128, 256);

    @Mixin private Common common;

    @Option(
        names = "--layers",
        split = ",",
        paramLabel = "L",
        description = "Numbers of layers (default: 8,16,32,64,128, with --full also 256).")
    private List<Integer> layers;

    @Option(
        names = "--kernels",
        split = ",",
        defaultValue = "dense,field:8,scalar",
        paramLabel = "KERNEL",
        description =
            "Kernels: dense, field:M with M intervals, scalar (default: ${DEFAULT-VALUE}).")
    private List<String> kernels;

    @Option(
        names = "--longest",
        paramLabel = "SECONDS",
        description =
            "Leave out points where one call is expected to take longer (default: 2, with --full"
                + " 60).")
    private Double longest;

    @Override
    public Integer call() {
      return common.guarded(this::run);
    }

    private void run(Machine machine, ResultFile results) throws IOException {
      List<Integer> depths = layers != null ? layers : common.full ? FULL_DEPTHS : SHORT_DEPTHS;
      double limit = longest == null ? (common.full ? 60 : 2) : longest;
      DepthStudy study =
          new DepthStudy(
              new DepthStudy.Settings(
                  kernels,
                  common.chosenProviders(),
                  depths,
                  common.threads,
                  common.effort(),
                  limit));
      common.announce(study.expectedSeconds());
      for (DepthStudy.Planned point : study.leftOut()) {
        common.line(
            String.format(
                Locale.ROOT,
                "left out: %s, a call takes more than %s s (--longest)",
                point,
                limit));
      }
      DepthResult result = study.run(common.verbose, this::progress);
      common.line(String.format(Locale.ROOT, "%n%s", ResultTable.of(result)));
      Path json = results.write(result);
      Path svg = json.resolveSibling(json.getFileName().toString().replace(".json", ".svg"));
      Files.writeString(svg, ScalingChart.svg(result, origin(machine, result)));
      common.line(String.format(Locale.ROOT, "written: %s%nwritten: %s", json, svg));
    }

    private void progress(int done, int total, DepthPoint p) {
      common.line(
          String.format(
              Locale.ROOT,
              "[%d/%d] %s on %s, L = %d: forward %.3f ms, forward + backward %.3f ms",
              done,
              total,
              p.kernel(),
              p.provider(),
              p.layers(),
              p.forward().milliseconds(),
              p.gradient().milliseconds()));
    }

    private String origin(Machine machine, DepthResult result) {
      return String.format(
          Locale.ROOT,
          "float32, 64 channels, batch of 64, %s, %s run; exponents with 95 %% intervals"
              + "\n%s, %d processors, %s",
          common.threads == 0 ? "all processors" : common.threads + " threads",
          result.settings().effort().name(),
          machine.cpu(),
          machine.processors(),
          result.virtualMachine());
    }
  }

  /** {@code volterra bench gemm}. */
  @Command(
      name = "gemm",
      description = "Time matrix products at the shapes of the network's layers.",
      mixinStandardHelpOptions = true)
  static final class Gemm implements Callable<Integer> {
    @Mixin private Common common;

    @Option(
        names = "--shapes",
        split = ",",
        paramLabel = "SHAPE",
        description = "forward:L, transposed:L, weights:L for the products of layer L, or MxNxK.")
    private List<String> shapes = GemmStudy.SHAPES;

    @Override
    public Integer call() {
      return common.guarded(this::run);
    }

    private void run(Machine machine, ResultFile results) throws IOException {
      GemmStudy study =
          new GemmStudy(shapes, common.chosenProviders(), common.threads, common.effort());
      common.announce(study.expectedSeconds());
      GemmStudy.Result result = study.run(common.verbose, this::progress);
      common.line(String.format(Locale.ROOT, "%n%s", ResultTable.of(result)));
      common.line(String.format(Locale.ROOT, "written: %s", results.write(result)));
    }

    private void progress(GemmStudy.Point p) {
      common.line(
          String.format(
              Locale.ROOT,
              "%s on %s: %.4f ms, %.1f GF/s",
              p.shape(),
              p.provider(),
              p.product().milliseconds(),
              p.product().gigaflops()));
    }
  }
}
