package org.volterra.experiments;

import java.io.PrintWriter;

/**
 * Where a training speaks: to people, and in JSON to machines.
 *
 * @param people notes, progress and results
 * @param machines lines of JSON; null for none
 * @param quiet whether people hear results alone
 */
record TrainingOutput(PrintWriter people, PrintWriter machines, boolean quiet) {
  void note(String text) {
    if (!quiet) {
      people.println(text);
    }
  }

  void result(String text) {
    people.println(text);
  }

  void json(String line) {
    if (machines != null) {
      machines.println(line);
    }
  }

  Progress progress(int epochs) {
    return new Progress(people, quiet, epochs);
  }
}
