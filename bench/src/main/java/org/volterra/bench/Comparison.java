package org.volterra.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.stream.Collectors;

/**
 * What changed between two commits beyond noise. Only results of the same processor, virtual
 * machine, benchmark and parameters are compared.
 *
 * <p>A quantity has changed if the intervals of both commits do not meet and the values differ by
 * more than what one virtual machine differs from the next: 5 % with three virtual machines or more
 * on both sides, 20 % with fewer. Several runs of a commit are taken together: the median of their
 * values, and an interval that holds all of theirs.
 */
public final class Comparison {
  private static final double FLOOR_OF_MANY = 0.05;
  private static final double FLOOR_OF_FEW = 0.20;
  private static final int MANY = 3;

  /** What must be equal. */
  private record Key(
      String setting, String benchmark, SortedMap<String, String> parameters, String quantity) {}

  /**
   * A quantity that both commits have.
   *
   * @param benchmark name of the study
   * @param what parameters and quantity
   * @param before the value of the first commit
   * @param after the value of the second commit
   * @param changed whether they differ beyond noise
   */
  public record Change(
      String benchmark, String what, Measurement before, Measurement after, boolean changed) {
    /**
     * How the value changed.
     *
     * @return after / before; below 1 is better
     */
    public double ratio() {
      return after.value() / before.value();
    }
  }

  private final String before;
  private final String after;
  private final List<Change> all = new ArrayList<>();

  private Comparison(String before, String after) {
    this.before = before;
    this.after = after;
  }

  /**
   * Compares two commits.
   *
   * @param entries the history
   * @param first beginning of the name of the earlier commit
   * @param second beginning of the name of the later commit
   * @return the comparison
   * @throws IllegalArgumentException if a name fits no commit or several, or if the two have
   *     nothing in common
   */
  public static Comparison of(List<ResultHistory.Entry> entries, String first, String second) {
    Comparison comparison = new Comparison(commit(entries, first), commit(entries, second));
    Map<Key, Measurement> old = pooled(entries, comparison.before);
    Map<Key, Measurement> now = pooled(entries, comparison.after);
    now.forEach((key, measurement) -> {
      if (old.containsKey(key)) {
        comparison.all.add(change(key, old.get(key), measurement));
      }
    });
    if (comparison.all.isEmpty()) {
      throw new IllegalArgumentException(
          "commits "
              + comparison.before
              + " and "
              + comparison.after
              + " have no measurement in common: same benchmark, parameters, processor and virtual"
              + " machine");
    }
    return comparison;
  }

  private static String commit(List<ResultHistory.Entry> entries, String prefix) {
    List<String> known = entries.stream().map(ResultHistory.Entry::commit).distinct().toList();
    if (known.contains(prefix)) {
      return prefix;
    }
    List<String> found = known.stream().filter(name -> name.startsWith(prefix)).toList();
    List<String> clean = found.stream().filter(name -> !name.endsWith("-dirty")).toList();
    if (clean.size() == 1) {
      return clean.getFirst();
    }
    if (found.size() == 1) {
      return found.getFirst();
    }
    throw new IllegalArgumentException(
        "commit '"
            + prefix
            + "' fits "
            + (found.isEmpty() ? "none" : "several")
            + " of those with results: "
            + known.stream().map(Comparison::abbreviated).collect(Collectors.joining(", ")));
  }

  private static String abbreviated(String commit) {
    boolean dirty = commit.endsWith("-dirty");
    return commit.length() <= 12 ? commit : commit.substring(0, 12) + (dirty ? "-dirty" : "");
  }

  private static Map<Key, Measurement> pooled(List<ResultHistory.Entry> entries, String commit) {
    Map<Key, List<Measurement>> groups = new LinkedHashMap<>();
    for (ResultHistory.Entry e : entries) {
      if (e.commit().equals(commit) && Double.isFinite(e.measurement().value())) {
        Measurement m = e.measurement();
        groups
            .computeIfAbsent(
                new Key(e.setting(), e.benchmark(), m.parameters(), m.quantity()),
                key -> new ArrayList<>())
            .add(m);
      }
    }
    Map<Key, Measurement> pooled = new LinkedHashMap<>();
    groups.forEach((key, group) -> pooled.put(key, pool(group)));
    return pooled;
  }

  private static Measurement pool(List<Measurement> group) {
    double[] values = group.stream().mapToDouble(Measurement::value).toArray();
    return new Measurement(
        group.getFirst().parameters(),
        group.getFirst().quantity(),
        Spread.of(values).median(),
        group.stream().mapToDouble(m -> end(m.low(), m.value())).min().orElseThrow(),
        group.stream().mapToDouble(m -> end(m.high(), m.value())).max().orElseThrow(),
        group.stream().mapToInt(Measurement::forks).sum());
  }

  /** The end of an interval; the value itself where there is none. */
  private static double end(double end, double value) {
    return Double.isNaN(end) ? value : end;
  }

  private static Change change(Key key, Measurement old, Measurement now) {
    double floor = Math.min(old.forks(), now.forks()) >= MANY ? FLOOR_OF_MANY : FLOOR_OF_FEW;
    boolean apart = now.low() > old.high() || now.high() < old.low();
    boolean large = Math.abs(Math.log(now.value() / old.value())) > Math.log1p(floor);
    String parameters =
        key.parameters().entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining(" "));
    return new Change(key.benchmark(), parameters + " " + key.quantity(), old, now, apart && large);
  }

  /**
   * The quantities that both commits have.
   *
   * @return all of them
   */
  public List<Change> all() {
    return List.copyOf(all);
  }

  /**
   * The quantities that changed beyond noise.
   *
   * @return some of {@link #all}
   */
  public List<Change> changes() {
    return all.stream().filter(Change::changed).toList();
  }

  /** What changed, and how much did not. */
  @Override
  public String toString() {
    List<Change> changes = changes();
    String head =
        String.format(
            Locale.ROOT,
            "%s to %s: %d of %d measurements changed beyond noise%n",
            abbreviated(before),
            abbreviated(after),
            changes.size(),
            all.size());
    if (changes.isEmpty()) {
      return head;
    }
    ResultTable table = new ResultTable(2, "benchmark", "what", "before", "after", "ratio", "");
    for (Change change : changes) {
      table.row(
          change.benchmark(),
          change.what(),
          ResultTable.milliseconds(change.before().value()),
          ResultTable.milliseconds(change.after().value()),
          String.format(Locale.ROOT, "%.2f", change.ratio()),
          change.ratio() < 1 ? "better" : "worse");
    }
    return head + "\n" + table;
  }
}
