package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.volterra.bench.KernelChoice;
import org.volterra.bench.NetworkSize;
import org.volterra.bench.OutOfCoreStudy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code volterra bench out-of-core}. */
@Command(
    name = "out-of-core",
    description =
        "Time training steps of a network whose histories are four times its memory budget and go"
            + " to files, or from a device to memory of the host, in turns with the same network in"
            + " memory.",
    mixinStandardHelpOptions = true)
final class BenchOutOfCoreCommand implements Callable<Integer> {
  private static final String SHORT_SIZE = "64x64x512";
  private static final String FULL_SIZE = "64x64x4096";
  private static final int SHORT_ROUNDS = 8;
  private static final int FULL_ROUNDS = 15;

  @Mixin private BenchOptions common;

  @Option(
      names = "--kernel",
      paramLabel = "NAME",
      description =
          "Kernel and algorithm, as for bench depth (default: " + OutOfCoreStudy.KERNEL + ").")
  private String kernel = OutOfCoreStudy.KERNEL;

  @Option(
      names = "--size",
      paramLabel = "BxdxL",
      description =
          "Batch, channels and layers (default: "
              + SHORT_SIZE
              + ", with --full "
              + FULL_SIZE
              + ").")
  private String size;

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description =
          "Where the files lie (default: the folder for temporary files); --provider cuda makes"
              + " none.")
  private Path folder = Path.of(System.getProperty("java.io.tmpdir"));

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
      names = "--rounds",
      paramLabel = "N",
      description =
          "Pairs of steps (default: " + SHORT_ROUNDS + ", with --full " + FULL_ROUNDS + ").")
  private Integer rounds;

  @Option(names = "--full", description = "A deeper network and more rounds, for results to keep.")
  private boolean full;

  @Override
  public Integer call() throws IOException {
    String text = size != null ? size : full ? FULL_SIZE : SHORT_SIZE;
    int pairs = rounds != null ? rounds : full ? FULL_ROUNDS : SHORT_ROUNDS;
    OutOfCoreStudy study =
        common.checked(() ->
            new OutOfCoreStudy(
                new OutOfCoreStudy.Settings(
                    KernelChoice.parse(kernel),
                    NetworkSize.parse(text),
                    provider == null ? BenchOptions.fastest() : provider,
                    threads,
                    folder,
                    pairs)));
    common.run(study, full ? "full run" : "short run");
    return 0;
  }
}
