package org.volterra.bench;

import java.util.List;

/**
 * What a {@link DepthStudy} measured.
 *
 * @param settings what was asked for
 * @param points the results
 * @param virtualMachine name and version of the virtual machine that was timed
 * @param flags its flags
 */
public record DepthResult(
    DepthStudy.Settings settings,
    List<DepthPoint> points,
    String virtualMachine,
    List<String> flags) {
  /** Copies the lists. */
  public DepthResult {
    points = List.copyOf(points);
    flags = List.copyOf(flags);
  }

  /**
   * The points sorted by kernel and provider.
   *
   * @return at least one curve
   */
  public List<DepthCurve> curves() {
    return DepthCurve.of(points);
  }
}
