package org.volterra.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a {@link DeviceStudy} measured.
 *
 * @param provider name of the provider
 * @param device what it ran on
 * @param points one for each work
 * @param peers the same work by others; may be empty
 * @param origin how it was measured
 */
public record DeviceResult(
    String provider, String device, List<Point> points, List<Peer> peers, Origin origin)
    implements StudyResult {
  /**
   * A work.
   *
   * @param work primitive and size, or {@code step:KERNEL:BxdxL}
   * @param milliseconds time of a call
   * @param flops counted operations of a call
   * @param bytes bytes of a call if each operand is moved once; 0 if it says nothing
   * @param memory bytes of device memory that are in use; NaN if not known
   */
  public record Point(String work, Spread milliseconds, double flops, double bytes, double memory) {
    double teraflops() {
      return flops / milliseconds.median() * 1e-9;
    }

    double gigabytes() {
      return bytes / milliseconds.median() * 1e-6;
    }
  }

  /**
   * A peer's times.
   *
   * @param name name and version
   * @param variant how it was run
   * @param milliseconds by work
   * @param memory largest bytes of device memory by work
   */
  public record Peer(
      String name, String variant, Map<String, Double> milliseconds, Map<String, Double> memory) {}

  /** Copies the lists. */
  public DeviceResult {
    points = List.copyOf(points);
    peers = List.copyOf(peers);
  }

  /** The measured rate of a copy in GB/s. */
  private double copyRate() {
    return points.stream()
        .filter(p -> p.work().startsWith(DeviceOperations.COPY + ":"))
        .mapToDouble(Point::gigabytes)
        .findFirst()
        .orElse(Double.NaN);
  }

  @Override
  public String benchmark() {
    return "gpu";
  }

  @Override
  public Map<String, Object> content() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("elementType", "float32");
    content.put("provider", provider);
    content.put("device", device);
    content.put("copyGigabytesPerSecond", Json.number(copyRate()));
    List<Map<String, Object>> works = new ArrayList<>();
    for (Point p : points) {
      Map<String, Object> work = new LinkedHashMap<>();
      work.put("work", p.work());
      work.put("milliseconds", p.milliseconds().json());
      work.put("flops", p.flops());
      work.put("bytes", p.bytes());
      work.put("teraflopsPerSecond", Json.number(p.teraflops()));
      work.put("gigabytesPerSecond", Json.number(p.gigabytes()));
      work.put("deviceBytes", Json.number(p.memory()));
      for (Peer peer : peers) {
        Double torch = peer.milliseconds().get(p.work());
        if (torch != null) {
          Map<String, Object> other = new LinkedHashMap<>();
          other.put("milliseconds", torch);
          other.put("ratio", Json.number(torch / p.milliseconds().median()));
          other.put("deviceBytes", Json.number(peer.memory().get(p.work())));
          work.put(peer.name() + ", " + peer.variant(), other);
        }
      }
      works.add(work);
    }
    content.put("works", works);
    return content;
  }

  @Override
  public ResultTable table() {
    List<String> header =
        new ArrayList<>(List.of("work", "ms", "TFLOP/s", "GB/s", "% of copy", "device MB"));
    peers.forEach(peer -> header.add(peer.variant() + " / volterra"));
    ResultTable table = new ResultTable(1, header.toArray(String[]::new));
    double copy = copyRate();
    for (Point p : points) {
      List<String> row = new ArrayList<>();
      row.add(p.work());
      row.add(ResultTable.milliseconds(p.milliseconds().median()));
      row.add(p.flops() == 0 ? ResultTable.NONE : number(p.teraflops()));
      row.add(p.bytes() == 0 ? ResultTable.NONE : number(p.gigabytes()));
      row.add(p.bytes() == 0 ? ResultTable.NONE : number(100 * p.gigabytes() / copy));
      row.add(ResultTable.decimal(p.memory() / 1e6));
      for (Peer peer : peers) {
        Double torch = peer.milliseconds().get(p.work());
        row.add(torch == null ? ResultTable.NONE : number(torch / p.milliseconds().median()));
      }
      table.row(row.toArray(String[]::new));
    }
    return table;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
  }

  @Override
  public List<Measurement> measurements() {
    return points.stream()
        .map(p ->
            Measurement.of(
                Map.of("work", p.work(), "provider", provider, "device", device),
                "ms",
                p.milliseconds(),
                origin.effort().forks()))
        .toList();
  }
}
