package org.volterra.experiments;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.volterra.FeedForwardSpec;
import org.volterra.Model;
import org.volterra.NetworkSpec;
import org.volterra.train.EpochMetrics;
import org.volterra.train.Evaluation;
import org.volterra.train.Samples;

/**
 * What a run did, as one self-contained page (report.html in the resources is its template).
 *
 * @param network what was trained
 * @param samples on what
 * @param summary what it came to
 * @param metrics one for each epoch
 * @param evaluation of the test samples
 */
record Report(
    Model network,
    Samples.Split samples,
    Summary summary,
    List<EpochMetrics> metrics,
    Evaluation evaluation) {

  /** The page as HTML. */
  String page(String title, JsonObject configuration) throws IOException {
    Map<String, Object> page = new LinkedHashMap<>();
    page.put("title", title);
    page.put("headline", headline());
    page.put("curves", curves());
    page.put("network", network.spec().toString());
    page.put("timing", timing());
    page.put("history", history());
    page.put("confusion", confusion());
    page.put("epochs", epochs());
    page.put("options", rows(configuration.getAsJsonObject("options")));
    page.put("machine", rows(configuration.getAsJsonObject("machine")));
    page.put("provider", configuration.get("provider").getAsString());
    page.put("started", configuration.get("started").getAsString());
    page.put("command", "volterra train " + String.join(" ", arguments(configuration)));
    return Page.render("report.html", page);
  }

  /** The curves as an SVG document. */
  String curves() {
    return CurveChart.svg(
        metrics,
        switch (network.spec()) {
          case NetworkSpec spec ->
              format(
                  "depth %d, %d channels, %s kernel; %,d parameters",
                  spec.depth(), spec.channels(), spec.kernel(), summary.parameters());
          case FeedForwardSpec spec ->
              format(
                  "%d stages, %s to %d outputs; %,d parameters",
                  spec.transform().stages().size(),
                  spec.input(),
                  spec.outputs(),
                  summary.parameters());
        });
  }

  private List<Map<String, String>> headline() {
    List<Map<String, String>> facts = new ArrayList<>();
    if (Double.isFinite(summary.testAccuracy())) {
      facts.add(row("test accuracy", format("%.2f %%", 100 * summary.testAccuracy())));
    }
    facts.add(row("test loss", format("%.4g", summary.testLoss())));
    facts.add(row("training time", format("%.1f s", summary.seconds())));
    facts.add(row("parameters", format("%,d", summary.parameters())));
    facts.add(row("history", Bytes.text(summary.historyBytes())));
    return facts;
  }

  private List<Map<String, String>> timing() {
    double[] seconds = metrics.stream().mapToDouble(EpochMetrics::seconds).sorted().toArray();
    double perSecond = (double) samples.train().count() * seconds.length / summary.seconds();
    return List.of(
        row("epochs", format("%d", seconds.length)),
        row("all epochs", format("%.2f s", summary.seconds())),
        row("fastest epoch", format("%.3f s", seconds[0])),
        row("median epoch", format("%.3f s", seconds[seconds.length / 2])),
        row("slowest epoch", format("%.3f s", seconds[seconds.length - 1])),
        row("samples a second, training and test pass", format("%,.0f", perSecond)));
  }

  private List<Map<String, String>> history() {
    List<Map<String, String>> facts = new ArrayList<>();
    if (network.spec() instanceof NetworkSpec spec) {
      facts.add(row("slices", format("%d", spec.depth() + 1)));
      facts.add(row("positions", format("%d", spec.positions())));
      facts.add(row("channels", format("%d", spec.featureChannels())));
      facts.add(row("one sample", Bytes.text(spec.historyBytes(network.type(), 1))));
    }
    facts.add(row("element", network.type().name().toLowerCase(Locale.ROOT)));
    facts.add(row("all histories of this run, off the heap", Bytes.text(summary.historyBytes())));
    return facts;
  }

  /** Rows of the confusion matrix; null for real targets. */
  private Map<String, Object> confusion() {
    int[][] counts = evaluation.confusion();
    if (counts.length == 0) {
      return null;
    }
    List<Map<String, Object>> rows = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      int total = Math.max(1, IntStream.of(counts[i]).sum());
      List<Map<String, Object>> cells = new ArrayList<>();
      for (int j = 0; j < counts.length; j++) {
        int share = Math.round(100f * counts[i][j] / total);
        cells.add(
            Map.of(
                "count",
                counts[i][j] == 0 ? "·" : String.valueOf(counts[i][j]),
                "kind",
                i == j ? "right" : "wrong",
                "share",
                share));
      }
      rows.add(Map.of("label", i, "cells", cells));
    }
    return Map.of("labels", IntStream.range(0, counts.length).boxed().toList(), "rows", rows);
  }

  private List<Map<String, String>> epochs() {
    return metrics.stream()
        .map(m ->
            Map.of(
                "epoch", format("%d", m.epoch()),
                "train", format("%.5g", m.trainLoss()),
                "test", finite("%.5g", m.testLoss()),
                "accuracy", finite("%.2f %%", 100 * m.testAccuracy()),
                "rate", format("%.3g", m.learningRate()),
                "norm", format("%.3g", m.gradientNorm()),
                "seconds", format("%.3f", m.seconds())))
        .toList();
  }

  private static List<Map<String, String>> rows(JsonObject object) {
    return object.entrySet().stream()
        .filter(entry -> !entry.getValue().isJsonNull())
        .map(entry -> row(entry.getKey(), entry.getValue().getAsString()))
        .toList();
  }

  private static List<String> arguments(JsonObject configuration) {
    return configuration.getAsJsonArray("arguments").asList().stream()
        .map(JsonElement::getAsString)
        .toList();
  }

  private static Map<String, String> row(String name, String value) {
    return Map.of("name", name, "value", value);
  }

  private static String finite(String format, double value) {
    return Double.isFinite(value) ? format(format, value) : "–";
  }

  @SuppressWarnings("AnnotateFormatMethod") // needs a library of annotations
  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
