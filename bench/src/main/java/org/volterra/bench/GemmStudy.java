package org.volterra.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A run of {@link Gemm} over shapes and providers. */
public final class GemmStudy {
  /** The shapes that are timed unless others are asked for. */
  public static final List<String> SHAPES =
      List.of(
          "forward:8",
          "forward:64",
          "forward:256",
          "transposed:8",
          "transposed:64",
          "transposed:256",
          "weights:8",
          "weights:64",
          "weights:256",
          "256x256x4096",
          "1024x1024x1024");

  private static final double SECONDS_TO_START = 1.2;

  /**
   * The timing of one shape.
   *
   * @param shape name of the shape
   * @param provider name of the provider
   * @param product one product
   */
  public record Point(String shape, String provider, Timing product) {}

  /**
   * What was measured.
   *
   * @param effort repetitions
   * @param points the results
   * @param virtualMachine name and version of the virtual machine that was timed
   * @param flags its flags
   */
  public record Result(
      Effort effort, List<Point> points, String virtualMachine, List<String> flags) {
    /** Copies the lists. */
    public Result {
      points = List.copyOf(points);
      flags = List.copyOf(flags);
    }
  }

  private final List<String> shapes;
  private final List<String> providers;
  private final int threads;
  private final Effort effort;

  /**
   * Plans a run.
   *
   * @param shapes names, as {@link GemmShape#parse} takes them, at least one
   * @param providers names, at least one
   * @param threads threads of the providers, 0 for their default
   * @param effort repetitions
   * @throws IllegalArgumentException if a shape does not exist, nothing is asked for or the threads
   *     are negative
   */
  public GemmStudy(List<String> shapes, List<String> providers, int threads, Effort effort) {
    if (shapes.isEmpty() || providers.isEmpty()) {
      throw new IllegalArgumentException(
          "shapes " + shapes + ", providers " + providers + ": at least one of each");
    }
    if (threads < 0) {
      throw new IllegalArgumentException("threads " + threads + ": must be at least 0");
    }
    shapes.forEach(GemmShape::parse);
    this.shapes = List.copyOf(shapes);
    this.providers = List.copyOf(providers);
    this.threads = threads;
    this.effort = effort;
  }

  /**
   * A guess of the duration of the whole run; it may be wrong by a factor of two.
   *
   * @return seconds
   */
  public double expectedSeconds() {
    double seconds = 0;
    for (String provider : providers) {
      for (String shape : shapes) {
        seconds +=
            effort.seconds(
                SECONDS_TO_START,
                GemmShape.parse(shape).flops() / DepthCost.flopsPerSecond(provider));
      }
    }
    return seconds;
  }

  /**
   * Measures all shapes, each in fresh virtual machines.
   *
   * @param verbose whether JMH prints what it does
   * @param listener hears of each shape
   * @return the results
   * @throws BenchmarkFailedException if a virtual machine could not run or a result is wrong
   */
  public Result run(boolean verbose, Consumer<Point> listener) {
    List<Point> points = new ArrayList<>();
    JmhRun.Outcome outcome = null;
    for (String provider : providers) {
      for (String shape : shapes) {
        outcome =
            JmhRun.of(
                Gemm.class,
                Map.of("shape", shape, "provider", provider, "threads", String.valueOf(threads)),
                effort,
                verbose);
        points.add(
            new Point(shape, provider, outcome.timing("product", GemmShape.parse(shape).flops())));
        listener.accept(points.getLast());
      }
    }
    return new Result(effort, points, outcome.virtualMachine(), outcome.flags());
  }
}
