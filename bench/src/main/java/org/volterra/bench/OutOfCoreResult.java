package org.volterra.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What an {@link OutOfCoreStudy} measured.
 *
 * @param kernel kernel and algorithm
 * @param size of the network
 * @param provider name of the provider
 * @param threads its threads
 * @param historyBytes bytes of all histories
 * @param budgetBytes the memory budget
 * @param fileBytes bytes of the histories that lie in files, or in memory of the host beside a
 *     device
 * @param copiedBytes bytes that a step copies between host and device, both directions together; 0
 *     with files
 * @param memoryMillis time of a training step with all histories in memory
 * @param fileMillis time of a training step under the budget
 * @param speed time in memory over time under the budget, pair by pair
 * @param origin how they were measured
 */
public record OutOfCoreResult(
    String kernel,
    NetworkSize size,
    String provider,
    int threads,
    long historyBytes,
    long budgetBytes,
    long fileBytes,
    long copiedBytes,
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
    return copiedBytes == 0
        ? "with files " + speed + " times the speed in memory"
        : String.format(
            Locale.ROOT,
            "with memory of the host %s times the speed in memory, copying %.1f GB/s",
            speed,
            copyRate());
  }

  /**
   * The rate at which a step copies between host and device.
   *
   * @return GB/s, both directions together; 0 with files
   */
  public double copyRate() {
    return copiedBytes * 1e-6 / fileMillis.median();
  }

  @Override
  public String benchmark() {
    return "out-of-core";
  }

  @Override
  public Map<String, Object> content() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("elementType", "float32");
    content.put("kernel", kernel);
    content.put("size", size.toString());
    content.put("provider", provider);
    content.put("threads", threads);
    content.put("historyBytes", historyBytes);
    content.put("budgetBytes", budgetBytes);
    content.put("fileBytes", fileBytes);
    content.put("copiedBytes", copiedBytes);
    content.put("copiedGigabytesPerSecond", copyRate());
    content.put("memoryMilliseconds", memoryMillis.json());
    content.put("fileMilliseconds", fileMillis.json());
    content.put("speed", speed.json());
    return content;
  }

  @Override
  public ResultTable table() {
    ResultTable table =
        new ResultTable(
            3,
            "kernel",
            "size",
            "provider",
            "threads",
            "history MB",
            "budget MB",
            copiedBytes == 0 ? "in file MB" : "on host MB",
            "in memory ms",
            copiedBytes == 0 ? "in file ms" : "on host ms",
            "copied GB/s",
            "speed",
            "quartiles");
    table.row(
        kernel,
        size.toString(),
        provider,
        String.valueOf(threads),
        megabytes(historyBytes),
        megabytes(budgetBytes),
        megabytes(fileBytes),
        ResultTable.milliseconds(memoryMillis.median()),
        ResultTable.milliseconds(fileMillis.median()),
        copiedBytes == 0 ? "-" : String.format(Locale.ROOT, "%.1f", copyRate()),
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
        Map.of(
            "kernel",
            kernel,
            "size",
            size.toString(),
            "provider",
            provider,
            "threads",
            String.valueOf(threads));
    int forks = origin.effort().forks();
    return List.of(
        Measurement.of(parameters, "in memory ms", memoryMillis, forks),
        Measurement.of(
            parameters, copiedBytes == 0 ? "in file ms" : "on host ms", fileMillis, forks));
  }
}
