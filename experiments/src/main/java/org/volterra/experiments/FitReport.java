package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.volterra.depth.LineField;
import org.volterra.experiments.LinePlot.Axis;
import org.volterra.experiments.LinePlot.Line;
import org.volterra.fit.FieldFamily;
import org.volterra.fit.FitResult;
import org.volterra.fit.Trajectory;
import org.volterra.io.AtomicFiles;

/** Writes result.json, fitted.csv, kernel.csv, the plots and report.html of a fit. */
final class FitReport {
  /** The most parameters that are listed one by one. */
  static final int MOST_SHOWN = 40;

  private static final int MOST_TRAJECTORIES = 6;
  private static final int SAMPLES = 100;
  private static final int SECTIONS = 4;

  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  private final Path data;
  private final TrajectoryFiles.Series series;
  private final double horizon;
  private final FitResult result;
  private final String command;
  private final double seconds;

  FitReport(
      Path data,
      TrajectoryFiles.Series series,
      double horizon,
      FitResult result,
      String command,
      double seconds) {
    this.data = data;
    this.series = series;
    this.horizon = horizon;
    this.result = result;
    this.command = command;
    this.seconds = seconds;
  }

  void write(Path folder) throws IOException {
    List<StudyPlots.Plot> plots = List.of(trajectories(), residuals(), kernel());
    for (StudyPlots.Plot plot : plots) {
      AtomicFiles.writeString(folder.resolve(plot.file() + ".svg"), plot.svg());
    }
    fittedTable(folder.resolve("fitted.csv"));
    kernelTable(folder.resolve("kernel.csv"));
    AtomicFiles.writeString(folder.resolve("report.html"), page(plots));
    AtomicFiles.writeString(folder.resolve("result.json"), PRETTY.toJson(json()) + "\n");
  }

