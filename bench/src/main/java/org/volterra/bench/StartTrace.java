package org.volterra.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * What one fresh virtual machine did. Times are milliseconds since it was started.
 *
 * @param first when the first step was done
 * @param windows windows of about 50 ms, in the order of time
 * @param roundTrip nanoseconds that a cache line took to the other processor and back after the
 *     last step; 0 where not measured, with one thread or another number of processors than two
 */
public record StartTrace(double first, List<Window> windows, double roundTrip) {
  /**
   * Processors are where they usually are if a line takes at most so many times as long or short.
   */
  private static final double USUAL = 1.5;

  /** Windows in a row that must be fast for the speed to count as reached. */
  private static final int IN_A_ROW = 3;

  /**
   * The steps of a short time.
   *
   * @param end when it ended
   * @param median the median time of a step
   */
  public record Window(double end, double median) {}

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if it is empty
   */
  public StartTrace {
    windows = List.copyOf(windows);
    if (windows.isEmpty()) {
      throw new IllegalArgumentException("windows: none given, a trace needs at least one");
    }
  }

  /** Reads what {@link ColdStart} prints. */
  static StartTrace of(JsonObject json) {
    JsonArray windows = json.getAsJsonArray("windows");
    return new StartTrace(
        json.get("first").getAsDouble(),
        windows.asList().stream()
            .map(JsonElement::getAsJsonObject)
            .map(w -> new Window(w.get("end").getAsDouble(), w.get("median").getAsDouble()))
            .toList(),
        json.get("roundTrip").getAsDouble());
  }

  /** The same with a round trip. */
  StartTrace withRoundTrip(double nanoseconds) {
    return new StartTrace(first, windows, nanoseconds);
  }

  /**
   * The traces whose processors were much nearer together or farther apart than usual: on one core,
   * or without a common cache.
   *
   * @param traces at least one
   * @return those whose round trip differs from the median by a factor of more than 1.5
   */
  static List<StartTrace> moved(List<StartTrace> traces) {
    double usual = Spread.of(traces.stream().mapToDouble(StartTrace::roundTrip).toArray()).median();
    return traces.stream()
        .filter(t -> t.roundTrip() > USUAL * usual || usual > USUAL * t.roundTrip())
        .toList();
  }

  /**
   * The steady speed: the median over the windows of the second half of the time.
   *
   * @return milliseconds a step
   */
  public double steady() {
    double last = windows.getLast().end();
    double half = (first + last) / 2;
    DoubleStream second =
        windows.stream()
            .filter(w -> w.end() >= half || w.end() == last)
            .mapToDouble(Window::median);
    return Spread.of(second.toArray()).median();
  }

  /**
   * When a speed was reached: the end of the first of three windows in a row, or of all that are
   * left, that are as fast.
   *
   * @param limit milliseconds a step
   * @return milliseconds, infinite if it never was
   */
  public double reached(double limit) {
    for (int i = 0; i < windows.size(); i++) {
      List<Window> next = windows.subList(i, Math.min(i + IN_A_ROW, windows.size()));
      if (next.stream().allMatch(w -> w.median() <= limit)) {
        return next.getFirst().end();
      }
    }
    return Double.POSITIVE_INFINITY;
  }
}
