package org.volterra.experiments;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The numbers of a study as tables that fit a page: measures that several networks have, named
 * {@code network: measure}, become one table for each measure with a column for each network; all
 * others stand together, at most so many side by side.
 */
final class StudyTables {
  /** Columns of a table beside L and seed. */
  static final int MOST_COLUMNS = 6;

  private static final int KEYS = 2;
  private static final String SEPARATOR = ": ";

  /**
   * A table.
   *
   * @param title what is above it
   * @param columns names
   * @param rows one for each point
   */
  record Table(String title, List<String> columns, List<Row> rows) {}

  /**
   * A row.
   *
   * @param cells one for each column
   */
  record Row(List<String> cells) {}

  private final List<String> columns;
  private final List<List<Double>> rows;
  private final List<Table> tables = new ArrayList<>();

  private StudyTables(List<String> columns, List<List<Double>> rows) {
    this.columns = columns;
    this.rows = rows;
  }

  /**
   * Divides a table.
   *
   * @param columns names, L and seed first
   * @param rows numbers, one for each column
   * @return tables, each beginning with L and seed
   */
  static List<Table> of(List<String> columns, List<List<Double>> rows) {
    StudyTables all = new StudyTables(columns, rows);
    Map<String, List<Integer>> byMeasure = new LinkedHashMap<>();
    for (int i = KEYS; i < columns.size(); i++) {
      byMeasure.computeIfAbsent(measure(columns.get(i)), name -> new ArrayList<>()).add(i);
    }
    List<Integer> others = new ArrayList<>();
    byMeasure.values().stream().filter(all::isSingle).forEach(others::addAll);
    all.add("All points", others, false);
    byMeasure.forEach((name, own) -> {
      if (!all.isSingle(own)) {
        all.add(name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1), own, true);
      }
    });
    return all.tables;
  }

  private static String measure(String column) {
    int at = column.indexOf(SEPARATOR);
    return at < 0 ? column : column.substring(at + SEPARATOR.length());
  }

  private boolean isSingle(List<Integer> own) {
    return own.size() == 1;
  }

  private void add(String title, List<Integer> own, boolean shortened) {
    for (int from = 0; from < own.size(); from += MOST_COLUMNS) {
      List<Integer> some = new ArrayList<>(List.of(0, 1));
      some.addAll(own.subList(from, Math.min(from + MOST_COLUMNS, own.size())));
      tables.add(
          new Table(
              from == 0 ? title : title + ", continued",
              some.stream().map(i -> shortened ? network(columns.get(i)) : columns.get(i)).toList(),
              rows.stream()
                  .map(row -> new Row(some.stream().map(i -> cell(row.get(i))).toList()))
                  .toList()));
    }
  }

  private static String network(String column) {
    int at = column.indexOf(SEPARATOR);
    return at < 0 ? column : column.substring(0, at);
  }

  private static String cell(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.6g", value);
  }
}
