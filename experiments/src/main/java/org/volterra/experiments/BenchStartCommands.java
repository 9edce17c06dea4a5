package org.volterra.experiments;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.volterra.bench.KernelChoice;
import org.volterra.bench.NetworkSize;
import org.volterra.bench.StartResult;
import org.volterra.bench.StartStudy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The benchmarks of fresh virtual machines. */
final class BenchStartCommands {
  private BenchStartCommands() {}

  /** What both share. */
  static final class Options {
    @Option(
        names = "--kernels",
        split = ",",
        paramLabel = "KERNEL",
        description =
            "Kernels, as bench depth takes them (start: dense,field:8,scalar; cliffs: dense).")
    private List<String> kernels;

    @Option(
        names = "--size",
        defaultValue = "64x64x32",
        paramLabel = "BxdxL",
        description = "Batch, channels and layers (default: ${DEFAULT-VALUE}).")
    private String size;

    @Option(
        names = "--provider",
        paramLabel = "NAME",
        description = "Provider (default: the fastest that runs here).")
    private String provider;

    @Option(
        names = "--threads",
        defaultValue = "0",
        paramLabel = "N",
        description = "Threads; 0 (the default) for all processors.")
    private int threads;

    @Option(
        names = "--seconds",
        defaultValue = "4",
        paramLabel = "S",
        description = "How long each takes training steps (default: ${DEFAULT-VALUE}).")
    private double seconds;

    private StartResult run(
        BenchOptions common, String name, List<String> defaultKernels, int machines)
        throws IOException {
      StartStudy study =
          common.checked(() ->
              new StartStudy(
                  new StartStudy.Settings(
                      name,
                      kernels == null ? defaultKernels : kernels,
                      NetworkSize.parse(size),
                      provider == null ? BenchOptions.fastest() : provider,
                      threads,
                      machines,
                      seconds)));
      StartResult result =
          (StartResult) common.run(study, machines + " virtual machines for each kernel");
      result.movements().forEach(common::line);
      return result;
    }
  }

  /** {@code volterra bench start}. */
  @Command(
      name = "start",
      description =
          "Time fresh virtual machines with no flags but --add-modules: to the first training step"
              + " and to steady speed.",
      mixinStandardHelpOptions = true)
  static final class Start implements Callable<Integer> {
    @Mixin private BenchOptions common;
    @Mixin private Options options;

    @Option(
        names = "--jvms",
        defaultValue = "10",
        paramLabel = "N",
        description = "Virtual machines for each kernel (default: ${DEFAULT-VALUE}).")
    private int machines;

    @Override
    public Integer call() throws IOException {
      options.run(common, "start", KernelChoice.DEFAULTS, machines);
      return 0;
    }
  }

  /** {@code volterra bench cliffs}. */
  @Command(
      name = "cliffs",
      description =
          "Check that no fresh virtual machine stays slow: with no flags but --add-modules, the"
              + " slowest steady speed is within 1.3 times the median, and reached within 2 s of"
              + " the start. Exit code 1 if not. With two processors, time in which the host had"
              + " moved them is not counted, and virtual machines are repeated where too little"
              + " else is left.",
      mixinStandardHelpOptions = true)
  static final class Cliffs implements Callable<Integer> {
    @Mixin private BenchOptions common;
    @Mixin private Options options;

    @Option(
        names = "--jvms",
        defaultValue = "30",
        paramLabel = "N",
        description = "Virtual machines for each kernel (default: ${DEFAULT-VALUE}).")
    private int machines;

    @Override
    public Integer call() throws IOException {
      StartResult result = options.run(common, "cliffs", List.of("dense"), machines);
      List<String> cliffs = result.cliffs();
      cliffs.forEach(cliff -> common.line("cliff: " + cliff));
      common.line(
          cliffs.isEmpty()
              ? "no cliffs in " + machines + " virtual machines"
              : cliffs.size() + " of " + machines * result.groups().size() + " fell off a cliff");
      return cliffs.isEmpty() ? 0 : 1;
    }
  }
}
