package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.volterra.bench.CaseStudies;
import org.volterra.bench.DepthResult;
import org.volterra.bench.DepthStudy;
import org.volterra.bench.Effort;
import org.volterra.bench.KernelChoice;
import org.volterra.spi.Activation;
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
    description = "Time the engine, compare it with others and with itself.",
    mixinStandardHelpOptions = true,
    subcommands = {
      BenchCommand.Depth.class,
      BenchCommand.Gemm.class,
      BenchCommand.Step.class,
      BenchCommand.ActivationSpeed.class,
      BenchCommand.AttentionSpeed.class,
      BenchCommand.Overhead.class,
      BenchCommand.Regions.class,
      BenchStartCommands.Start.class,
      BenchStartCommands.Cliffs.class,
      BenchOutOfCoreCommand.class,
      BenchGpuCommand.class,
      BenchPeersCommand.class,
      BenchCompareCommand.class
    })
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "bench: say what to time: " + String.join(", ", spec.subcommands().keySet()));
  }

  /** {@code volterra bench depth}. */
  @Command(
      name = "depth",
      description =
          "Time forward and backward passes over the number of layers L and fit time ~ L^p.",
      mixinStandardHelpOptions = true)
  static final class Depth implements Callable<Integer> {
    private static final List<Integer> SHORT_DEPTHS = List.of(8, 16, 32, 64, 128);
    private static final List<Integer> FULL_DEPTHS =
        List.of(16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384);

    @Mixin private BenchOptions common;
    @Mixin private BenchOptions.Repetitions repetitions;

    @Option(
        names = "--layers",
        split = ",",
        paramLabel = "L",
        description = "Numbers of layers (default: 8,16,32,64,128, with --full 16,32 ... 16384).")
    private List<Integer> layers;

    @Option(
        names = "--kernels",
        split = ",",
        paramLabel = "KERNEL",
        description =
            "Kernels: dense, field:M with M intervals, scalar; behind an @ the algorithm"
                + " (default: dense,field:8,scalar).")
    private List<String> kernels = KernelChoice.DEFAULTS;

    @Option(
        names = "--longest",
        paramLabel = "SECONDS",
        description =
            "Leave out points where one call is expected to take longer (default: 2, with --full"
                + " 60).")
    private Double longest;

    @Override
    public Integer call() throws IOException {
      boolean full = repetitions.full();
      DepthStudy study =
          common.checked(() ->
              new DepthStudy(
                  new DepthStudy.Settings(
                      kernels,
                      repetitions.providers(),
                      layers != null ? layers : full ? FULL_DEPTHS : SHORT_DEPTHS,
                      repetitions.threads(),
                      repetitions.effort(),
                      longest == null ? (full ? 60 : 2) : longest)));
      study.leftOut().forEach(point -> common.line("left out: " + point));
      common.run(
          study,
          repetitions.kind(),
          (result, origin) -> ScalingChart.svg((DepthResult) result, subtitle(origin)));
      return 0;
    }

    private String subtitle(String origin) {
      int threads = repetitions.threads();
      return String.format(
          Locale.ROOT,
          "float32, 64 channels, batch of 64, %s, %s; exponents with 95 %% intervals%n%s",
          threads == 0 ? "all processors" : threads + (threads == 1 ? " thread" : " threads"),
          repetitions.kind(),
          origin);
    }
  }

  /** {@code volterra bench gemm}. */
  @Command(
      name = "gemm",
      description =
          "Time matrix products at the shapes of the network's layers, and those of OpenBLAS.",
      mixinStandardHelpOptions = true)
  static final class Gemm implements Callable<Integer> {
    @Mixin private BenchOptions common;
    @Mixin private BenchOptions.Repetitions repetitions;

    @Option(
        names = "--shapes",
        split = ",",
        paramLabel = "SHAPE",
        description = "forward:L, transposed:L, weights:L for the products of layer L, or MxNxK.")
    private List<String> shapes = CaseStudies.SHAPES;

    @Option(
        names = "--openblas",
        paramLabel = "LIBRARY",
        description =
            "Time this OpenBLAS too: libopenblas.so.0 of the package libopenblas0, or"
                + " numpy.libs/libscipy_openblas*.so beside an installed numpy.")
    private Path openBlas;

    @Option(
        names = "--prepared",
        description =
            "Time providers with a right operand that was packed before, too: what passes of"
                + " inference do with packed weights.")
    private boolean isPrepared;

    @Option(
        names = "--peak",
        description =
            "Time fused products that never leave the registers, too: what no product exceeds.")
    private boolean isPeak;

    @Override
    public Integer call() throws IOException {
      common.run(
          common.checked(() ->
              CaseStudies.gemm(
                  shapes,
                  repetitions.providers(),
                  isPrepared,
                  isPeak,
                  openBlas,
                  repetitions.threads(),
                  repetitions.effort())),
          repetitions.kind());
      return 0;
    }
  }

  /** {@code volterra bench step}. */
  @Command(
      name = "step",
      description = "Time whole training steps: forward pass, loss, backward pass, Adam.",
      mixinStandardHelpOptions = true)
  static final class Step implements Callable<Integer> {
    @Mixin private BenchOptions common;
    @Mixin private BenchOptions.Repetitions repetitions;

    @Option(
        names = "--sizes",
        split = ",",
        paramLabel = "BxdxL",
        description = "Batch, channels and layers.")
    private List<String> sizes = CaseStudies.STEPS;

    @Option(
        names = "--kernels",
        split = ",",
        paramLabel = "KERNEL",
        description = "Kernels, as bench depth takes them (default: dense).")
    private List<String> kernels = List.of("dense");

    @Override
    public Integer call() throws IOException {
      List<Integer> threads =
          repetitions.threads() == 0 ? List.of(1, 2) : List.of(repetitions.threads());
      common.run(
          common.checked(() ->
              CaseStudies.step(
                  sizes, kernels, repetitions.providers(), threads, repetitions.effort())),
          repetitions.kind());
      return 0;
    }
  }

  /** {@code volterra bench activation}. */
  @Command(
      name = "activation",
      description = "Time activation functions and their adjoints.",
      mixinStandardHelpOptions = true)
  static final class ActivationSpeed implements Callable<Integer> {
    @Mixin private BenchOptions common;
    @Mixin private BenchOptions.Repetitions repetitions;

    @Option(
        names = "--functions",
        split = ",",
        paramLabel = "NAME",
        description = "Functions (default: all).")
    private List<String> functions =
        Arrays.stream(Activation.values()).map(Activation::toString).toList();

    @Override
    public Integer call() throws IOException {
      common.run(
          common.checked(() ->
              CaseStudies.activation(
                  functions, repetitions.providers(), repetitions.threads(), repetitions.effort())),
          repetitions.kind());
      return 0;
    }
  }

  /** {@code volterra bench attention}. */
  @Command(
      name = "attention",
      description = "Time attention over the slices of a history and over positions.",
      mixinStandardHelpOptions = true)
  static final class AttentionSpeed implements Callable<Integer> {
    @Mixin private BenchOptions common;
    @Mixin private BenchOptions.Repetitions repetitions;

    @Option(
        names = "--sizes",
        split = ",",
        paramLabel = "SIZE",
        description =
            "depth:KxMxN, slices, rows and channels; positions:BxPxN, samples, positions and"
                + " channels, with 4 heads.")
    private List<String> sizes = CaseStudies.ATTENTION;

    @Override
    public Integer call() throws IOException {
      common.run(
          common.checked(() ->
              CaseStudies.attention(
                  sizes, repetitions.providers(), repetitions.threads(), repetitions.effort())),
          repetitions.kind());
      return 0;
    }
  }

  /** {@code volterra bench overhead}. */
  @Command(
      name = "overhead",
      description = "Time tiny networks, where starting each primitive is what costs.",
      mixinStandardHelpOptions = true)
  static final class Overhead implements Callable<Integer> {
    @Mixin private BenchOptions common;
    @Mixin private BenchOptions.Repetitions repetitions;

    @Option(
        names = "--kernels",
        split = ",",
        paramLabel = "KERNEL",
        description = "Kernels, as bench depth takes them (default: dense,field:8,scalar).")
    private List<String> kernels = KernelChoice.DEFAULTS;

    @Override
    public Integer call() throws IOException {
      common.run(
          common.checked(() ->
              CaseStudies.overhead(
                  kernels, repetitions.providers(), repetitions.threads(), repetitions.effort())),
          repetitions.kind());
      return 0;
    }
  }

  /** {@code volterra bench regions}. */
  @Command(
      name = "regions",
      description = "Time empty parallel regions: what it costs to share work between threads.",
      mixinStandardHelpOptions = true)
  static final class Regions implements Callable<Integer> {
    @Mixin private BenchOptions common;

    @Option(
        names = "--threads",
        split = ",",
        paramLabel = "N",
        description = "Numbers of threads that share a region (default: 1,2).")
    private List<Integer> threads = List.of(1, 2);

    @Option(
        names = "--full",
        description =
            "Three virtual machines and ten iterations of a second each, for results to keep.")
    private boolean full;

    @Override
    public Integer call() throws IOException {
      Effort effort = full ? Effort.FULL : Effort.SHORT;
      common.run(
          common.checked(() -> CaseStudies.regions(threads, effort)), effort.name() + " run");
      return 0;
    }
  }
}
