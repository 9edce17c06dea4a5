package org.volterra.bench;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Starts {@link ColdStart} in many fresh virtual machines, one after the other. */
public final class StartStudy implements Study {
  private static final double SECONDS_TO_START = 0.7;
  private static final long PATIENCE_SECONDS = 120;

  /**
   * What is to be measured.
   *
   * @param name name of the study
   * @param kernels names, as {@link KernelChoice#parse} takes them, at least one
   * @param size size of the network
   * @param provider name of the provider
   * @param threads its threads, 0 for its default
   * @param machines fresh virtual machines for each kernel, at least 1
   * @param seconds how long each takes steps, at least 1
   */
  public record Settings(
      String name,
      List<String> kernels,
      NetworkSize size,
      String provider,
      int threads,
      int machines,
      double seconds) {
    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException naming the argument that is out of range
     */
    public Settings {
      kernels = List.copyOf(kernels);
      if (kernels.isEmpty()) {
        throw new IllegalArgumentException("kernels: none given, at least one is needed");
      }
      kernels.forEach(KernelChoice::parse);
      if (threads < 0) {
        throw new IllegalArgumentException("threads " + threads + ": must be at least 0");
      }
      if (machines < 1) {
        throw new IllegalArgumentException("jvms " + machines + ": must be at least 1");
      }
      if (!(seconds >= 1 && seconds <= 600)) {
        throw new IllegalArgumentException("seconds " + seconds + ": must be in 1..600");
      }
    }
  }

  private final Settings settings;

  /**
   * Plans a run.
   *
   * @param settings what is to be measured
   */
  public StartStudy(Settings settings) {
    this.settings = settings;
  }

  @Override
  public double expectedSeconds() {
    return settings.kernels().size()
        * settings.machines()
        * (SECONDS_TO_START + settings.seconds());
  }

  @Override
  public StartResult run(boolean verbose, Consumer<String> progress) {
    List<StartResult.Group> groups = new ArrayList<>();
    for (String kernel : settings.kernels()) {
      groups.add(group(kernel, verbose ? progress : line -> {}, progress));
    }
    Effort effort =
        new Effort("starts", settings.machines(), 0, 1, (long) (1000 * settings.seconds()));
    return new StartResult(settings, groups, Origin.ofThisJvm(effort, JavaProcess.EMBEDDING_FLAGS));
  }

  /**
   * Starts virtual machines of a kernel. Those that cannot be judged, since the host had moved
   * their processors, are repeated, at most as many as were asked for.
   */
  private StartResult.Group group(
      String kernel, Consumer<String> output, Consumer<String> progress) {
    int machines = settings.machines();
    List<StartTrace> traces = new ArrayList<>();
    List<StartTrace> moved = new ArrayList<>();
    while (traces.size() < machines) {
      StartTrace trace = start(kernel, output);
      traces.add(trace);
      progress.accept(
          String.format(
              Locale.ROOT,
              "[%d/%d] %s: first step after %.0f ms, steady %s ms",
              traces.size(),
              machines,
              kernel,
              trace.first(),
              ResultTable.milliseconds(trace.steady(StartTrace.usualTrip(traces)))));
      if (traces.size() == machines) {
        new StartResult.Group(kernel, traces, moved)
            .unjudged().stream().limit(machines - moved.size()).forEach(moved::add);
        traces.removeAll(moved);
      }
    }
    return new StartResult.Group(kernel, traces, moved);
  }

  private StartTrace start(String kernel, Consumer<String> output) {
    List<String> command =
        JavaProcess.command(
            JavaProcess.EMBEDDING_FLAGS,
            ColdStart.class,
            List.of(
                kernel,
                settings.size().toString(),
                settings.provider(),
                String.valueOf(settings.threads()),
                String.valueOf(settings.seconds()),
                String.valueOf(System.currentTimeMillis())));
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      Thread guard = Thread.ofVirtual().start(() -> endIfLate(process));
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      guard.interrupt();
      text.lines().forEach(output);
      String json = text.lines().filter(line -> line.startsWith("{")).findFirst().orElse(null);
      if (code != 0 || json == null) {
        throw new BenchmarkFailedException(
            "a virtual machine ended with exit code "
                + code
                + " and no result: "
                + text.lines().filter(line -> line.contains("xception")).findFirst().orElse(text),
            null);
      }
      return StartTrace.of(JsonParser.parseString(json).getAsJsonObject());
    } catch (IOException e) {
      throw new BenchmarkFailedException("cannot start a virtual machine: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchmarkFailedException("interrupted", e);
    }
  }

  private void endIfLate(Process process) {
    try {
      long limit = PATIENCE_SECONDS + (long) settings.seconds();
      if (!process.waitFor(limit, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it has ended in time
    }
  }
}
