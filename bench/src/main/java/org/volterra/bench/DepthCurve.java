package org.volterra.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The timings of one kernel on one provider over the depth.
 *
 * @param kernel name of the kernel
 * @param provider name of the provider
 * @param points in the order of measurement, at least one
 */
public record DepthCurve(String kernel, String provider, List<DepthPoint> points) {
  /** Copies the list. */
  public DepthCurve {
    points = List.copyOf(points);
  }

  /**
   * Sorts points by kernel and provider.
   *
   * @param points any
   * @return curves in the order of their first points
   */
  public static List<DepthCurve> of(List<DepthPoint> points) {
    Map<List<String>, List<DepthPoint>> groups = new LinkedHashMap<>();
    for (DepthPoint point : points) {
      groups
          .computeIfAbsent(List.of(point.kernel(), point.provider()), k -> new ArrayList<>())
          .add(point);
    }
    return groups.entrySet().stream()
        .map(e -> new DepthCurve(e.getKey().get(0), e.getKey().get(1), e.getValue()))
        .toList();
  }

  /**
   * How the time of a forward pass grows with L.
   *
   * @return the fit, empty with fewer than two depths
   */
  public Optional<ScalingFit> forwardFit() {
    return fit(DepthPoint::forward);
  }

  /**
   * How the time of a forward and a backward pass grows with L.
   *
   * @return the fit, empty with fewer than two depths
   */
  public Optional<ScalingFit> gradientFit() {
    return fit(DepthPoint::gradient);
  }

  private Optional<ScalingFit> fit(Function<DepthPoint, Timing> timing) {
    if (points.stream().map(DepthPoint::layers).distinct().count() < 2) {
      return Optional.empty();
    }
    return Optional.of(
        ScalingFit.of(
            points.stream().mapToDouble(DepthPoint::layers).toArray(),
            points.stream().mapToDouble(p -> timing.apply(p).milliseconds()).toArray()));
  }
}
