package org.volterra.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * What a {@link StartStudy} measured.
 *
 * @param settings what was asked for
 * @param groups the results by kernel
 * @param origin how they were measured
 */
public record StartResult(StartStudy.Settings settings, List<Group> groups, Origin origin)
    implements StudyResult {
  /** A steady speed may be slower than the median of all virtual machines by this factor. */
  public static final double SLOWEST = 1.3;

  /** It must be reached after this time, in milliseconds since the start of the process. */
  public static final double LATEST = 2000;

  /** Copies the list. */
  public StartResult {
    groups = List.copyOf(groups);
  }

  /** The virtual machines of one kernel. */
  public static final class Group {
    private final String kernel;
    private final List<StartTrace> traces;
    private final List<StartTrace> repeated;
    private final double usualTrip;
    private final double median;

    /** What counts as steady speed: not slower than the median by more than the factor. */
    private final double limit;

    /**
     * Finds out what is usual.
     *
     * @param kernel name of the kernel
     * @param traces what each did, at least one
     * @param repeated those that were repeated, since they could not be judged
     */
    public Group(String kernel, List<StartTrace> traces, List<StartTrace> repeated) {
      this.kernel = kernel;
      this.traces = List.copyOf(traces);
      this.repeated = List.copyOf(repeated);
      usualTrip = StartTrace.usualTrip(all());
      median = spread(this::steady).median();
      limit = SLOWEST * median;
    }

    /**
     * What each virtual machine did.
     *
     * @return at least one
     */
    public List<StartTrace> traces() {
      return traces;
    }

    private List<StartTrace> all() {
      return Stream.concat(traces.stream(), repeated.stream()).toList();
    }

    /** Those that cannot be judged, since the host moved their processors. */
    List<StartTrace> unjudged() {
      return traces.stream().filter(t -> !t.canBeJudged(limit, LATEST, usualTrip)).toList();
    }

    /** Says how often processors were moved, and what that meant; empty if they never were. */
    private Stream<String> movements() {
      List<StartTrace.Window> windows =
          all().stream().flatMap(t -> t.moved(usualTrip).stream()).toList();
      if (windows.isEmpty()) {
        return Stream.empty();
      }
      int count = all().stream().mapToInt(t -> t.windows().size()).sum();
      return Stream.of(
          String.format(
              Locale.ROOT,
              "%s: in %.0f %% of the time the host had moved the processors: a cache line took"
                  + " %.0f ns there and back (median; %.0f usually), a step %s ms. This time is"
                  + " not counted; virtual machines repeated since too little was left: %d",
              kernel,
              100.0 * windows.size() / count,
              median(windows, StartTrace.Window::roundTrip),
              usualTrip,
              ResultTable.milliseconds(median(windows, StartTrace.Window::median)),
              repeated.size()));
    }

    private static double median(
        List<StartTrace.Window> windows, ToDoubleFunction<StartTrace.Window> quantity) {
      return Spread.of(windows.stream().mapToDouble(quantity).toArray()).median();
    }

    private Spread spread(ToDoubleFunction<StartTrace> quantity) {
      return Spread.of(traces.stream().mapToDouble(quantity).toArray());
    }

    private double worst(ToDoubleFunction<StartTrace> quantity) {
      return traces.stream().mapToDouble(quantity).max().orElseThrow();
    }

    private double steady(StartTrace trace) {
      return trace.steady(usualTrip);
    }

    private double reached(StartTrace trace) {
      return trace.reached(limit, usualTrip);
    }

    /**
     * The virtual machines that are too slow or become fast too late.
     *
     * @return a line for each, none if there is no cliff
     */
    public List<String> cliffs() {
      List<String> cliffs = new ArrayList<>();
      for (int i = 0; i < traces.size(); i++) {
        StartTrace trace = traces.get(i);
        String name = "virtual machine " + (i + 1) + ", " + kernel + ": ";
        if (!(steady(trace) <= limit)) {
          cliffs.add(
              String.format(
                  Locale.ROOT,
                  "%ssteady at %s ms a step, %.2f times the median of %s ms (allowed: %.1f)",
                  name,
                  ResultTable.milliseconds(steady(trace)),
                  steady(trace) / median,
                  ResultTable.milliseconds(median),
                  SLOWEST));
        } else if (!(reached(trace) <= LATEST)) {
          cliffs.add(
              String.format(
                  Locale.ROOT,
                  "%ssteady only after %.0f ms (allowed: %.0f)",
                  name,
                  reached(trace),
                  LATEST));
        }
      }
      return cliffs;
    }
  }

  /**
   * The virtual machines that are too slow or become fast too late.
   *
   * @return a line for each, none if there is no cliff
   */
  public List<String> cliffs() {
    return groups.stream().flatMap(group -> group.cliffs().stream()).toList();
  }

  /**
   * How often the host had moved processors, and what that meant.
   *
   * @return a line for each kernel where that was so
   */
  public List<String> movements() {
    return groups.stream().flatMap(Group::movements).toList();
  }

  @Override
  public String benchmark() {
    return settings.name();
  }

  @Override
  public Map<String, Object> content() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("size", settings.size().toString());
    content.put("provider", settings.provider());
    content.put("threads", settings.threads());
    content.put("cliffs", cliffs());
    content.put("points", groups.stream().map(StartResult::json).toList());
    return content;
  }

  private static Map<String, Object> json(Group group) {
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("kernel", group.kernel);
    point.put("firstMilliseconds", numbers(group.traces, StartTrace::first));
    point.put("reachedMilliseconds", numbers(group.traces, group::reached));
    point.put("steadyMilliseconds", numbers(group.traces, group::steady));
    double trip = group.usualTrip;
    point.put("usualRoundTripNanoseconds", Json.number(trip));
    point.put("movedWindows", numbers(group.traces, t -> t.moved(trip).size()));
    point.put("repeatedSteadyMilliseconds", numbers(group.repeated, group::steady));
    point.put("repeatedMovedWindows", numbers(group.repeated, t -> t.moved(trip).size()));
    return point;
  }

  private static List<Object> numbers(
      List<StartTrace> traces, ToDoubleFunction<StartTrace> quantity) {
    List<Object> numbers = new ArrayList<>(); // with null for what was never reached
    traces.forEach(trace -> numbers.add(Json.number(quantity.applyAsDouble(trace))));
    return numbers;
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(2, "kernel", "ms", "median", "quartile", "quartile", "slowest", "ratio");
    for (Group group : groups) {
      row(table, group, "to the first step", StartTrace::first);
      row(table, group, "to steady speed", group::reached);
      row(table, group, "a step at steady speed", group::steady);
    }
    return table;
  }

  private static void row(
      ResultTable table, Group group, String what, ToDoubleFunction<StartTrace> quantity) {
    Spread spread = group.spread(quantity);
    double worst = group.worst(quantity);
    table.row(
        group.kernel,
        what,
        ResultTable.milliseconds(spread.median()),
        ResultTable.milliseconds(spread.low()),
        ResultTable.milliseconds(spread.high()),
        Double.isInfinite(worst) ? "never" : ResultTable.milliseconds(worst),
        Double.isInfinite(worst)
            ? ResultTable.NONE
            : String.format(Locale.ROOT, "%.2f", worst / spread.median()));
  }

  @Override
  public List<Measurement> measurements() {
    return groups.stream()
        .flatMap(group -> {
          Map<String, String> parameters =
              Map.of(
                  "kernel", group.kernel,
                  "size", settings.size().toString(),
                  "provider", settings.provider(),
                  "threads", String.valueOf(settings.threads()));
          int forks = group.traces.size();
          return Stream.of(
              Measurement.of(parameters, "first step ms", group.spread(StartTrace::first), forks),
              Measurement.of(parameters, "steady after ms", group.spread(group::reached), forks),
              Measurement.of(parameters, "steady step ms", group.spread(group::steady), forks));
        })
        .toList();
  }
}
