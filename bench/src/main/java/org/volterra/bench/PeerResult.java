package org.volterra.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a {@link PeerStudy} measured.
 *
 * @param peer name and version of the peer
 * @param points the results
 * @param origin how they were measured
 */
public record PeerResult(String peer, List<Point> points, Origin origin) implements StudyResult {
  /** Copies the list. */
  public PeerResult {
    points = List.copyOf(points);
  }

  /**
   * One comparison.
   *
   * @param work what both computed
   * @param what forward passes, gradients or training steps
   * @param variant how PyTorch was written
   * @param threads threads of both
   * @param ratio time of PyTorch over time of Volterra, pair by pair; above 1 Volterra is faster
   * @param torchMillis time of a call of PyTorch
   * @param volterraMillis time of a call of Volterra
   * @param torchPeak largest resident memory of PyTorch's process in bytes, NaN if unknown
   * @param volterraPeak largest resident memory of Volterra's process in bytes, NaN if unknown
   */
  public record Point(
      PeerCase work,
      String what,
      String variant,
      int threads,
      Spread ratio,
      Spread torchMillis,
      Spread volterraMillis,
      double torchPeak,
      double volterraPeak) {
    /**
     * The comparison in a few words.
     *
     * @return both times, their ratio with its quartiles
     */
    public String summary() {
      return String.format(
          Locale.ROOT,
          "PyTorch %s ms, Volterra %s ms, ratio %s",
          ResultTable.milliseconds(torchMillis.median()),
          ResultTable.milliseconds(volterraMillis.median()),
          ratio);
    }
  }

  @Override
  public String benchmark() {
    return "peers";
  }

  @Override
  public Map<String, Object> content() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("peer", peer);
    content.put("elementType", "float32");
    content.put("points", points.stream().map(PeerResult::json).toList());
    return content;
  }

  private static Map<String, Object> json(Point p) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("case", p.work().toString());
    json.put("what", p.what());
    json.put("variant", p.variant());
    json.put("threads", p.threads());
    json.put("ratio", p.ratio().json());
    json.put("torchMilliseconds", p.torchMillis().json());
    json.put("volterraMilliseconds", p.volterraMillis().json());
    json.put("torchPeakBytes", Json.number(p.torchPeak()));
    json.put("volterraPeakBytes", Json.number(p.volterraPeak()));
    return json;
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(
            3,
            "case",
            "what",
            "PyTorch",
            "threads",
            "PyTorch ms",
            "Volterra ms",
            "ratio",
            "quartiles",
            "95 % of median",
            "PyTorch MB",
            "Volterra MB");
    for (Point p : points) {
      table.row(
          p.work().toString(),
          p.what(),
          p.variant(),
          String.valueOf(p.threads()),
          ResultTable.milliseconds(p.torchMillis().median()),
          ResultTable.milliseconds(p.volterraMillis().median()),
          String.format(Locale.ROOT, "%.2f", p.ratio().median()),
          interval(p.ratio().low(), p.ratio().high()),
          interval(p.ratio().medianLow(), p.ratio().medianHigh()),
          megabytes(p.torchPeak()),
          megabytes(p.volterraPeak()));
    }
    return table;
  }

  private static String interval(double low, double high) {
    return Double.isNaN(low)
        ? ResultTable.NONE
        : String.format(Locale.ROOT, "%.2f-%.2f", low, high);
  }

  private static String megabytes(double bytes) {
    return Double.isNaN(bytes) ? ResultTable.NONE : String.format(Locale.ROOT, "%.0f", bytes / 1e6);
  }

  @Override
  public List<Measurement> measurements() {
    return points.stream()
        .flatMap(p -> {
          Map<String, String> parameters =
              Map.of(
                  "case", p.work().toString(),
                  "what", p.what(),
                  "threads", String.valueOf(p.threads()),
                  "variant", p.variant());
          int forks = origin.effort().forks();
          return Stream.of(
              Measurement.of(parameters, "PyTorch ms", p.torchMillis(), forks),
              Measurement.of(parameters, "Volterra ms", p.volterraMillis(), forks));
        })
        .toList();
  }
}
