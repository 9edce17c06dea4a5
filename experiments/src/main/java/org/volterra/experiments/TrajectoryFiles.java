package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.volterra.depth.LineField;
import org.volterra.fit.Trajectory;
import org.volterra.io.CsvFormat;
import org.volterra.io.CsvReader;
import org.volterra.io.CsvWriter;
import org.volterra.io.Table;

/**
 * Trajectories in CSV: one row for each observation, with a column of times, columns of states, and
 * perhaps a column that numbers the trajectories and columns of known sources. {@code nan} stands
 * for a state that was not observed.
 *
 * @param time name of the column of times
 * @param trajectory name of the column that numbers trajectories; null: all rows are one
 * @param states names of the states; null: all columns that are nothing else
 * @param sources names of the sources, as many as states; empty if x(0) is to be found
 * @param origin the time that is called 0
 */
record TrajectoryFiles(
    String time, String trajectory, List<String> states, List<String> sources, double origin) {

  /** What a file holds. */
  record Series(List<String> states, List<Trajectory> trajectories) {}

  Series read(Path file) throws IOException {
    Table table = CsvReader.read(file, CsvFormat.DEFAULT.withHeader(CsvFormat.Header.PRESENT));
    int times = column(file, table, time);
    int numbers = trajectory == null ? -1 : column(file, table, trajectory);
    List<Integer> sourceColumns = columns(file, table, sources);
    List<String> names = states;
    if (names == null) {
      names = new ArrayList<>();
      for (int j = 0; j < table.columns(); j++) {
        if (j != times && j != numbers && !sourceColumns.contains(j)) {
          names.add(table.names().get(j));
        }
      }
    }
    List<Integer> stateColumns = columns(file, table, names);
    if (stateColumns.isEmpty()) {
      throw new IOException(file + " has no column of states beside '" + time + "'");
    }
    if (!sources.isEmpty() && sources.size() != names.size()) {
      throw new IOException(
          file + ": " + sources.size() + " columns of sources for " + names.size() + " of states");
    }
    Map<Double, List<Integer>> rows = new LinkedHashMap<>();
    double end = 0;
    for (int i = 0; i < table.rows(); i++) {
      double t = table.get(i, times) - origin;
      if (!(t >= 0 && t < Double.POSITIVE_INFINITY)) {
        throw new IOException(
            file
                + ": row "
                + (i + 1)
                + ", column '"
                + time
                + "' is "
                + table.get(i, times)
                + ": times must be finite and not before the origin, "
                + origin);
      }
      end = Math.max(end, t);
      double key = numbers < 0 ? 1 : table.get(i, numbers);
      rows.computeIfAbsent(key, k -> new ArrayList<>()).add(i);
    }
    List<Trajectory> all = new ArrayList<>();
    for (Map.Entry<Double, List<Integer>> entry : rows.entrySet()) {
      double key = entry.getKey();
      String name = key == Math.rint(key) ? String.valueOf((long) key) : String.valueOf(key);
      double[] at =
          entry.getValue().stream().mapToDouble(i -> table.get(i, times) - origin).toArray();
      try {
        Optional<LineField> source =
            sources.isEmpty()
                ? Optional.empty()
                : Optional.of(source(at, values(table, entry.getValue(), sourceColumns), end));
        all.add(new Trajectory(name, at, values(table, entry.getValue(), stateColumns), source));
      } catch (IllegalArgumentException e) {
        String hint = numbers < 0 ? "; several trajectories need a column that numbers them" : "";
        throw new IOException(file + ": " + e.getMessage() + hint, e);
      }
    }
    return new Series(names, all);
  }

  private static double[][] values(Table table, List<Integer> rows, List<Integer> columns) {
    return rows.stream()
        .map(i -> columns.stream().mapToDouble(j -> table.get(i, j)).toArray())
        .toArray(double[][]::new);
  }

  /** Linear between the rows, and constant from the last one to the end of the interval. */
  private static LineField source(double[] times, double[][] values, double end) {
    int width = values[0].length;
    boolean extend = times[times.length - 1] < end;
    double[] nodes = extend ? Arrays.copyOf(times, times.length + 1) : times;
    double[] all = new double[nodes.length * width];
    nodes[nodes.length - 1] = end;
    for (int i = 0; i < nodes.length; i++) {
      double[] row = values[Math.min(i, times.length - 1)];
      for (int c = 0; c < width; c++) {
        if (!Double.isFinite(row[c])) {
          throw new IllegalArgumentException(
              "the source is " + row[c] + " at time " + nodes[i] + ": must be finite in all rows");
        }
        all[i * width + c] = row[c];
      }
    }
    return new LineField(nodes, width, all);
  }

  private static List<Integer> columns(Path file, Table table, List<String> names)
      throws IOException {
    List<Integer> columns = new ArrayList<>();
    for (String name : names) {
      columns.add(column(file, table, name));
    }
    return columns;
  }

  private static int column(Path file, Table table, String name) throws IOException {
    try {
      return table.columnIndex(name);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** Writes rows of numbers. */
  static void write(Path file, List<String> names, List<double[]> rows) throws IOException {
    double[] cells = rows.stream().flatMapToDouble(Arrays::stream).toArray();
    CsvWriter.write(file, new Table(names, rows.size(), names.size(), cells));
  }
}
