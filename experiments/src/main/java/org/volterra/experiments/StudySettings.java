package org.volterra.experiments;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The settings of a study: names and texts, read as numbers, each with a default. What is not asked
 * for is refused, so that a misspelt name does not go unnoticed.
 */
final class StudySettings {
  private final Map<String, String> given;
  private final Map<String, String> used = new LinkedHashMap<>();

  StudySettings(Map<String, String> given) {
    this.given = new LinkedHashMap<>(given);
  }

  /** A number, whose range is the business of whoever takes it. */
  double number(String name, double standard) {
    String text = text(name, Double.toString(standard));
    double value = parsed(name, text);
    used.put(name, Double.toString(value));
    return value;
  }

  private static double parsed(String name, String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + " '" + text + "': must be a number", e);
    }
  }

  int count(String name, int standard) {
    String text = text(name, Integer.toString(standard));
    try {
      int value = Integer.parseInt(text);
      if (value < 1) {
        throw new NumberFormatException("not positive");
      }
      return value;
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          name + " '" + text + "': must be a whole number of at least 1", e);
    }
  }

  /** Positive numbers separated by commas. */
  List<Double> numbers(String name, String standard) {
    String text = text(name, standard);
    List<Double> all = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      double value = parsed(name, part);
      if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            name + " '" + text + "': must be positive numbers separated by commas");
      }
      all.add(value);
    }
    return List.copyOf(all);
  }

  /** A word, whose meaning is the business of whoever takes it. */
  String word(String name, String standard) {
    return text(name, standard);
  }

  private String text(String name, String standard) {
    String text = given.getOrDefault(name, standard);
    used.put(name, text);
    return text;
  }

  /** Ends the reading. */
  StudySettings complete() {
    TreeSet<String> unknown = new TreeSet<>(given.keySet());
    unknown.removeAll(used.keySet());
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "setting '"
              + unknown.first()
              + "' is unknown: this study has "
              + (used.isEmpty() ? "none" : String.join(", ", used.keySet())));
    }
    return this;
  }

  /** All settings that were read, with the values that count. */
  Map<String, String> all() {
    return Collections.unmodifiableMap(used);
  }
}
