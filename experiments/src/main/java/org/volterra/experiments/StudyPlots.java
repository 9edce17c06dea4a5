package org.volterra.experiments;

import java.awt.Color;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.volterra.bench.ScalingFit;
import org.volterra.depth.FieldNorm;
import org.volterra.depth.LineField;
import org.volterra.experiments.LinePlot.Axis;
import org.volterra.experiments.LinePlot.Line;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.Curve;
import org.volterra.study.LimitFit;
import org.volterra.study.MeasurePlot;
import org.volterra.study.StudyPoint;

/** The plots of a study's report, each with what it illustrates and what was measured. */
final class StudyPlots {
  private static final int MOST_CURVES = 7;
  private static final int MOST_COMPONENTS = 6;

  /** Exponents of measures that are known worse, to 95 %, are not worth a word. */
  private static final double MOST_DOUBT = 0.25;

  /** A plot, its heading and its text. */
  record Plot(String file, String heading, String text, String svg) {}

  private final ConvergenceStudy study;
  private final StudyData data;
  private final Axis depth;
  private final List<Plot> plots = new ArrayList<>();

  private StudyPlots(ConvergenceStudy study, StudyData data) {
    this.study = study;
    this.data = data;
    this.depth = Axis.logarithmic("number of layers L", data.layers());
  }

  static List<Plot> of(ConvergenceStudy study, StudyData data) {
    StudyPlots all = new StudyPlots(study, data);
    if (data.hasValues()) {
      all.values();
      all.gaps();
    }
    if (data.hasMinimisers()) {
      all.distances();
    }
    study.measurePlots().forEach(all::measures);
    all.curves(
        Curve.Kind.TRAJECTORY,
        "trajectory",
        "Trajectories",
        Axis.linear("depth t"),
        Axis.linear("state"),
        "States along depth at the minimum, one line for each number of layers. Convergence of"
            + " minimisers implies that of trajectories, uniformly in t.");
    all.differences();
    all.curves(
        Curve.Kind.LOSS,
        "loss",
        "Losses",
        Axis.linear("iteration"),
        Axis.logarithmic("loss"),
        "The loss while it was minimised, one line for each number of layers.");
    all.curves(
        Curve.Kind.STATE_NORM,
        "state-norm",
        "Norms of the states",
        Axis.linear("depth t"),
        Axis.logarithmic("root mean square of the state"),
        "Root mean square of the components of each layer's state against the layer's depth.");
    all.curves(
        Curve.Kind.GRADIENT,
        "gradient",
        "Gradients of the layers",
        Axis.linear("depth t"),
        Axis.logarithmic("norm of the gradient"),
        "Euclidean norm of the gradient of each layer's parameters against the layer's depth.");
    return all.plots;
  }

  private void add(String file, String heading, String text, LinePlot plot) {
    if (!plot.isEmpty()) {
      plots.add(new Plot(file, heading, text, plot.svg(file)));
    }
  }

  private void values() {
    LinePlot plot =
        new LinePlot(
            capital(study.valueName()) + " against depth",
            study.title(),
            depth,
            Axis.linear(study.valueName()));
    String name = study.valueName();
    if (data.seeds().size() > 1) {
      name = "median of " + data.seedsText();
      for (long seed : data.seeds()) {
        plot.add(
            "seed " + seed,
            data.layers(),
            data.medians(p -> p.seed() == seed ? p.value() : Double.NaN),
            Color.LIGHT_GRAY,
            Line.PLAIN);
      }
    }
    plot.add(name, data.layers(), data.values(), ChartStyle.color(0), Line.MARKED);
    LimitFit fit = data.extrapolated();
    List<Double> ends = List.of(data.layers().getFirst(), data.layers().getLast());
    data.known()
        .ifPresent(limit ->
            plot.add("known limit", ends, List.of(limit, limit), ChartStyle.color(1), Line.DASHED));
    if (fit != null && data.known().isEmpty()) {
      plot.add(
          "extrapolated limit",
          ends,
          List.of(fit.limit(), fit.limit()),
          ChartStyle.color(1),
          Line.DASHED);
    }
    String measured =
        fit == null
            ? "With fewer than three depths no limit is extrapolated."
            : format(
                "The law J_L = J_∞ + c L^(−p), fitted to the points, gives J_∞ = %.9g and p ="
                    + " %.3f; it misses no point by more than %.2g of their range.",
                fit.limit(), fit.order(), fit.residual());
    if (data.known().isPresent()) {
      measured += format(" The known limit is %.9g.", data.known().getAsDouble());
    }
    add(
        "value",
        "Convergence of values",
        "Γ-convergence with equicoercivity implies that minima converge: J_L → J_∞. " + measured,
        plot);
  }

