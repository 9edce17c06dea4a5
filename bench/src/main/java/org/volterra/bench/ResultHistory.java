package org.volterra.bench;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All results of a folder, one measurement a line, in {@value #NAME}: what {@link Comparison} looks
 * for changes in.
 */
public final class ResultHistory {
  /** Name of the file. */
  public static final String NAME = "history.jsonl";

  /**
   * A line.
   *
   * @param commit commit of the sources that were measured
   * @param time when the run began
   * @param setting what must be the same for two lines to be comparable: processor, number of
   *     processors, virtual machine
   * @param benchmark name of the study
   * @param measurement what was measured
   */
  public record Entry(
      String commit, Instant time, String setting, String benchmark, Measurement measurement) {}

  private final Path file;

  private ResultHistory(Path file) {
    this.file = file;
  }

  /**
   * The history of a folder.
   *
   * @param folder where results lie
   * @return the history, which may not exist yet
   */
  public static ResultHistory in(Path folder) {
    return new ResultHistory(folder.resolve(NAME));
  }

  void append(Machine machine, Instant time, StudyResult result) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (Measurement m : result.measurements()) {
      Map<String, Object> line = new LinkedHashMap<>();
      line.put("commit", machine.commit());
      line.put("time", time.toString());
      line.put("cpu", machine.cpu());
      line.put("processors", machine.processors());
      line.put("virtualMachine", result.origin().virtualMachine());
      line.put("benchmark", result.benchmark());
      line.put("parameters", m.parameters());
      line.put("quantity", m.quantity());
      line.put("value", Json.number(m.value()));
      line.put("low", Json.number(m.low()));
      line.put("high", Json.number(m.high()));
      line.put("forks", m.forks());
      lines.append(Json.LINE.toJson(line)).append('\n');
    }
    Files.writeString(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /**
   * Reads all lines.
   *
   * @return the entries, the oldest first
   * @throws IOException if the file does not exist, cannot be read, or has a line that is no entry;
   *     the message says which
   */
  public List<Entry> read() throws IOException {
    if (!Files.exists(file)) {
      throw new IOException("no history of results: " + file + " does not exist");
    }
    List<Entry> entries = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      if (!line.isBlank()) {
        try {
          entries.add(entry(JsonParser.parseString(line).getAsJsonObject()));
        } catch (JsonParseException
            | IllegalStateException
            | NullPointerException
            | UnsupportedOperationException
            | IllegalArgumentException e) {
          throw new IOException(file + ", line " + number + ": no result (" + e + ")", e);
        }
      }
    }
    return entries;
  }

  private static Entry entry(JsonObject line) {
    TreeMap<String, String> parameters = new TreeMap<>();
    line.getAsJsonObject("parameters")
        .asMap()
        .forEach((name, value) -> parameters.put(name, value.getAsString()));
    return new Entry(
        line.get("commit").getAsString(),
        Instant.parse(line.get("time").getAsString()),
        line.get("cpu").getAsString()
            + ", "
            + line.get("processors").getAsInt()
            + " processors, "
            + line.get("virtualMachine").getAsString(),
        line.get("benchmark").getAsString(),
        new Measurement(
            parameters,
            line.get("quantity").getAsString(),
            number(line.get("value")),
            number(line.get("low")),
            number(line.get("high")),
            line.get("forks").getAsInt()));
  }

  private static double number(JsonElement value) {
    return value.isJsonNull() ? Double.NaN : value.getAsDouble();
  }
}
