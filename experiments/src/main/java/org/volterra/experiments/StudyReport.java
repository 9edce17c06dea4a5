package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.volterra.depth.FieldNorm;
import org.volterra.io.AtomicFiles;
import org.volterra.io.CsvFormat;
import org.volterra.io.CsvWriter;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.LimitFit;
import org.volterra.study.StudyPoint;

/** Writes table.csv, results.json, the plots and report.html of a study (template study.html). */
final class StudyReport {
  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().serializeNulls().create();

  private final String name;
  private final ConvergenceStudy study;
  private final StudyData data;
  private final String command;
  private final List<String> columns;
  private final List<List<Double>> rows = new ArrayList<>();

  StudyReport(String name, ConvergenceStudy study, List<StudyPoint> points, String command) {
    this.name = name;
    this.study = study;
    this.data = new StudyData(study, points);
    this.command = command;
    this.columns = columns();
    points.forEach(p -> rows.add(row(p)));
  }

  private List<String> columns() {
    Set<String> names = new LinkedHashSet<>(List.of("L", "seed"));
    if (data.hasValues()) {
      names.add(study.valueName());
      names.add("gap");
    }
    if (data.hasMinimisers()) {
      names.add("L2 to finest");
      names.add("H1 to finest");
    }
    data.points().forEach(p -> names.addAll(p.measures().keySet()));
    return List.copyOf(names);
  }

  private List<Double> row(StudyPoint point) {
    Map<String, Double> cells = new LinkedHashMap<>(point.measures());
    cells.put("L", (double) point.depth());
    cells.put("seed", (double) point.seed());
    cells.put(study.valueName(), point.value());
    cells.put("gap", point.value() - data.limit());
    if (data.hasMinimisers()) {
      FieldNorm distance = data.distanceToFinest(point);
      cells.put("L2 to finest", distance.l2());
      cells.put("H1 to finest", distance.h1());
    }
    return columns.stream().map(c -> cells.getOrDefault(c, Double.NaN)).toList();
  }

  void write(StudyFolder folder) throws IOException {
    List<StudyPlots.Plot> plots = StudyPlots.of(study, data);
    for (StudyPlots.Plot plot : plots) {
      AtomicFiles.writeString(folder.file(plot.file() + ".svg"), plot.svg());
    }
    AtomicFiles.write(
        folder.file("table.csv"),
        channel -> {
          // Not closed: the channel's owner still has to force it.
          Writer text =
              new OutputStreamWriter(Channels.newOutputStream(channel), StandardCharsets.UTF_8);
          CsvWriter csv = new CsvWriter(text, CsvFormat.DEFAULT);
          for (String column : columns) {
            csv.text(column);
          }
          csv.endRow();
          for (List<Double> row : rows) {
            for (int i = 0; i < row.size(); i++) {
              if (i < 2) {
                csv.integer(row.get(i).longValue());
              } else {
                csv.number(row.get(i));
              }
            }
            csv.endRow();
          }
          text.flush();
        });
    AtomicFiles.writeString(folder.file("results.json"), PRETTY.toJson(results()) + "\n");
    AtomicFiles.writeString(folder.file("report.html"), page(plots));
  }

  private Map<String, Object> results() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("study", name);
    all.put("title", study.title());
    all.put("command", command);
    all.put("settings", study.settings());
    all.put("known_limit", data.known().isPresent() ? data.known().getAsDouble() : null);
    LimitFit fit = data.extrapolated();
    all.put("extrapolated_limit", fit == null ? null : fit.limit());
    all.put("fitted_order", fit == null ? null : fit.order());
    List<Map<String, Double>> points = new ArrayList<>();
    for (List<Double> row : rows) {
      Map<String, Double> point = new LinkedHashMap<>();
      for (int i = 0; i < columns.size(); i++) {
        point.put(columns.get(i), Double.isFinite(row.get(i)) ? row.get(i) : null);
      }
      points.add(point);
    }
    all.put("points", points);
    all.put("machine", InfoCommand.facts());
    return all;
  }

  private String page(List<StudyPlots.Plot> plots) throws IOException {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("title", study.title());
    page.put("command", command);
    page.put("claim", study.claim());
    page.put("headline", headline());
    page.put("plots", plots);
    page.put("tables", StudyTables.of(columns, rows));
    page.put("settings", pairs(study.settings()));
    page.put("machine", pairs(InfoCommand.facts()));
    return Page.render("study.html", page);
  }

  private List<Map<String, String>> headline() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("depths", data.depths().getFirst() + " … " + data.depths().getLast());
    if (data.seeds().size() > 1) {
      facts.put("seeds", String.valueOf(data.seeds().size()));
    }
    if (data.hasValues()) {
      double finest = data.values().getLast();
      facts.put(study.valueName() + " at the finest", format("%.8g", finest));
      if (data.known().isPresent()) {
        facts.put("known limit", format("%.8g", data.known().getAsDouble()));
      }
      if (data.extrapolated() != null) {
        facts.put("extrapolated", format("%.8g", data.extrapolated().limit()));
        facts.put("fitted order", format("%.2f", data.extrapolated().order()));
      }
    }
    return pairs(facts);
  }

  static List<Map<String, String>> pairs(Map<String, String> map) {
    return map.entrySet().stream()
        .map(e -> Map.of("name", e.getKey(), "value", e.getValue()))
        .toList();
  }

  @SuppressWarnings("AnnotateFormatMethod") // needs a library of annotations
  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