  private void gaps() {
    double limit = data.limit();
    List<Double> gaps = data.values().stream().map(v -> Math.abs(v - limit)).toList();
    if (gaps.size() < 2 || !gaps.stream().allMatch(g -> g > 0)) {
      return;
    }
    boolean known = data.known().isPresent();
    ScalingFit law = law(data.layers(), gaps);
    add(
        "gap",
        "Rate of the values",
        format(
            "Theory: the gap |J_L − J_∞| is O(1/L) for Lipschitz minimisers. Measured: it falls"
                + " like %s%s.",
            power(law),
            known ? "" : ", against the limit that was extrapolated from the same points"),
        new LinePlot(
                "Gap to the limit",
                known ? "the limit is known" : "the limit is extrapolated",
                depth,
                Axis.logarithmic("|J_L − J_∞|"))
            .add("|J_L − J_∞|", data.layers(), gaps, ChartStyle.color(0), Line.MARKED)
            .add(
                "fitted, " + power(law),
                data.layers(),
                data.layers().stream()
                    .map(l -> law.factor() * Math.pow(l, law.exponent()))
                    .toList(),
                ChartStyle.color(1),
                Line.DASHED));
  }

  private static ScalingFit law(List<Double> x, List<Double> y) {
    return ScalingFit.of(
        x.stream().mapToDouble(v -> v).toArray(), y.stream().mapToDouble(v -> v).toArray());
  }

  private static String power(ScalingFit law) {
    return ("L^(" + law + ")").replace("-", "−");
  }

  private void distances() {
    List<Double> layers = data.layers().subList(0, data.layers().size() - 1);
    List<Double> l2 = data.medians(p -> data.distanceToFinest(p).l2()).subList(0, layers.size());
    List<Double> h1 = data.medians(p -> data.distanceToFinest(p).h1()).subList(0, layers.size());
    FieldNorm finest =
        data.points().stream()
            .filter(p -> p.depth() == data.depths().getLast())
            .flatMap(p -> p.minimiser().values().stream())
            .map(f -> f.norm())
            .reduce(
                new FieldNorm(0, 0),
                (a, b) ->
                    new FieldNorm(
                        Math.hypot(a.l2(), b.l2()), Math.hypot(a.gradient(), b.gradient())));
    String orders =
        layers.size() >= 2 && l2.stream().allMatch(d -> d > 0)
            ? format(
                " They fall like %s in L² and %s in H¹, with the bend that a finite finest"
                    + " depth must give at the end.",
                power(law(layers, l2)), power(law(layers, h1)))
            : "";
    add(
        "minimisers",
        "Convergence of minimisers",
        format(
            "Minimisers, extended to continuous piecewise-linear functions of depth, converge"
                + " strongly in H¹ along subsequences. Measured: their distance to the minimiser at"
                + " L = %d, whose norms are %.4g in L² and %.4g in H¹.%s",
            data.depths().getLast(), finest.l2(), finest.h1(), orders),
        new LinePlot(
                "Distance of minimisers to the finest one",
                "after piecewise-linear extension, finest L = " + data.depths().getLast(),
                depth,
                Axis.logarithmic("distance"))
            .add("in H¹", layers, h1, ChartStyle.color(1), Line.MARKED)
            .add("in L²", layers, l2, ChartStyle.color(0), Line.MARKED));
  }

  private void measures(MeasurePlot measure) {
    LinePlot plot =
        new LinePlot(
            measure.title(),
            data.seeds().size() > 1 ? text(measure.statistic()) + " of " + data.seedsText() : "",
            depth,
            measure.logarithmic() ? Axis.logarithmic(measure.axis()) : Axis.linear(measure.axis()));
    int color = 0;
    StringBuilder text = new StringBuilder(measure.text());
    for (Map.Entry<String, String> line : measure.lines().entrySet()) {
      ToDoubleFunction<StudyPoint> quantity = p -> StudyData.measure(p, line.getValue());
      Color shade = ChartStyle.color(color++);
      List<Double> values =
          measure.statistic() == MeasurePlot.Statistic.MEAN
              ? data.means(quantity)
              : data.medians(quantity);
      plot.add(line.getKey(), data.layers(), values, shade, Line.MARKED);
      if (measure.statistic() == MeasurePlot.Statistic.MEDIAN) {
        plot.addBars(data.layers(), data.least(quantity), data.greatest(quantity), shade);
      }
      if (measure.logarithmic() && values.size() > 2 && values.stream().allMatch(v -> v > 0)) {
        ScalingFit law = law(data.layers(), values);
        if (law.halfWidth() <= MOST_DOUBT) {
          text.append(format(" %s ~ %s.", line.getKey(), power(law)));
        }
      }
    }
    String file = "measure-" + plots.stream().filter(p -> p.file().startsWith("measure")).count();
    add(file, measure.title(), text.toString(), plot);
  }

