package org.volterra.experiments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;
import org.volterra.depth.FieldNorm;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.Curve;
import org.volterra.study.LimitFit;
import org.volterra.study.StudyPoint;

/** What follows from the points of a study: medians over seeds, limits, distances. */
final class StudyData {
  private final List<StudyPoint> points;
  private final List<Integer> depths;
  private final List<Long> seeds;
  private final OptionalDouble known;
  private final LimitFit fit;

  StudyData(ConvergenceStudy study, List<StudyPoint> points) {
    this.points = points;
    depths = points.stream().map(StudyPoint::depth).distinct().sorted().toList();
    seeds = points.stream().map(StudyPoint::seed).distinct().toList();
    known = study.limit();
    fit = fit();
  }

  private LimitFit fit() {
    double[] values = values().stream().mapToDouble(v -> v).toArray();
    if (values.length < 3 || !Arrays.stream(values).allMatch(Double::isFinite)) {
      return null;
    }
    return LimitFit.of(depths.stream().mapToInt(d -> d).toArray(), values);
  }

  List<StudyPoint> points() {
    return points;
  }

  List<Integer> depths() {
    return depths;
  }

  List<Long> seeds() {
    return seeds;
  }

  /** How many seeds there are, as words: "3 seeds", or "3 seeds, 1 at L = 1024". */
  String seedsText() {
    StringBuilder text = new StringBuilder(seeds.size() + " seeds");
    for (int depth : depths) {
      long count = points.stream().filter(p -> p.depth() == depth).count();
      if (count < seeds.size()) {
        text.append(", ").append(count).append(" at L = ").append(depth);
      }
    }
    return text.toString();
  }

  /** Depths as abscissae. */
  List<Double> layers() {
    return depths.stream().map(Integer::doubleValue).toList();
  }

  /** A quantity at each depth, the median over the seeds for which it is finite. */
  List<Double> medians(ToDoubleFunction<StudyPoint> quantity) {
    return overSeeds(
        quantity,
        all -> {
          int middle = all.length / 2;
          return all.length % 2 == 1 ? all[middle] : 0.5 * (all[middle - 1] + all[middle]);
        });
  }

  /** The mean over the seeds for which it is finite. */
  List<Double> means(ToDoubleFunction<StudyPoint> quantity) {
    return overSeeds(quantity, all -> Arrays.stream(all).sum() / all.length);
  }

  List<Double> least(ToDoubleFunction<StudyPoint> quantity) {
    return overSeeds(quantity, all -> all[0]);
  }

  List<Double> greatest(ToDoubleFunction<StudyPoint> quantity) {
    return overSeeds(quantity, all -> all[all.length - 1]);
  }

  /** A statistic of the finite values of a depth in increasing order; NaN where there are none. */
  private List<Double> overSeeds(
      ToDoubleFunction<StudyPoint> quantity, ToDoubleFunction<double[]> statistic) {
    List<Double> result = new ArrayList<>();
    for (int depth : depths) {
      double[] all =
          points.stream()
              .filter(p -> p.depth() == depth)
              .mapToDouble(quantity)
              .filter(Double::isFinite)
              .sorted()
              .toArray();
      result.add(all.length == 0 ? Double.NaN : statistic.applyAsDouble(all));
    }
    return result;
  }

  List<Double> values() {
    return medians(StudyPoint::value);
  }

  boolean hasValues() {
    return values().stream().anyMatch(Double::isFinite);
  }

  /** A measure, NaN where a point has none. */
  static double measure(StudyPoint point, String name) {
    return point.measures().getOrDefault(name, Double.NaN);
  }

  /** The limit that theory gives. */
  OptionalDouble known() {
    return known;
  }

  /** The limit that the values extrapolate to; null with less than three depths. */
  LimitFit extrapolated() {
    return fit;
  }

  /** The known limit, or else the extrapolated one, or NaN. */
  double limit() {
    return known.orElse(fit == null ? Double.NaN : fit.limit());
  }

  boolean hasMinimisers() {
    return depths.size() > 1 && points.stream().noneMatch(p -> p.minimiser().isEmpty());
  }

  /**
   * Distance of a point's fields, taken together, to those of the finest with the same seed; NaN if
   * that has not been run.
   */
  FieldNorm distanceToFinest(StudyPoint point) {
    StudyPoint finest =
        points.stream()
            .filter(p -> p.seed() == point.seed() && p.depth() == depths.getLast())
            .findFirst()
            .orElse(null);
    if (finest == null) {
      return new FieldNorm(Double.NaN, Double.NaN);
    }
    double l2 = 0;
    double gradient = 0;
    for (String name : point.minimiser().keySet()) {
      FieldNorm one = finest.minimiser().get(name).distanceTo(point.minimiser().get(name));
      l2 = Math.hypot(l2, one.l2());
      gradient = Math.hypot(gradient, one.gradient());
    }
    return new FieldNorm(l2, gradient);
  }

  /** Names of the curves of a kind. */
  List<String> curveNames(Curve.Kind kind) {
    return points.stream()
        .flatMap(p -> p.curves().stream())
        .filter(c -> c.kind() == kind)
        .map(Curve::name)
        .distinct()
        .toList();
  }

  /** The curve of a depth with the first seed; null if there is none. */
  Curve curve(int depth, Curve.Kind kind, String name) {
    return points.stream()
        .filter(p -> p.depth() == depth && p.seed() == seeds.getFirst())
        .flatMap(p -> p.curves().stream())
        .filter(c -> c.kind() == kind && c.name().equals(name))
        .findFirst()
        .orElse(null);
  }
}
