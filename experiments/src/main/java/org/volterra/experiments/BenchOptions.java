package org.volterra.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.volterra.Engine;
import org.volterra.bench.Effort;
import org.volterra.bench.Machine;
import org.volterra.bench.ResultFile;
import org.volterra.bench.Study;
import org.volterra.bench.StudyResult;
import org.volterra.spi.ComputeProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all benchmarks share: where results go, and how a study is run. */
final class BenchOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--out",
      defaultValue = "bench/results",
      paramLabel = "DIR",
      description =
          "Folder for the results, made if it does not exist (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--verbose", description = "Show the output of the processes that are timed.")
  private boolean verbose;

  private PrintWriter print() {
    return spec.commandLine().getOut();
  }

  void line(String text) {
    print().println(text);
    print().flush();
  }

  Path out() {
    return out;
  }

  /** The study that the options describe; options that describe none are wrong usage. */
  <S> S checked(Supplier<S> study) {
    try {
      return study.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** Runs a study without a chart. */
  StudyResult run(Study study, String kind) throws IOException {
    return run(study, kind, null);
  }

  /**
   * Runs a study; prints and writes its results.
   *
   * @param chart draws the results, given the machine and the virtual machine as text; or null
   */
  StudyResult run(Study study, String kind, BiFunction<StudyResult, String, String> chart)
      throws IOException {
    Machine machine = Machine.here();
    ResultFile results = new ResultFile(out, machine, Instant.now());
    line(
        String.format(
            Locale.ROOT,
            "%s, about %s; do not use the machine for other work meanwhile",
            kind,
            duration(study.expectedSeconds())));
    StudyResult result = study.run(verbose, this::line);
    line(String.format(Locale.ROOT, "%n%s", result.table()));
    Path json = results.write(result);
    line("written: " + json);
    if (chart != null) {
      String origin =
          String.format(
              Locale.ROOT,
              "%s, %d processors, %s",
              machine.cpu(),
              machine.processors(),
              result.origin().virtualMachine());
      Path svg = json.resolveSibling(json.getFileName().toString().replace(".json", ".svg"));
      Files.writeString(svg, chart.apply(result, origin));
      line("written: " + svg);
    }
    return result;
  }

  private static String duration(double seconds) {
    return seconds < 100 ? Math.round(seconds) + " seconds" : Math.round(seconds / 60) + " minutes";
  }

  /** The name of the fastest provider that runs here. */
  static String fastest() {
    return available().getFirst();
  }

  /**
   * Opens and closes a provider, so that one that cannot run is an error before anything is timed.
   *
   * @throws IllegalStateException if it cannot run here, with the reason
   */
  static void requireAvailable(String name) {
    Engine.open(name, 0).close();
  }

  private static List<String> available() {
    return Engine.candidates().stream()
        .filter(Engine.Candidate::available)
        .map(Engine.Candidate::name)
        .toList();
  }

  /** What the benchmarks with JMH share. */
  static final class Repetitions {
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
        description = "Threads; 0 (the default) for all processors, for bench step 1 and 2.")
    private int threads;

    @Option(
        names = "--full",
        description =
            "Three virtual machines and ten iterations of a second each, for results to keep.")
    private boolean full;

    boolean full() {
      return full;
    }

    int threads() {
      return threads;
    }

    String kind() {
      return effort().name() + " run";
    }

    Effort effort() {
      return full ? Effort.FULL : Effort.SHORT;
    }

    /**
     * The providers to time, each opened once so that one that cannot run is an error now and not
     * later.
     */
    List<String> providers() {
      if (threads < 0) {
        throw new IllegalArgumentException("threads " + threads + ": must be at least 0");
      }
      if (providers == null) {
        return full ? available() : List.of(fastest());
      }
      providers.forEach(name -> open(name, threads));
      return providers;
    }

    private static void open(String name, int threads) {
      try (ComputeProvider provider = Engine.open(name, threads)) {
        if (!provider.name().equals(name)) {
          throw new IllegalArgumentException(
              "provider '" + name + "': name it, such as " + provider.name());
        }
      }
    }
  }
}