  private static String text(MeasurePlot.Statistic statistic) {
    return switch (statistic) {
      case MEDIAN -> "medians and ranges";
      case MEAN -> "means";
    };
  }

  /** One plot for each name of this kind of curve. */
  private void curves(Curve.Kind kind, String file, String heading, Axis x, Axis y, String text) {
    List<Integer> shown = spread(data.depths());
    List<String> names = data.curveNames(kind);
    for (String name : names.subList(0, Math.min(MOST_COMPONENTS, names.size()))) {
      LinePlot plot = new LinePlot(name.isEmpty() ? heading : heading + ": " + name, "", x, y);
      for (int layers : shown) {
        Curve curve = data.curve(layers, kind, name);
        if (curve != null) {
          Color shade = ChartStyle.shade(shown.indexOf(layers), shown.size());
          plot.add("L = " + layers, curve.x(), curve.y(), shade, Line.PLAIN);
        }
      }
      for (Curve limit : study.limitCurves()) {
        if (limit.kind() == kind && limit.name().equals(name)) {
          plot.add("limit", limit.x(), limit.y(), ChartStyle.color(1), Line.DASHED);
        }
      }
      add(
          names.size() == 1 ? file : file + "-" + names.indexOf(name),
          name.isEmpty() ? heading : heading + ": " + name,
          text,
          plot);
    }
  }

  /** Trajectories less their limit, or less that of the finest depth if the limit is not known. */
  private void differences() {
    List<Integer> shown = spread(data.depths());
    List<String> names = data.curveNames(Curve.Kind.TRAJECTORY);
    for (String name : names.subList(0, Math.min(MOST_COMPONENTS, names.size()))) {
      Curve limit =
          study.limitCurves().stream()
              .filter(c -> c.kind() == Curve.Kind.TRAJECTORY && c.name().equals(name))
              .findFirst()
              .orElse(null);
      Curve reference =
          limit != null ? limit : data.curve(data.depths().getLast(), Curve.Kind.TRAJECTORY, name);
      if (reference == null) {
        continue;
      }
      LineField line = field(reference);
      String what = limit != null ? "the limit" : "L = " + data.depths().getLast();
      LinePlot plot =
          new LinePlot(
              "Trajectories less " + what,
              name,
              Axis.linear("depth t"),
              Axis.linear("difference of states"));
      for (int layers : limit != null ? shown : shown.subList(0, shown.size() - 1)) {
        Curve curve = data.curve(layers, Curve.Kind.TRAJECTORY, name);
        if (curve != null) {
          List<Double> gap = new ArrayList<>();
          for (int i = 0; i < curve.x().size(); i++) {
            gap.add(curve.y().get(i) - line.value(curve.x().get(i), 0));
          }
          Color shade = ChartStyle.shade(shown.indexOf(layers), shown.size());
          plot.add("L = " + layers, curve.x(), gap, shade, Line.PLAIN);
        }
      }
      add(
          "difference" + (names.size() == 1 ? "" : "-" + names.indexOf(name)),
          "Trajectories less " + what + (name.isEmpty() ? "" : ": " + name),
          "The same curves, so that what is left of the differences can be seen.",
          plot);
    }
  }

  private static LineField field(Curve curve) {
    return new LineField(
        curve.x().stream().mapToDouble(v -> v).toArray(),
        1,
        curve.y().stream().mapToDouble(v -> v).toArray());
  }

  /** At most so many of the depths as fit a legend, the first and the last among them. */
  private static List<Integer> spread(List<Integer> depths) {
    int count = Math.min(MOST_CURVES, depths.size());
    List<Integer> some = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      some.add(
          depths.get(count == 1 ? 0 : Math.round((float) i * (depths.size() - 1) / (count - 1))));
    }
    return some;
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  @SuppressWarnings("AnnotateFormatMethod") // needs a library of annotations
  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
