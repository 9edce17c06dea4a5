package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.volterra.bench.PeerCase;
import org.volterra.bench.PeerResult;
import org.volterra.bench.PeerStudy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code volterra bench peers}. */
@Command(
    name = "peers",
    description =
        "Time the same networks in PyTorch on the CPU, alternating with Volterra, and print the"
            + " ratios of the times with their spread and the peak memory of both.",
    mixinStandardHelpOptions = true)
final class BenchPeersCommand implements Callable<Integer> {
  private static final int SHORT_ROUNDS = 8;
  private static final int FULL_ROUNDS = 15;
  private static final int FULL_FORKS = 3;
  private static final double SHORT_SECONDS = 0.3;
  private static final double FULL_SECONDS = 0.5;
  private static final double WARM_UP_SECONDS = 2;

  @Mixin private BenchOptions common;

  @Option(
      names = "--python",
      required = true,
      paramLabel = "PATH",
      description = "A Python that has torch, such as .venv/bin/python.")
  private String python;

  @Option(
      names = "--script",
      paramLabel = "FILE",
      description = "The peer (default: bench/peers/torch_cpu.py of this installation).")
  private Path script;

  @Option(
      names = "--cases",
      split = ",",
      paramLabel = "KIND:BxdxL",
      description =
          "dense or fractional networks with batch, channels and layers, or densenet (BC, 32 x 32)"
              + " with images, growth rate and layers.")
  private List<String> cases = PeerCase.DEFAULTS;

  @Option(
      names = "--variants",
      split = ",",
      paramLabel = "NAME",
      description =
          "How PyTorch is written: concat, buffer, blocked, compiled for dense networks; loop,"
              + " buffer for fractional ones; concat, channels-last, checkpointed for densenet"
              + " (default: all).")
  private List<String> variants = List.of();

  @Option(
      names = "--works",
      split = ",",
      paramLabel = "NAME",
      description =
          "forward, gradient (with its forward pass) or step (whole training steps) (default:"
              + " all).")
  private List<String> works = List.of();

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N",
      description = "Numbers of threads (default: 1,2).")
  private List<Integer> threads = List.of(1, 2);

  @Option(
      names = "--provider",
      paramLabel = "NAME",
      description = "Provider of Volterra (default: the fastest that runs here).")
  private String provider;

  @Option(
      names = "--full",
      description = "Three pairs of processes with 15 pairs of samples each, for results to keep.")
  private boolean full;

  @Override
  public Integer call() throws IOException {
    Path home = Path.of(System.getProperty("volterra.home", "."));
    PeerStudy study =
        common.checked(() ->
            new PeerStudy(
                new PeerStudy.Settings(
                    python,
                    script != null ? script : home.resolve("bench/peers/torch_cpu.py"),
                    cases.stream().map(PeerCase::parse).toList(),
                    variants,
                    works,
                    threads,
                    provider == null ? BenchOptions.fastest() : provider,
                    full ? FULL_FORKS : 1,
                    full ? FULL_ROUNDS : SHORT_ROUNDS,
                    full ? FULL_SECONDS : SHORT_SECONDS,
                    WARM_UP_SECONDS)));
    common.run(
        study,
        full ? "full run" : "short run",
        (result, origin) -> RatioChart.svg((PeerResult) result, origin));
    return 0;
  }
}
