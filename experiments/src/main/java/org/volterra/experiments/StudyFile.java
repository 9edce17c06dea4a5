package org.volterra.experiments;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A study as a JSON object: {@code study} is its name, {@code depths} and {@code seeds} are lists
 * of whole numbers that may be missing, and all other keys are its settings, numbers, words or
 * lists of them.
 *
 * @param study name
 * @param depths numbers of layers, or null
 * @param seeds seeds, or null
 * @param settings the rest as texts, lists separated by commas
 */
record StudyFile(
    String study, List<Integer> depths, List<Long> seeds, Map<String, String> settings) {

  /**
   * Reads a file.
   *
   * @param file the file
   * @throws IOException if it cannot be read or holds something else; the message names the key
   */
  static StudyFile read(Path file) throws IOException {
    try {
      JsonElement all = JsonParser.parseString(Files.readString(file));
      if (!all.isJsonObject()) {
        throw new IllegalArgumentException("it must be an object, {…}");
      }
      return of(all.getAsJsonObject());
    } catch (JsonParseException | IllegalArgumentException e) {
      throw new IOException(file + " is no description of a study: " + e.getMessage(), e);
    }
  }

  private static StudyFile of(JsonObject object) {
    String study = null;
    List<Integer> depths = null;
    List<Long> seeds = null;
    Map<String, String> settings = new LinkedHashMap<>();
    for (Map.Entry<String, JsonElement> entry : object.entrySet()) {
      String key = entry.getKey();
      JsonElement value = entry.getValue();
      switch (key) {
        case "study" -> study = text(key, value, "the name of a study");
        case "depths" ->
            depths =
                wholeNumbers(key, value).stream()
                    .map(number -> Math.clamp(number, Integer.MIN_VALUE, Integer.MAX_VALUE))
                    .toList();
        case "seeds" -> seeds = wholeNumbers(key, value);
        default -> settings.put(key, setting(key, value));
      }
    }
    if (study == null) {
      throw new IllegalArgumentException("\"study\", the name of one, is missing");
    }
    return new StudyFile(study, depths, seeds, settings);
  }

  private static String text(String key, JsonElement value, String wanted) {
    if (!value.isJsonPrimitive()) {
      throw wrong(key, value, wanted);
    }
    return value.getAsString();
  }

  private static String setting(String key, JsonElement value) {
    String wanted = "a number, a word or a list of them";
    return value.isJsonArray()
        ? value.getAsJsonArray().asList().stream()
            .map(element -> text(key, element, wanted))
            .collect(Collectors.joining(","))
        : text(key, value, wanted);
  }

  private static List<Long> wholeNumbers(String key, JsonElement value) {
    String wanted = "a list of whole numbers, as in [1, 2, 3]";
    if (!(value instanceof JsonArray list) || list.isEmpty()) {
      throw wrong(key, value, wanted);
    }
    List<Long> numbers = new ArrayList<>();
    for (JsonElement element : list) {
      try {
        numbers.add(new BigDecimal(text(key, element, wanted)).longValueExact());
      } catch (ArithmeticException | NumberFormatException e) {
        throw new IllegalArgumentException(wrong(key, value, wanted).getMessage(), e);
      }
    }
    return List.copyOf(numbers);
  }

  private static IllegalArgumentException wrong(String key, JsonElement value, String wanted) {
    return new IllegalArgumentException("\"" + key + "\" is " + value + ": must be " + wanted);
  }
}
