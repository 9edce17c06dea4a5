package org.volterra.bench;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.volterra.kernel.DepthKernel;

/**
 * A run of {@link DepthScaling} over kernels, providers and depths: planned with its expected
 * duration, then measured.
 */
public final class DepthStudy {
  private static final int MOST_LAYERS = 4096;

  /**
   * What is to be measured.
   *
   * @param kernels names, at least one
   * @param providers names, at least one
   * @param layers depths L, each in 1..4096, at least one
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

  /** Hears of points when they have been measured. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A point has been measured.
     *
     * @param done points measured so far
     * @param total points of the plan
     * @param point the result
     */
    void measured(int done, int total, DepthPoint point);
  }

  private final Settings settings;
  private final List<Planned> plan = new ArrayList<>();
  private final List<Planned> leftOut = new ArrayList<>();

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
    DepthKernel choice = KernelChoice.parse(kernel);
    double perCall = DepthCost.secondsPerGradient(choice, layers, provider);
    double start = DepthCost.secondsToStart(choice, layers);
    double seconds =
        settings.effort().seconds(start, perCall) + settings.effort().seconds(start, perCall / 3);
    Planned point = new Planned(kernel, provider, layers, seconds);
    (perCall > settings.longestSeconds() ? leftOut : plan).add(point);
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
   * What is left out because one call would take too long.
   *
   * @return the points
   */
  public List<Planned> leftOut() {
    return List.copyOf(leftOut);
  }

  /**
   * A guess of the duration of the whole run; it may be wrong by a factor of two.
   *
   * @return seconds
   */
  public double expectedSeconds() {
    return plan.stream().mapToDouble(Planned::expectedSeconds).sum();
  }

  /**
   * Measures all points of the plan, each benchmark in fresh virtual machines.
   *
   * @param verbose whether JMH prints what it does
   * @param listener hears of each point
   * @return the results
   * @throws IllegalStateException if the plan is empty
   * @throws BenchmarkFailedException if a virtual machine could not run or a result is wrong
   */
  public DepthResult run(boolean verbose, Listener listener) {
    if (plan.isEmpty()) {
      throw new IllegalStateException(
          "nothing to measure: one call of every point is expected to take more than "
              + settings.longestSeconds()
              + " s; raise this limit or lower the layers");
    }
    List<DepthPoint> points = new ArrayList<>();
    JmhRun.Outcome outcome = null;
    for (Planned planned : plan) {
      outcome = measure(planned, verbose);
      points.add(point(planned, outcome));
      listener.measured(points.size(), plan.size(), points.getLast());
    }
    return new DepthResult(settings, points, outcome.virtualMachine(), outcome.flags());
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
    DepthKernel kernel = KernelChoice.parse(planned.kernel());
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
