package org.volterra.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;

/**
 * Volterra's side of a comparison with PyTorch, a process of its own. It does the same as {@code
 * bench/peers/torch_cpu.py}, with the same parameters and the same protocol.
 */
final class PeerServer implements AutoCloseable {
  /** A sample has at least so many calls, unless they take longer than that. */
  private static final int LEAST_CALLS = 3;

  private static final double LEAST_CALLS_SECONDS = 2;

  private final Resources resources = new Resources();
  private final String name;
  private final PeerModel model;

  private PeerServer(PeerCase work, int threads, String provider, PeerCase.Work what) {
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    name = "Volterra on " + device.description();
    model = resources.own(new PeerModel(work, device, what));
  }

  private Map<String, Object> timed(double seconds) {
    double[] times = new double[LEAST_CALLS];
    int calls = 0;
    long start = System.nanoTime();
    double elapsed = 0;
    while (elapsed < seconds || (calls < LEAST_CALLS && elapsed < LEAST_CALLS_SECONDS)) {
      if (calls == times.length) {
        times = Arrays.copyOf(times, 2 * calls);
      }
      long begin = System.nanoTime();
      model.call();
      long end = System.nanoTime();
      times[calls++] = (end - begin) * 1e-6;
      elapsed = (end - start) * 1e-9;
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("milliseconds", Spread.of(Arrays.copyOf(times, calls)).median());
    answer.put("calls", calls);
    return answer;
  }

  private static Map<String, Object> peakMemory() {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("peakBytes", peakBytes());
    return answer;
  }

  /** The largest resident memory of this process so far; null where there is no Linux. */
  private static Long peakBytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .map(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public void close() {
    resources.close();
  }

  /**
   * Answers until its input ends.
   *
   * @param arguments case, threads, provider, work
   * @throws IOException if its input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    PrintStream out = System.out;
    try (PeerServer server =
            new PeerServer(
                PeerCase.parse(arguments[0]),
                Integer.parseInt(arguments[1]),
                arguments[2],
                PeerCase.Work.valueOf(arguments[3].toUpperCase(Locale.ROOT)));
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      Map<String, Object> ready = new LinkedHashMap<>();
      ready.put("name", server.name);
      ready.put("check", server.model.check());
      answer(out, ready);
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ", -1);
        answer(
            out,
            words[0].equals("time") ? server.timed(Double.parseDouble(words[1])) : peakMemory());
      }
    }
  }

  private static void answer(PrintStream out, Map<String, Object> answer) {
    out.println(Json.LINE.toJson(answer));
    out.flush();
  }
}
