package org.volterra.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;

/**
 * How long does a fresh virtual machine take to its first training step and to its steady speed,
 * and is that speed the same in every one? JMH warms up before it looks, so this is a program of
 * its own: it makes a network, takes training steps for some seconds and prints when and how long
 * they were. {@link StartStudy} starts it many times.
 */
final class ColdStart {
  private static final long WINDOW_NANOS = 50_000_000;

  private ColdStart() {}

  /**
   * Takes steps and prints a {@link StartTrace} as one line of JSON.
   *
   * @param arguments kernel, size BxdxL, provider, threads, seconds, and the time in milliseconds
   *     since 1970 at which the parent started this process
   */
  public static void main(String[] arguments) {
    NetworkSize size = NetworkSize.parse(arguments[1]);
    double seconds = Double.parseDouble(arguments[4]);
    int threads = Integer.parseInt(arguments[3]);
    long started = Long.parseLong(arguments[5]);
    try (Resources resources = new Resources()) {
      ComputeProvider device = resources.own(Providers.open(arguments[2], threads));
      DepthCase network =
          resources.own(
              new DepthCase(
                  device,
                  ElementType.FLOAT32,
                  KernelChoice.parse(arguments[0]),
                  size.layers(),
                  size.channels(),
                  size.batch(),
                  true));
      TrainingStep step =
          resources.own(
              new TrainingStep(network.workspace(), network.data(), network.outputGradient()));
      double ready = System.currentTimeMillis() - started;
      boolean hasTwo = threads != 1 && Runtime.getRuntime().availableProcessors() == 2;
      System.out.println(Json.LINE.toJson(run(step, ready, seconds, hasTwo)));
    }
  }

  private static StartTrace run(
      TrainingStep step, double ready, double seconds, boolean hasTwoProcessors) {
    long begin = System.nanoTime();
    double first = step.run();
    if (!(first > 0)) {
      throw new WrongResultException("the loss of the first step is " + first);
    }
    double firstMillis = ready + (System.nanoTime() - begin) * 1e-6;
    List<StartTrace.Window> windows = new ArrayList<>();
    double[] times = new double[16];
    int count = 0;
    long start = System.nanoTime();
    long window = start;
    for (long now = window; now - start < seconds * 1e9 || windows.isEmpty(); ) {
      step.run();
      long after = System.nanoTime();
      if (count == times.length) {
        times = Arrays.copyOf(times, 2 * count);
      }
      times[count++] = (after - now) * 1e-6;
      now = after;
      if (now - window >= WINDOW_NANOS) {
        double end = ready + (now - begin) * 1e-6;
        double median = Spread.of(Arrays.copyOf(times, count)).median();
        double roundTrip = hasTwoProcessors ? CacheLine.roundTrip() : 0;
        windows.add(new StartTrace.Window(end, median, roundTrip));
        count = 0;
        now = System.nanoTime();
        window = now;
      }
    }
    return new StartTrace(firstMillis, windows);
  }
}
