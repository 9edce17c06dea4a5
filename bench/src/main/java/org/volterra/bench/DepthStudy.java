package org.volterra.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A run of {@link DepthScaling} over kernels, providers and depths: planned with its expected
 * duration, then measured.
 */
public final class DepthStudy implements Study {
  private static final int MOST_LAYERS = 16_384;

  /**
   * What is to be measured.
   *
   * @param kernels names, at least one
   * @param providers names, at least one
   * @param layers depths L, each in 1..16384, at least one
   * @param threads threads of the providers, 0 for their default
   * @param effort repetitions
   * @param longestSeconds points where one call is expected to take longer are left out
   */
  public record Settings(
      List<String> kernels,
      List<String> providers,
      List<Integer> layers,
      int threads,
      Effort effort,
      double longestSeconds) {
    /**
     * Checks the arguments and leaves out repeated values.
     *
     * @throws IllegalArgumentException naming the argument that is out of range
     */
    public Settings {
      kernels = distinct("kernels", kernels);
      kernels.forEach(KernelChoice::parse);
      providers = distinct("providers", providers);
      layers = distinct("layers", layers);
      for (int depth : layers) {
        if (depth < 1 || depth > MOST_LAYERS) {
          throw new IllegalArgumentException("layers " + depth + ": must be in 1.." + MOST_LAYERS);
        }
      }
      if (threads < 0) {
        throw new IllegalArgumentException("threads " + threads + ": must be at least 0");
      }
      Objects.requireNonNull(effort, "effort");
      if (!(longestSeconds > 0)) {
        throw new IllegalArgumentException(
            "longest call " + longestSeconds + " s: must be positive");
      }
    }

    private static <T> List<T> distinct(String name, List<T> values) {
      if (values.isEmpty()) {
        throw new IllegalArgumentException(name + ": none given, at least one is needed");
      }
      return List.copyOf(new LinkedHashSet<>(values));
    }
  }

  /**
   * A point of the plan.
   *
   * @param kernel name of the kernel
   * @param provider name of the provider
   * @param layers depth L
   * @param expectedSeconds a guess of the time that both benchmarks of this point take
   */
  public record Planned(String kernel, String provider, int layers, double expectedSeconds) {
    @Override
    public String toString() {
      return kernel + " on " + provider + " with " + layers + " layers";
    }
  }

  private final Settings settings;
  private final List<Planned> plan = new ArrayList<>();
  private final List<String> leftOut = new ArrayList<>();

  /**
   * Plans a run.
   *
   * @param settings what is to be measured
   */
  public DepthStudy(Settings settings) {
    this.settings = settings;
    for (String kernel : settings.kernels()) {
      for (String provider : settings.providers()) {
        for (int layers : settings.layers()) {
          add(kernel, provider, layers);
        }
      }
    }
  }

  private void add(String kernel, String provider, int layers) {
    KernelChoice choice = KernelChoice.parse(kernel);
    double perCall = DepthCost.secondsPerGradient(choice, layers, provider);
    double start = DepthCost.secondsToStart(choice, layers);
    double seconds =
        settings.effort().seconds(start, perCall) + settings.effort().seconds(start, perCall / 3);
    Planned point = new Planned(kernel, provider, layers, seconds);
    if (perCall > settings.longestSeconds()) {
      leftOut.add(point + ": a call takes more than " + settings.longestSeconds() + " s");
    } else if (!DepthCost.fitsMemory(choice, layers)) {
      leftOut.add(point + ": it needs more than half of this machine's memory");
    } else {
      plan.add(point);
    }
  }

  /**
   * What will be measured.
   *
   * @return the points in order
   */
  public List<Planned> plan() {
    return List.copyOf(plan);
  }

  /**
   * What is left out because one call would take too long, or because it does not fit the memory.
   *
   * @return the points with the reason
   */
  public List<String> leftOut() {
    return List.copyOf(leftOut);
  }

  @Override
  public double expectedSeconds() {
    return plan.stream().mapToDouble(Planned::expectedSeconds).sum();
  }

  /**
   * Measures all points of the plan, each benchmark in fresh virtual machines.
   *
   * @throws IllegalStateException if the plan is empty
   */
  @Override
  public DepthResult run(boolean verbose, Consumer<String> progress) {
    if (plan.isEmpty()) {
      throw new IllegalStateException(
          "nothing to measure: " + leftOut.getFirst() + "; raise the limit or lower the layers");
    }
    List<DepthPoint> points = new ArrayList<>();
    JmhRun.Outcome outcome = null;
    for (Planned planned : plan) {
      outcome = measure(planned, verbose);
      points.add(point(planned, outcome));
      progress.accept(progress(points));
    }
    return new DepthResult(settings, points, outcome.origin(settings.effort()));
  }

  private String progress(List<DepthPoint> points) {
    DepthPoint last = points.getLast();
    return String.format(
        Locale.ROOT,
        "[%d/%d] %s on %s, L = %d: forward %.3f ms, forward + backward %.3f ms",
        points.size(),
        plan.size(),
        last.kernel(),
        last.provider(),
        last.layers(),
        last.forward().milliseconds(),
        last.gradient().milliseconds());
  }

  private JmhRun.Outcome measure(Planned planned, boolean verbose) {
    return JmhRun.of(
        DepthScaling.class,
        Map.of(
            "kernel", planned.kernel(),
            "provider", planned.provider(),
            "layers", String.valueOf(planned.layers()),
            "threads", String.valueOf(settings.threads())),
        settings.effort(),
        verbose);
  }

  private static DepthPoint point(Planned planned, JmhRun.Outcome outcome) {
    KernelChoice kernel = KernelChoice.parse(planned.kernel());
    int layers = planned.layers();
    return new DepthPoint(
        planned.kernel(),
        planned.provider(),
        layers,
        outcome.timing("forward", DepthCost.forwardFlops(kernel, layers)),
        outcome.timing("gradient", DepthCost.gradientFlops(kernel, layers)),
        DepthCost.historyBytes(kernel, layers));
  }
}