  private Map<String, Object> json() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("command", command);
    all.put("data", data.toString());
    all.putAll(settings());
    Map<String, Double> parameters = new LinkedHashMap<>();
    List<String> names = result.model().family().parameterNames();
    for (int i = 0; i < names.size(); i++) {
      parameters.put(names.get(i), result.parameters().get(i));
    }
    all.put("parameters", parameters);
    Map<String, Double> rms = new LinkedHashMap<>();
    for (int c = 0; c < series.states().size(); c++) {
      rms.put(series.states().get(c), result.rms().get(c));
    }
    all.put("rms", rms);
    all.put("explained", result.explained());
    all.put("ending", result.ending().text());
    all.put("iterations", result.iterations());
    all.put("evaluations", result.evaluations());
    all.put("max_residual", result.maxResidual());
    all.put("seconds", seconds);
    all.put("machine", InfoCommand.facts());
    return all;
  }

  private Map<String, String> settings() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("kernel", result.model().family().name());
    all.put("formula", result.model().family().formula());
    all.put("activation", result.model().activation().name().toLowerCase(Locale.ROOT));
    all.put("method", result.model().solver().method().id());
    all.put("diagonal", result.model().solver().diagonal().id());
    all.put("layers", String.valueOf(result.model().layers()));
    all.put("grading", String.valueOf(result.model().grading()));
    all.put("T", String.valueOf(horizon));
    if (result.model().family() instanceof FieldFamily field) {
      all.put("lambda0", String.valueOf(field.lambda0()));
      all.put("lambda1", String.valueOf(field.lambda1()));
    }
    return all;
  }

  private void fittedTable(Path file) throws IOException {
    List<String> names = new ArrayList<>(List.of("trajectory", "t"));
    for (String state : series.states()) {
      names.add(state);
      names.add(state + " fitted");
    }
    List<double[]> rows = new ArrayList<>();
    for (int j = 0; j < series.trajectories().size(); j++) {
      Trajectory observed = series.trajectories().get(j);
      double[] times = observed.times();
      double[][] values = observed.values();
      for (int i = 0; i < times.length; i++) {
        double[] row = new double[names.size()];
        row[0] = Double.parseDouble(observed.name());
        row[1] = times[i];
        for (int c = 0; c < observed.components(); c++) {
          row[2 + 2 * c] = values[i][c];
          row[3 + 2 * c] = result.trajectories().get(j).value(times[i], c);
        }
        rows.add(row);
      }
    }
    TrajectoryFiles.write(file, names, rows);
  }

  private boolean isField() {
    return result.model().family() instanceof FieldFamily;
  }

  /** t, s and K: sections of a field, else one at t = T. */
  private List<double[]> kernelRows(int section) {
    double t = horizon * (section + 1) / SECTIONS;
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      // The kernel may have no value at s = t.
      double s = t * i / SAMPLES;
      rows.add(new double[] {t, s, result.kernel(t, s)});
    }
    return rows;
  }

  private void kernelTable(Path file) throws IOException {
    List<double[]> rows = new ArrayList<>();
    for (int section = isField() ? 0 : SECTIONS - 1; section < SECTIONS; section++) {
      rows.addAll(kernelRows(section));
    }
    TrajectoryFiles.write(file, List.of("t", "s", "K"), rows);
  }

  private static List<Double> boxed(double[] values) {
    List<Double> list = new ArrayList<>();
    for (double value : values) {
      list.add(value);
    }
    return list;
  }

  private String label(Trajectory trajectory, int component) {
    String state = series.states().get(component);
    return series.trajectories().size() == 1 ? state : state + ", " + trajectory.name();
  }

  private StudyPlots.Plot trajectories() {
    LinePlot plot =
        new LinePlot(
            "Trajectories",
            "marks: observations; lines: the fitted equation",
            Axis.linear("time t"),
            Axis.linear("state"));
    int color = 0;
    for (int j = 0; j < Math.min(MOST_TRAJECTORIES, series.trajectories().size()); j++) {
      Trajectory observed = series.trajectories().get(j);
      LineField fitted = result.trajectories().get(j);
      for (int c = 0; c < observed.components(); c++, color++) {
        double[] times = observed.times();
        List<Double> values = new ArrayList<>();
        for (double[] row : observed.values()) {
          values.add(row[c]);
        }
        List<Double> line = new ArrayList<>();
        for (double t : fitted.nodes()) {
          line.add(fitted.value(t, c));
        }
        plot.add(
            label(observed, c), boxed(fitted.nodes()), line, ChartStyle.color(color), Line.PLAIN);
        plot.add("observed", boxed(times), values, ChartStyle.color(color), Line.POINTS);
      }
    }
    String text =
        "Observations and the solution of x(t) = g(t) + ∫ K(t,s) φ(x(s)) ds with the fitted kernel."
            + (series.trajectories().size() > MOST_TRAJECTORIES
                ? " The first " + MOST_TRAJECTORIES + " of " + series.trajectories().size() + "."
                : "");
    return new StudyPlots.Plot("trajectories", "Trajectories", text, plot.svg("trajectories"));
  }

  private StudyPlots.Plot residuals() {
    LinePlot plot =
        new LinePlot(
            "Residuals", data.toString(), Axis.linear("time t"), Axis.linear("observed − fitted"));
    for (int c = 0; c < series.states().size(); c++) {
      List<Double> times = new ArrayList<>();
      List<Double> residuals = new ArrayList<>();
      for (int j = 0; j < series.trajectories().size(); j++) {
        double[] own = series.trajectories().get(j).times();
        double[][] values = series.trajectories().get(j).values();
        for (int i = 0; i < own.length; i++) {
          times.add(own[i]);
          residuals.add(values[i][c] - result.trajectories().get(j).value(own[i], c));
        }
      }
      plot.add(series.states().get(c), times, residuals, ChartStyle.color(c), Line.POINTS);
    }
    return new StudyPlots.Plot(
        "residuals",
        "Residuals",
        "What the equation leaves unexplained, over all trajectories. A pattern in time speaks for"
            + " a kernel of another kind; a band without one for noise.",
        plot.svg("residuals"));
  }

  private StudyPlots.Plot kernel() {
    LinePlot plot =
        new LinePlot(
            "The kernel",
            result.model().family().formula(),
            Axis.linear(isField() ? "s" : "lag t − s"),
            Axis.linear("K"));
    for (int section = isField() ? 0 : SECTIONS - 1; section < SECTIONS; section++) {
      List<Double> x = new ArrayList<>();
      List<Double> y = new ArrayList<>();
      for (double[] row : kernelRows(section)) {
        x.add(isField() ? row[1] : row[0] - row[1]);
        y.add(row[2]);
      }
      double t = horizon * (section + 1) / SECTIONS;
      String name = isField() ? format("t = %.4g", t) : "K";
      plot.add(name, x, y, ChartStyle.shade(section, SECTIONS), Line.PLAIN);
    }
    return new StudyPlots.Plot(
        "kernel", "The kernel", result.model().family().formula(), plot.svg("kernel"));
  }

  private String page(List<StudyPlots.Plot> plots) throws IOException {
    List<String> names = result.model().family().parameterNames();
    List<StudyTables.Row> rows = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      rows.add(
          new StudyTables.Row(List.of(names.get(i), format("%.8g", result.parameters().get(i)))));
    }
    Map<String, String> facts = new LinkedHashMap<>();
    for (int i = 0; i < names.size() && names.size() <= MOST_SHOWN; i++) {
      facts.put(names.get(i), format("%.5g", result.parameters().get(i)));
    }
    for (int c = 0; c < series.states().size(); c++) {
      facts.put("rms of " + series.states().get(c), format("%.3g", result.rms().get(c)));
    }
    facts.put("explained", format("%.4f %%", 100 * result.explained()));
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("title", "Kernel of " + data.getFileName());
    page.put("command", command);
    page.put(
        "claim",
        format(
            "The kernel was found by L-BFGS with the exact gradient of the discrete equation: %s"
                + " after %d iterations and %d evaluations, in %.1f s.",
            result.ending().text(), result.iterations(), result.evaluations(), seconds));
    page.put("headline", StudyReport.pairs(facts));
    page.put("plots", plots);
    page.put(
        "tables",
        List.of(new StudyTables.Table("Parameters", List.of("parameter", "value"), rows)));
    page.put("settings", StudyReport.pairs(settings()));
    page.put("machine", StudyReport.pairs(InfoCommand.facts()));
    return Page.render("study.html", page);
  }

  @SuppressWarnings("AnnotateFormatMethod") // needs a library of annotations
  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
