package org.volterra.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Results as JSON files {@code DATE-NAME.json} with the machine, the virtual machine and the commit
 * that they come from.
 */
public final class ResultFile {
  private final Path folder;
  private final Machine machine;
  private final Instant time;

  /**
   * Prepares to write into a folder and makes it if it does not exist, so that a long run does not
   * fail at its end.
   *
   * @param folder where results go
   * @param machine where they come from
   * @param time when the run began
   * @throws IOException if the folder cannot be made or written to; the message names it
   */
  public ResultFile(Path folder, Machine machine, Instant time) throws IOException {
    this.folder = folder;
    this.machine = machine;
    this.time = time.truncatedTo(ChronoUnit.SECONDS);
    try {
      Files.createDirectories(folder);
      Files.delete(Files.createTempFile(folder, "write", ".tmp"));
    } catch (IOException e) {
      throw new IOException(
          "cannot write to the folder " + folder.toAbsolutePath() + " (" + reason(e) + ")", e);
    }
  }

  private static String reason(IOException e) {
    return e.getClass().getSimpleName().replace("Exception", "");
  }

  /**
   * Writes the results of a study, and appends them to the history of this folder.
   *
   * @param result the results
   * @return the new file
   * @throws IOException if it cannot be written
   */
  public Path write(StudyResult result) throws IOException {
    Map<String, Object> content = head(result.benchmark(), result.origin());
    content.putAll(result.content());
    Path file = write(result.benchmark(), content);
    ResultHistory.in(folder).append(machine, time, result);
    return file;
  }

  private Map<String, Object> head(String benchmark, Origin origin) {
    Map<String, Object> head = new LinkedHashMap<>();
    head.put("benchmark", benchmark);
    head.put("time", time.toString());
    head.put("commit", machine.commit());
    head.put("cpu", machine.cpu());
    head.put("processors", machine.processors());
    head.put("system", machine.system());
    head.put("virtualMachine", origin.virtualMachine());
    head.put("flags", origin.flags());
    Effort effort = origin.effort();
    Map<String, Object> repetitions = new LinkedHashMap<>();
    repetitions.put("name", effort.name());
    repetitions.put("forks", effort.forks());
    repetitions.put("warmups", effort.warmups());
    repetitions.put("iterations", effort.iterations());
    repetitions.put("milliseconds", effort.milliseconds());
    head.put("effort", repetitions);
    return head;
  }

  /** Writes a file of a new name: a second run on the same day does not replace the first. */
  private Path write(String name, Map<String, Object> content) throws IOException {
    String stem = time.atZone(ZoneOffset.UTC).toLocalDate() + "-" + name;
    Path file = folder.resolve(stem + ".json");
    for (int i = 2; Files.exists(file); i++) {
      file = folder.resolve(stem + "-" + i + ".json");
    }
    return Files.writeString(file, Json.PRETTY.toJson(content) + "\n");
  }
}
