package org.volterra.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * What one fresh virtual machine did. Times are milliseconds since it was started.
 *
 * <p>The host may move the two processors of a virtual machine to one core, or to where they have
 * no cache in common, and back. Windows of such a time say nothing of the code: they are told by
 * the way that a cache line takes, and not counted.
 *
 * @param first when the first step was done
 * @param windows windows of about 50 ms, in the order of time
 */
public record StartTrace(double first, List<Window> windows) {
  /** Processors are nearer together than usual if a line takes a time that is shorter so often. */
  private static final double NEARER = 1.5;

  /** They are farther apart if it is longer so often; a program of its own makes it twice. */
  private static final double FARTHER = 3;

  /** Windows in a row that must be fast for the speed to count as reached. */
  private static final int IN_A_ROW = 3;

  /**
   * The steps of a short time.
   *
   * @param end when it ended
   * @param median the median time of a step
   * @param roundTrip nanoseconds that a cache line took then to the other processor and back; 0
   *     where not measured, with one thread or another number of processors than two
   */
  public record Window(double end, double median, double roundTrip) {
    /** Whether processors were not where they usually are. */
    boolean isMoved(double usualTrip) {
      return roundTrip > FARTHER * usualTrip || usualTrip > NEARER * roundTrip;
    }
  }

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
            .map(StartTrace::window)
            .toList());
  }

  private static Window window(JsonObject json) {
    return new Window(
        json.get("end").getAsDouble(),
        json.get("median").getAsDouble(),
        json.get("roundTrip").getAsDouble());
  }

  /**
   * The usual way of a cache line.
   *
   * @param traces at least one
   * @return the median over all of their windows
   */
  static double usualTrip(List<StartTrace> traces) {
    return Spread.of(
            traces.stream()
                .flatMap(t -> t.windows().stream())
                .mapToDouble(Window::roundTrip)
                .toArray())
        .median();
  }

  /** The windows of a time when processors were not where they usually are. */
  List<Window> moved(double usualTrip) {
    return windows.stream().filter(w -> w.isMoved(usualTrip)).toList();
  }

  /** The windows that count: those that are not moved, or all if there is no such window. */
  private static List<Window> counted(List<Window> all, double usualTrip) {
    List<Window> usual = all.stream().filter(w -> !w.isMoved(usualTrip)).toList();
    return usual.isEmpty() ? all : usual;
  }

  /** The windows of the second half of the time. */
  private List<Window> secondHalf() {
    double last = windows.getLast().end();
    double half = (first + last) / 2;
    return windows.stream().filter(w -> w.end() >= half || w.end() == last).toList();
  }

  /**
   * The steady speed: the median over the windows of the second half of the time.
   *
   * @param usualTrip the usual way of a cache line
   * @return milliseconds a step
   */
  public double steady(double usualTrip) {
    DoubleStream medians = counted(secondHalf(), usualTrip).stream().mapToDouble(Window::median);
    return Spread.of(medians.toArray()).median();
  }

  /**
   * When a speed was reached: the end of the first of three windows in a row, or of all that are
   * left, that are as fast.
   *
   * @param limit milliseconds a step
   * @param usualTrip the usual way of a cache line
   * @return milliseconds, infinite if it never was
   */
  public double reached(double limit, double usualTrip) {
    List<Window> counted = counted(windows, usualTrip);
    for (int i = 0; i < counted.size(); i++) {
      List<Window> next = counted.subList(i, Math.min(i + IN_A_ROW, counted.size()));
      if (next.stream().allMatch(w -> w.median() <= limit)) {
        return next.getFirst().end();
      }
    }
    return Double.POSITIVE_INFINITY;
  }

  /**
   * Whether its windows say whether it is slow, and whether it is late.
   *
   * @param limit what counts as steady speed, in milliseconds a step
   * @param latest when it should be reached
   * @param usualTrip the usual way of a cache line
   * @return false if all windows of the second half of the time are of moved processors, or if it
   *     is late, not slow, and some were moved before
   */
  boolean canBeJudged(double limit, double latest, double usualTrip) {
    return !secondHalf().stream().allMatch(w -> w.isMoved(usualTrip))
        && (steady(usualTrip) > limit
            || reached(limit, usualTrip) <= latest
            || moved(usualTrip).stream().noneMatch(w -> w.end() <= latest));
  }
}
