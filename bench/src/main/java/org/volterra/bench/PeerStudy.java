package org.volterra.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Times Volterra and PyTorch on the same work, alternating between two processes that are warm at
 * the same time, so that both see the same noise. A ratio comes from two neighbouring samples.
 */
public final class PeerStudy implements Study {
  private static final double SECONDS_TO_START = 5;
  private static final long SETTLE_MILLIS = 50;

  /**
   * What is to be measured.
   *
   * @param python the Python that has PyTorch
   * @param script torch_cpu.py
   * @param cases what both compute
   * @param variants how PyTorch is written, from {@link PeerCase.Kind#variants}; empty for all
   * @param works what is timed, from {@link PeerCase.Kind#works}; empty for all
   * @param threads numbers of threads
   * @param provider provider of Volterra
   * @param forks pairs of processes for each point, at least 1
   * @param rounds pairs of samples of each, at least 1
   * @param seconds length of a sample, positive
   * @param warmUpSeconds how long each process runs before it is sampled, positive
   */
  public record Settings(
      String python,
      Path script,
      List<PeerCase> cases,
      List<String> variants,
      List<String> works,
      List<Integer> threads,
      String provider,
      int forks,
      int rounds,
      double seconds,
      double warmUpSeconds) {
    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException naming the argument that is wrong
     */
    public Settings {
      if (!Files.isRegularFile(script)) {
        throw new IllegalArgumentException("no such script: " + script);
      }
      if (cases.isEmpty() || threads.isEmpty()) {
        throw new IllegalArgumentException("cases and threads: at least one of each is needed");
      }
      for (int t : threads) {
        if (t < 1) {
          throw new IllegalArgumentException("threads " + t + ": must be at least 1");
        }
      }
      if (forks < 1 || rounds < 1 || !(seconds > 0) || !(warmUpSeconds > 0)) {
        throw new IllegalArgumentException(
            forks + " forks, " + rounds + " rounds of " + seconds + " s: all must be positive");
      }
      known(
          "variant", variants, cases.stream().flatMap(c -> c.kind().variants().stream()).toList());
      known("work", works, cases.stream().flatMap(c -> c.kind().works().stream()).toList());
    }

    private static void known(String what, List<String> names, List<?> choices) {
      List<String> all = choices.stream().map(Object::toString).distinct().toList();
      for (String name : names) {
        if (!all.contains(name)) {
          throw new IllegalArgumentException(
              what + " '" + name + "': these cases have " + String.join(", ", all));
        }
      }
    }
  }

  /** One pair of programs. */
  private record Planned(PeerCase work, PeerCase.Work what, String variant, int threads) {
    @Override
    public String toString() {
      return work
          + " "
          + what
          + ", "
          + variant
          + ", "
          + threads
          + (threads == 1 ? " thread" : " threads");
    }
  }

  private final Settings settings;
  private final List<Planned> plan = new ArrayList<>();

  /**
   * Plans a run.
   *
   * @param settings what is to be measured
   */
  public PeerStudy(Settings settings) {
    this.settings = settings;
    for (PeerCase work : settings.cases()) {
      for (PeerCase.Work what : chosen(work.kind().works(), settings.works())) {
        for (int threads : settings.threads()) {
          for (String variant : chosen(work.kind().variants(), settings.variants())) {
            plan.add(new Planned(work, what, variant, threads));
          }
        }
      }
    }
  }

  private static <T> List<T> chosen(List<T> all, List<String> wanted) {
    return all.stream().filter(one -> wanted.isEmpty() || wanted.contains(one.toString())).toList();
  }

  @Override
  public double expectedSeconds() {
    double sampling = 2 * (settings.warmUpSeconds() + settings.rounds() * settings.seconds());
    return plan.size() * settings.forks() * (SECONDS_TO_START + sampling);
  }

