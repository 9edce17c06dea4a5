package org.volterra.bench;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process that prints a line of JSON when it is ready and answers each line of its input with
 * another; whatever else it prints is kept for error messages.
 */
final class PeerProcess implements AutoCloseable {
  private static final int KEPT_LINES = 5;
  private static final long SECONDS_TO_END = 10;

  private final String name;
  private final Process process;
  private final BufferedReader output;
  private final Writer input;
  private final Deque<String> lastLines = new ArrayDeque<>();
  private final JsonObject ready;

  /**
   * Starts the process and waits until it is ready.
   *
   * @throws BenchmarkFailedException if it cannot start or says why it cannot run
   */
  PeerProcess(String name, List<String> command) {
    this.name = name;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new BenchmarkFailedException(
          name + ": cannot start " + command.getFirst() + " (" + e.getMessage() + ")", e);
    }
    output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    input = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    try {
      ready = answer();
    } catch (BenchmarkFailedException e) {
      close();
      throw e;
    }
  }

  /** Name and version of what runs there. */
  String description() {
    return ready.get("name").getAsString();
  }

  /** Values that show whether it computes the right thing. */
  double[] check() {
    return ready.getAsJsonArray("check").asList().stream()
        .mapToDouble(JsonElement::getAsDouble)
        .toArray();
  }

  /** The median time of a call over some seconds. */
  double milliseconds(double seconds) {
    return ask("time " + seconds).get("milliseconds").getAsDouble();
  }

  /** The largest resident memory so far, NaN if the system does not say. */
  double peakBytes() {
    JsonElement bytes = ask("memory").get("peakBytes");
    return bytes.isJsonNull() ? Double.NaN : bytes.getAsDouble();
  }

  JsonObject ask(String line) {
    try {
      input.write(line + "\n");
      input.flush();
    } catch (IOException e) {
      throw new BenchmarkFailedException(name + " has ended: " + String.join(" ", lastLines), e);
    }
    return answer();
  }

  private JsonObject answer() {
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith("{")) {
          JsonObject json = JsonParser.parseString(line).getAsJsonObject();
          if (json.has("error")) {
            throw new BenchmarkFailedException(name + ": " + json.get("error").getAsString(), null);
          }
          return json;
        }
        if (!line.isBlank() && !line.strip().startsWith("at ")) {
          lastLines.addLast(line.strip());
        }
        if (lastLines.size() > KEPT_LINES) {
          lastLines.removeFirst();
        }
      }
    } catch (IOException | JsonParseException e) {
      throw new BenchmarkFailedException(name + " gave no answer: " + e.getMessage(), e);
    }
    throw new BenchmarkFailedException(name + " has ended: " + String.join(" ", lastLines), null);
  }

  /** Ends the process by ending its input, and by force if it does not listen. */
  @Override
  public void close() {
    try {
      input.close();
    } catch (IOException e) {
      lastLines.addLast(e.getMessage()); // it has ended already
    }
    try {
      if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
