package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.volterra.Model;
import org.volterra.io.AtomicFiles;
import org.volterra.train.EpochMetrics;
import org.volterra.train.Samples;
import picocli.CommandLine.ParseResult;

/**
 * The folder of one run: config.json, metrics.jsonl, model.safetensors, checkpoints/, loss.svg and
 * report.html. Files are replaced whole; metrics grow line by line.
 */
final class RunFolder {
  private static final Gson PRETTY =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();
  private static final Gson LINE = new GsonBuilder().disableHtmlEscaping().create();

  private final Path folder;

  private RunFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Makes the folder of a new run.
   *
   * @throws IOException if it cannot be written to or holds a run already
   */
  static RunFolder create(Path folder) throws IOException {
    if (Files.exists(configuration(folder))) {
      throw new IOException(
          folder + " holds a run already: continue it with --resume, or choose another --out");
    }
    try {
      Files.createDirectories(folder);
      Files.delete(Files.createTempFile(folder, ".writable", ""));
    } catch (IOException e) {
      throw new IOException(
          "cannot write to the run folder " + folder + " (" + Failures.describe(e) + ")", e);
    }
    return new RunFolder(folder);
  }

  /** The folder of a run that was begun, by its own path or that of a checkpoint in it. */
  static RunFolder existing(Path path) {
    return new RunFolder(folderOf(path));
  }

  /** The folder itself, or that of a checkpoint in it. */
  private static Path folderOf(Path path) {
    return Files.isRegularFile(path) ? path.toAbsolutePath().getParent().getParent() : path;
  }

  Path checkpoints() {
    return folder.resolve("checkpoints");
  }

  Path model() {
    return folder.resolve("model.safetensors");
  }

  Path report() {
    return folder.resolve("report.html");
  }

  private Path metricsFile() {
    return folder.resolve("metrics.jsonl");
  }

  private static Path configuration(Path folder) {
    return folder.resolve("config.json");
  }

  /** The options that a run was started with. */
  static List<String> arguments(Path path) throws IOException {
    Path folder = folderOf(path);
    Path file = configuration(folder);
    try {
      JsonArray array =
          JsonParser.parseString(Files.readString(file))
              .getAsJsonObject()
              .getAsJsonArray("arguments");
      List<String> arguments = new ArrayList<>();
      for (JsonElement element : array) {
        arguments.add(element.getAsString());
      }
      return arguments;
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      throw new IOException(file + " is no configuration of a run: it has no list of arguments", e);
    }
  }

  /** The algorithms of the sums of the run's network, as they were chosen. */
  static String sum(Path path) throws IOException {
    Path file = configuration(folderOf(path));
    try {
      JsonObject network =
          JsonParser.parseString(Files.readString(file))
              .getAsJsonObject()
              .getAsJsonObject("network");
      return network.has("sum") ? network.get("sum").getAsString() : "auto";
    } catch (JsonParseException | IllegalStateException | NullPointerException e) {
      throw new IOException(file + " is no configuration of a run: it has no network", e);
    }
  }

  /** Writes all that is needed to repeat the run, and starts with empty metrics. */
  void writeConfiguration(ParseResult parsed, Model net, Samples.Split split, long historyBytes)
      throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("command", "train");
    map.put("arguments", parsed.expandedArgs());
    map.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    Map<String, Object> options = new LinkedHashMap<>();
    parsed
        .commandSpec()
        .options()
        .forEach(o -> options.put(o.longestName().replaceFirst("^--", ""), text(o.getValue())));
    map.put("options", options);
    map.put("network", net.spec().toProperties());
    map.put("parameters", net.layout().parameterCount());
    map.put("history_bytes", historyBytes);
    map.put("training_samples", split.train().count());
    map.put("test_samples", split.test().count());
    map.put("provider", net.provider().name() + ": " + net.provider().description());
    map.put("machine", InfoCommand.facts());
    AtomicFiles.writeString(configuration(folder), PRETTY.toJson(map) + "\n");
    AtomicFiles.writeString(metricsFile(), "");
  }

  private static String text(Object value) {
    return value instanceof Enum<?> constant
        ? constant.name().toLowerCase(Locale.ROOT)
        : value == null ? null : value.toString();
  }

  /** Appends an epoch and returns its line. */
  String append(EpochMetrics m) throws IOException {
    JsonObject object = new JsonObject();
    object.addProperty("epoch", m.epoch());
    object.addProperty("train_loss", m.trainLoss());
    add(object, "test_loss", m.testLoss());
    add(object, "test_accuracy", m.testAccuracy());
    object.addProperty("learning_rate", m.learningRate());
    object.addProperty("gradient_norm", m.gradientNorm());
    object.addProperty("seconds", m.seconds());
    object.addProperty("history_bytes", m.historyBytes());
    String line = LINE.toJson(object);
    Files.writeString(
        metricsFile(), line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    return line;
  }

  /** NaN is no JSON: absent values are left out. */
  private static void add(JsonObject object, String name, double value) {
    if (Double.isFinite(value)) {
      object.addProperty(name, value);
    }
  }

  List<EpochMetrics> metrics() throws IOException {
    List<EpochMetrics> all = new ArrayList<>();
    for (String line : Files.readAllLines(metricsFile(), StandardCharsets.UTF_8)) {
      JsonObject o = JsonParser.parseString(line).getAsJsonObject();
      all.add(
          new EpochMetrics(
              o.get("epoch").getAsInt(),
              o.get("train_loss").getAsDouble(),
              number(o, "test_loss"),
              number(o, "test_accuracy"),
              o.get("learning_rate").getAsDouble(),
              o.get("gradient_norm").getAsDouble(),
              o.get("seconds").getAsDouble(),
              o.get("history_bytes").getAsLong()));
    }
    return all;
  }

  private static double number(JsonObject object, String name) {
    return object.has(name) ? object.get(name).getAsDouble() : Double.NaN;
  }

  /** Drops the metrics of epochs after a checkpoint, which will be trained again. */
  void keepMetrics(int epochs) throws IOException {
    StringBuilder kept = new StringBuilder();
    for (String line : Files.readAllLines(metricsFile(), StandardCharsets.UTF_8)) {
      if (line.endsWith("}")
          && JsonParser.parseString(line).getAsJsonObject().get("epoch").getAsInt() <= epochs) {
        kept.append(line).append('\n');
      }
    }
    AtomicFiles.writeString(metricsFile(), kept.toString());
  }

  String line(Summary summary) {
    JsonObject object = new JsonObject();
    object.addProperty("summary", true);
    object.addProperty("epochs", summary.epochs());
    add(object, "test_loss", summary.testLoss());
    add(object, "test_accuracy", summary.testAccuracy());
    add(object, "train_loss", summary.trainLoss());
    object.addProperty("seconds", summary.seconds());
    object.addProperty("parameters", summary.parameters());
    object.addProperty("history_bytes", summary.historyBytes());
    object.addProperty("folder", folder.toString());
    return LINE.toJson(object);
  }

  /** Writes the curves and the page. */
  void writeReport(Report report) throws IOException {
    AtomicFiles.writeString(folder.resolve("loss.svg"), report.curves());
    JsonObject configuration =
        JsonParser.parseString(Files.readString(configuration(folder))).getAsJsonObject();
    AtomicFiles.writeString(
        report(), report.page(folder.toAbsolutePath().getFileName().toString(), configuration));
  }
}