  /**
   * Measures everything. A variant that PyTorch cannot run here, such as a compiled one without a
   * C++ compiler, is left out, and {@code progress} hears why.
   *
   * @throws BenchmarkFailedException if Volterra cannot run or no variant can, or if both sides
   *     disagree
   */
  @Override
  public PeerResult run(boolean verbose, Consumer<String> progress) {
    List<PeerResult.Point> points = new ArrayList<>();
    String why = "nothing was asked for";
    String peer = "";
    for (int i = 0; i < plan.size(); i++) {
      Planned planned = plan.get(i);
      Samples samples = new Samples();
      try {
        for (int fork = 0; fork < settings.forks(); fork++) {
          peer = sample(planned, samples);
        }
      } catch (PeerMissingException e) {
        why = e.getMessage();
        progress.accept("left out: " + planned + ": " + e.getMessage());
        continue;
      }
      points.add(samples.point(planned));
      progress.accept(
          String.format(
              Locale.ROOT,
              "[%d/%d] %s: %s",
              i + 1,
              plan.size(),
              planned,
              points.getLast().summary()));
    }
    if (points.isEmpty()) {
      throw new BenchmarkFailedException(why, null);
    }
    Effort effort =
        new Effort(
            settings.forks() > 1 ? "full" : "short",
            settings.forks(),
            1,
            settings.rounds(),
            (long) (1000 * settings.seconds()));
    return new PeerResult(peer, points, Origin.ofThisJvm(effort, JavaProcess.LAUNCHER_FLAGS));
  }

  private String sample(Planned planned, Samples samples) {
    try (PeerProcess torch = torch(planned);
        PeerProcess volterra =
            new PeerProcess(
                "Volterra",
                JavaProcess.command(
                    JavaProcess.LAUNCHER_FLAGS,
                    PeerServer.class,
                    List.of(
                        planned.work().toString(),
                        String.valueOf(planned.threads()),
                        settings.provider(),
                        planned.what().toString())))) {
      agree(planned.toString(), volterra.check(), torch.check(), planned.work().kind().tolerance());
      torch.milliseconds(settings.warmUpSeconds());
      volterra.milliseconds(settings.warmUpSeconds());
      for (int round = 0; round < settings.rounds(); round++) {
        boolean torchFirst = round % 2 == 0; // in turns, so that a drift favours none
        double first = quiet(torchFirst ? torch : volterra);
        double second = quiet(torchFirst ? volterra : torch);
        samples.torch.add(torchFirst ? first : second);
        samples.volterra.add(torchFirst ? second : first);
      }
      samples.torchPeaks.add(torch.peakBytes());
      samples.volterraPeaks.add(volterra.peakBytes());
      return torch.description();
    }
  }

  private PeerProcess torch(Planned planned) {
    try {
      return new PeerProcess(
          "PyTorch",
          List.of(
              settings.python(),
              settings.script().toString(),
              planned.work().kind().toString(),
              planned.work().size().toString(),
              String.valueOf(planned.threads()),
              planned.variant(),
              planned.what().toString()));
    } catch (BenchmarkFailedException e) {
      throw new PeerMissingException(e);
    }
  }

  /** A sample after the threads of the other process have gone to sleep. */
  private double quiet(PeerProcess process) {
    try {
      Thread.sleep(SETTLE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchmarkFailedException("interrupted", e);
    }
    return process.milliseconds(settings.seconds());
  }

  /** Compares values of both sides; the float32 sums of both have different orders. */
  static void agree(String what, double[] actual, double[] expected, double share) {
    if (actual.length != expected.length) {
      throw new WrongResultException(
          what + ": Volterra gave " + actual.length + " values, PyTorch " + expected.length);
    }
    double largest = 0;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < actual.length; i++) {
      double tolerance = share * Math.max(Math.abs(expected[i]), 1e-2 * largest);
      WrongResultException.unlessClose(
          "value " + i + " of " + what + ", PyTorch being the right one,",
          actual[i],
          expected[i],
          tolerance);
    }
  }

  /** What both sides took, pair by pair. */
  private static final class Samples {
    private final List<Double> torch = new ArrayList<>();
    private final List<Double> volterra = new ArrayList<>();
    private final List<Double> torchPeaks = new ArrayList<>();
    private final List<Double> volterraPeaks = new ArrayList<>();

    private PeerResult.Point point(Planned planned) {
      return new PeerResult.Point(
          planned.work(),
          planned.what().toString(),
          planned.variant(),
          planned.threads(),
          Spread.ofRatios(array(torch), array(volterra)),
          Spread.of(array(torch)),
          Spread.of(array(volterra)),
          largest(torchPeaks),
          largest(volterraPeaks));
    }

    private static double[] array(List<Double> values) {
      return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** NaN if one is. */
    private static double largest(List<Double> values) {
      return values.stream().mapToDouble(Double::doubleValue).reduce(Math::max).orElseThrow();
    }
  }

  /** Says why PyTorch cannot run something. */
  private static final class PeerMissingException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    private PeerMissingException(BenchmarkFailedException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
