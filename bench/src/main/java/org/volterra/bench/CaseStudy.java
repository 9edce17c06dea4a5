package org.volterra.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * A run of one JMH benchmark over a list of cases, each in fresh virtual machines of its own. What
 * is in the lists is said by {@link CaseStudies}.
 */
public final class CaseStudy implements Study {
  private static final double SECONDS_TO_START = 1.2;

  /**
   * One set of parameters.
   *
   * @param parameters what is varied, by the names that the benchmark has for them, in the order of
   *     the table's columns
   * @param fixed other parameters of the benchmark, which neither table nor history show
   * @param notes what is to be said about the case, by column of the table
   * @param operations counted operations of one call of each method that is timed
   * @param secondsPerCall a guess of the time of the longest method
   */
  public record Case(
      Map<String, String> parameters,
      Map<String, String> fixed,
      Map<String, String> notes,
      Map<String, Double> operations,
      double secondsPerCall) {}

  /**
   * A result.
   *
   * @param of what was timed
   * @param method name of the method
   * @param timing what came out
   */
  public record Point(Case of, String method, Timing timing) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s %s: %s ms, %.2f G/s",
          of.parameters().entrySet().stream()
              .map(e -> e.getKey() + "=" + e.getValue())
              .collect(Collectors.joining(" ")),
          method,
          ResultTable.milliseconds(timing.milliseconds()),
          timing.gigaflops());
    }
  }

  private final String name;
  private final Class<?> benchmark;
  private final String unit;
  private final List<Case> cases;
  private final Effort effort;

  /**
   * Plans a run.
   *
   * @param name name of the study
   * @param benchmark class with the benchmarks
   * @param unit of 10⁹ counted operations a second, such as GF/s
   * @param cases what is timed, at least one, all with the same names of parameters and notes
   * @param effort repetitions
   * @throws IllegalArgumentException if there is no case
   */
  CaseStudy(String name, Class<?> benchmark, String unit, List<Case> cases, Effort effort) {
    if (cases.isEmpty()) {
      throw new IllegalArgumentException(name + ": no case to time, at least one is needed");
    }
    this.name = name;
    this.benchmark = benchmark;
    this.unit = unit;
    this.cases = List.copyOf(cases);
    this.effort = effort;
  }

  /**
   * What will be timed.
   *
   * @return the cases in order
   */
  public List<Case> cases() {
    return cases;
  }

  @Override
  public double expectedSeconds() {
    return cases.stream()
        .mapToDouble(
            c -> c.operations().size() * effort.seconds(SECONDS_TO_START, c.secondsPerCall()))
        .sum();
  }

  @Override
  public Result run(boolean verbose, Consumer<String> progress) {
    List<Point> points = new ArrayList<>();
    JmhRun.Outcome outcome = null;
    for (int i = 0; i < cases.size(); i++) {
      Case c = cases.get(i);
      Map<String, String> all = new LinkedHashMap<>(c.parameters());
      all.putAll(c.fixed());
      outcome = JmhRun.of(benchmark, all, effort, verbose);
      for (Map.Entry<String, Double> method : c.operations().entrySet()) {
        Timing timing = outcome.timing(method.getKey(), method.getValue());
        points.add(new Point(c, method.getKey(), timing));
        progress.accept("[" + (i + 1) + "/" + cases.size() + "] " + points.getLast());
      }
    }
    return new Result(name, unit, points, outcome.origin(effort));
  }

  /**
   * What was measured.
   *
   * @param benchmark name of the study
   * @param unit of 10⁹ counted operations a second
   * @param points the results
   * @param origin how they were measured
   */
  public record Result(String benchmark, String unit, List<Point> points, Origin origin)
      implements StudyResult {
    /** Copies the list. */
    public Result {
      points = List.copyOf(points);
    }

    @Override
    public Map<String, Object> content() {
      Map<String, Object> content = new LinkedHashMap<>();
      content.put("elementType", "float32");
      content.put("points", points.stream().map(Result::json).toList());
      return content;
    }

    private static Map<String, Object> json(Point p) {
      Map<String, Object> json = new LinkedHashMap<>(p.of().parameters());
      json.putAll(p.of().notes());
      json.put(p.method(), Json.timing(p.timing()));
      return json;
    }

    @Override
    public ResultTable table() {
      Case first = points.getFirst().of();
      List<String> header = new ArrayList<>(first.parameters().keySet());
      header.addAll(first.notes().keySet());
      header.add("what");
      int words = header.size();
      header.addAll(List.of("ms", "±", unit, "garbage B/call"));
      ResultTable table = new ResultTable(words, header.toArray(String[]::new));
      for (Point p : points) {
        List<String> cells = new ArrayList<>(p.of().parameters().values());
        cells.addAll(p.of().notes().values());
        cells.add(p.method());
        cells.add(ResultTable.milliseconds(p.timing().milliseconds()));
        cells.add(ResultTable.milliseconds(p.timing().error()));
        cells.add(ResultTable.decimal(p.timing().gigaflops()));
        cells.add(ResultTable.bytes(p.timing().garbageBytes()));
        table.row(cells.toArray(String[]::new));
      }
      return table;
    }

    @Override
    public List<Measurement> measurements() {
      return points.stream()
          .map(p -> Measurement.of(p.of().parameters(), p.method(), p.timing(), origin.effort()))
          .toList();
    }
  }
}
