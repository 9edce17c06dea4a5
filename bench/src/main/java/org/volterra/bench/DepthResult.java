package org.volterra.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a {@link DepthStudy} measured.
 *
 * @param settings what was asked for
 * @param points the results
 * @param origin how they were measured
 */
public record DepthResult(DepthStudy.Settings settings, List<DepthPoint> points, Origin origin)
    implements StudyResult {
  /** Copies the list. */
  public DepthResult {
    points = List.copyOf(points);
  }

  /**
   * The points sorted by kernel and provider.
   *
   * @return at least one curve
   */
  public List<DepthCurve> curves() {
    return DepthCurve.of(points);
  }

  @Override
  public String benchmark() {
    return "depth";
  }

  @Override
  public Map<String, Object> content() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("channels", DepthCase.CHANNELS);
    content.put("batch", DepthCase.BATCH);
    content.put("elementType", "float32");
    content.put("threads", settings.threads());
    content.put("points", points.stream().map(DepthResult::json).toList());
    content.put("fits", curves().stream().map(DepthResult::fits).toList());
    return content;
  }

  private static Map<String, Object> json(DepthPoint p) {
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("kernel", p.kernel());
    point.put("provider", p.provider());
    point.put("layers", p.layers());
    point.put("historyBytes", p.historyBytes());
    point.put("forward", Json.timing(p.forward()));
    point.put("gradient", Json.timing(p.gradient()));
    return point;
  }

  private static Map<String, Object> fits(DepthCurve curve) {
    Map<String, Object> fits = new LinkedHashMap<>();
    fits.put("kernel", curve.kernel());
    fits.put("provider", curve.provider());
    fits.put("forward", fit(curve.forwardFit()));
    fits.put("gradient", fit(curve.gradientFit()));
    return fits;
  }

  private static Map<String, Object> fit(Optional<ScalingFit> fit) {
    return fit.map(
            f -> {
              Map<String, Object> values = new LinkedHashMap<>();
              values.put("exponent", Json.number(f.exponent()));
              values.put("halfWidth95", Json.number(f.halfWidth()));
              values.put("points", f.points());
              return values;
            })
        .orElse(null);
  }

  /**
   * The table. Errors are half-widths of 99.9 % confidence intervals of the mean, those of
   * exponents of 95 %.
   */
  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(
            2,
            "kernel",
            "provider",
            "L",
            "forward ms",
            "±",
            "GF/s",
            "gradient ms",
            "±",
            "GF/s",
            "history bytes",
            "garbage B/step",
            "forward ~ L^",
            "gradient ~ L^");
    for (DepthCurve curve : curves()) {
      for (DepthPoint p : curve.points()) {
        boolean last = p.equals(curve.points().getLast());
        table.row(
            p.kernel(),
            p.provider(),
            String.valueOf(p.layers()),
            ResultTable.milliseconds(p.forward().milliseconds()),
            ResultTable.milliseconds(p.forward().error()),
            ResultTable.decimal(p.forward().gigaflops()),
            ResultTable.milliseconds(p.gradient().milliseconds()),
            ResultTable.milliseconds(p.gradient().error()),
            ResultTable.decimal(p.gradient().gigaflops()),
            ResultTable.bytes(p.historyBytes()),
            ResultTable.bytes(p.gradient().garbageBytes()),
            last ? exponent(curve.forwardFit()) : "",
            last ? exponent(curve.gradientFit()) : "");
      }
    }
    return table;
  }

  private static String exponent(Optional<ScalingFit> fit) {
    return fit.map(ScalingFit::toString).orElse(ResultTable.NONE);
  }

  @Override
  public List<Measurement> measurements() {
    return points.stream()
        .flatMap(p -> {
          Map<String, String> parameters =
              Map.of(
                  "kernel", p.kernel(),
                  "provider", p.provider(),
                  "layers", String.valueOf(p.layers()),
                  "threads", String.valueOf(settings.threads()));
          return Stream.of(
              Measurement.of(parameters, "forward", p.forward(), origin.effort()),
              Measurement.of(parameters, "gradient", p.gradient(), origin.effort()));
        })
        .toList();
  }
}
