package org.volterra.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an {@link OutOfCoreStudy} measured.
 *
 * @param size of the network
 * @param provider name of the provider
 * @param threads its threads
 * @param historyBytes bytes of all histories
 * @param budgetBytes the memory budget
 * @param fileBytes bytes of the histories that lie in files
 * @param memoryMillis time of a training step with all histories in memory
 * @param fileMillis time of a training step under the budget
 * @param speed time in memory over time with files, pair by pair
 * @param origin how they were measured
 */
public record OutOfCoreResult(
    NetworkSize size,
    String provider,
    int threads,
    long historyBytes,
    long budgetBytes,
    long fileBytes,
    Spread memoryMillis,
    Spread fileMillis,
    Spread speed,
    Origin origin)
    implements StudyResult {
  /**
   * The result in one line.
   *
   * @return the ratio with its quartiles
   */
  public String summary() {
    return "with files " + speed + " times the speed in memory";
  }

  @Override
  public String benchmark() {
    return "out-of-core";
  }

  @Override
  public Map<String, Object> content() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("elementType", "float32");
    content.put("size", size.toString());
    content.put("provider", provider);
    content.put("threads", threads);
    content.put("historyBytes", historyBytes);
    content.put("budgetBytes", budgetBytes);
    content.put("fileBytes", fileBytes);
    content.put("memoryMilliseconds", memoryMillis.json());
    content.put("fileMilliseconds", fileMillis.json());
    content.put("speed", speed.json());
    return content;
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(
            2,
            "size",
            "provider",
            "threads",
            "history MB",
            "budget MB",
            "in file MB",
            "in memory ms",
            "in file ms",
            "speed",
            "quartiles");
    table.row(
        size.toString(),
        provider,
        String.valueOf(threads),
        megabytes(historyBytes),
        megabytes(budgetBytes),
        megabytes(fileBytes),
        ResultTable.milliseconds(memoryMillis.median()),
        ResultTable.milliseconds(fileMillis.median()),
        String.format(Locale.ROOT, "%.2f", speed.median()),
        String.format(Locale.ROOT, "%.2f-%.2f", speed.low(), speed.high()));
    return table;
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / 1e6);
  }

  @Override
  public List<Measurement> measurements() {
    Map<String, String> parameters =
        Map.of("size", size.toString(), "provider", provider, "threads", String.valueOf(threads));
    int forks = origin.effort().forks();
    return List.of(
        Measurement.of(parameters, "in memory ms", memoryMillis, forks),
        Measurement.of(parameters, "in file ms", fileMillis, forks));
  }
}
