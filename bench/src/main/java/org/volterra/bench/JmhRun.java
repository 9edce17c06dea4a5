package org.volterra.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the methods of one benchmark class for one set of parameters in fresh virtual machines. */
final class JmhRun {
  private static final String GARBAGE = "gc.alloc.rate.norm";

  /**
   * What came out.
   *
   * @param timings by name of the method; counted operations are still 0
   * @param virtualMachine name and version of the virtual machine that was timed
   * @param flags its flags
   */
  record Outcome(Map<String, Timing> timings, String virtualMachine, List<String> flags) {
    Origin origin(Effort effort) {
      return new Origin(effort, virtualMachine, flags);
    }

    /**
     * The timing of a method with its counted operations.
     *
     * @throws BenchmarkFailedException if the method gave none
     */
    Timing timing(String method, double flops) {
      Timing timing = timings.get(method);
      if (timing == null) {
        throw new BenchmarkFailedException(
            "benchmark " + method + " gave no result, only " + timings.keySet(), null);
      }
      return new Timing(timing.milliseconds(), timing.error(), timing.garbageBytes(), flops);
    }
  }

  private JmhRun() {}

  /**
   * Runs all methods.
   *
   * @param benchmark class with the methods
   * @param parameters one value for each parameter
   * @param effort repetitions
   * @param verbose whether JMH prints what it does; else that goes to a temporary file, kept only
   *     if it fails
   * @return the results
   * @throws BenchmarkFailedException if a virtual machine could not run or a check failed, with the
   *     reason
   */
  static Outcome of(
      Class<?> benchmark, Map<String, String> parameters, Effort effort, boolean verbose) {
    String what = benchmark.getSimpleName() + " " + parameters;
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include("^" + Pattern.quote(benchmark.getName()) + "\\.")
            .forks(effort.forks())
            .warmupIterations(effort.warmups())
            .warmupTime(TimeValue.milliseconds(effort.milliseconds()))
            .measurementIterations(effort.iterations())
            .measurementTime(TimeValue.milliseconds(effort.milliseconds()))
            .addProfiler(GCProfiler.class)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.NORMAL);
    parameters.forEach(options::param);
    if (verbose) {
      return run(what, options.build());
    }
    try {
      Path log = Files.createTempFile("volterra-bench-", ".log");
      Outcome outcome = run(what, options.output(log.toString()).build());
      Files.delete(log);
      return outcome;
    } catch (IOException e) {
      throw new BenchmarkFailedException(
          what + ": no temporary file for the output of JMH: " + e, e);
    }
  }

  private static Outcome run(String what, Options options) {
    Collection<RunResult> results;
    try {
      results = new Runner(options).run();
    } catch (RunnerException e) {
      String log = options.getOutput().hasValue() ? "; see " + options.getOutput().get() : "";
      throw new BenchmarkFailedException(what + ": " + reason(e) + log, e);
    }
    if (results.isEmpty()) {
      throw new BenchmarkFailedException(
          what + ": its virtual machine ended without a result", null);
    }
    Map<String, Timing> timings = new LinkedHashMap<>();
    for (RunResult result : results) {
      timings.put(result.getPrimaryResult().getLabel(), timing(result));
    }
    RunResult any = results.iterator().next();
    return new Outcome(
        timings,
        any.getParams().getVmName() + " " + any.getParams().getVmVersion(),
        List.copyOf(any.getParams().getJvmArgs()));
  }

  private static Timing timing(RunResult result) {
    double garbage = Double.NaN;
    for (String name : result.getSecondaryResults().keySet()) {
      if (name.endsWith(GARBAGE)) {
        Result<?> rate = result.getSecondaryResults().get(name);
        garbage = rate.getScore();
      }
    }
    Result<?> time = result.getPrimaryResult();
    return new Timing(time.getScore(), time.getScoreError(), garbage, 0);
  }

  /** The first message of an error that says more than that a benchmark failed. */
  private static String reason(Throwable error) {
    Throwable deepest = error;
    while (true) {
      if (deepest.getCause() != null) {
        deepest = deepest.getCause();
      } else if (deepest.getSuppressed().length > 0) {
        deepest = deepest.getSuppressed()[0];
      } else {
        return deepest.getMessage() == null ? deepest.toString() : deepest.getMessage();
      }
    }
  }
}
