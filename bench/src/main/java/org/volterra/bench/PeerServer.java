package org.volterra.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Workspace;
import org.volterra.kernel.DepthFunction;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.SpecialFunctions;
import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * Volterra's side of a comparison with PyTorch, a process of its own. It does the same as {@code
 * bench/peers/torch_cpu.py}, with the same parameters and the same protocol.
 */
final class PeerServer implements AutoCloseable {
  private static final double ORDER = 0.5;
  private static final int SAMPLES = 16;
  private static final int LEAST_CALLS = 3;

  private final Resources resources = new Resources();
  private final NetworkSize size;
  private final Network network;
  private final Workspace workspace;
  private final Matrix data;
  private final TrainingStep step;

  private PeerServer(PeerCase work, int threads, String provider, boolean training) {
    size = work.size();
    ComputeProvider device = resources.own(Providers.open(provider, threads));
    network = resources.own(Network.create(spec(work), device, ElementType.FLOAT32, 1));
    if (work.kind() == PeerCase.Kind.DENSE) {
      fillParameters();
    }
    workspace =
        resources.own(training ? network.workspace(size.batch()) : network.inference(size.batch()));
    data = uniform(device, 1);
    step = training ? resources.own(new TrainingStep(workspace, data, uniform(device, 2))) : null;
  }

  private static NetworkSpec spec(PeerCase work) {
    int layers = work.size().layers();
    NetworkSpec.Builder builder = NetworkSpec.builder(work.size().channels(), layers);
    return switch (work.kind()) {
      case DENSE -> builder.kernel(DepthKernel.dense()).build();
      case FRACTIONAL -> builder.kernel(DepthKernel.scalar(fractional(layers))).noBias().build();
    };
  }

  /** The product-rectangle weights of order α, h^(α−1) (m^α − (m−1)^α) / Γ(α+1) at lag m·h. */
  private static DepthFunction fractional(int layers) {
    double h = 1.0 / layers;
    double factor = Math.pow(h, ORDER - 1) / SpecialFunctions.gamma(ORDER + 1);
    return (t, s) -> {
      double m = Math.rint((t - s) / h);
      return factor * (Math.pow(m, ORDER) - Math.pow(m - 1, ORDER));
    };
  }

  private void fillParameters() {
    double scale = Math.sqrt(3.0 / size.channels());
    for (int l = 1; l <= size.layers(); l++) {
      fill(network.parameter("bias." + l), 100_000 + l, 0.1);
      fill(network.parameter("kernel." + l), 100 + l, scale);
    }
  }

  private Matrix uniform(ComputeProvider device, int salt) {
    int columns = size.channels();
    Matrix m =
        Matrix.of(
            resources.own(device.allocate(ElementType.FLOAT32, (long) size.batch() * columns)),
            0,
            size.batch(),
            columns);
    fill(m, salt, 1);
    return m;
  }

  private static void fill(Matrix m, int salt, double scale) {
    for (int i = 0; i < m.rows(); i++) {
      for (int j = 0; j < m.columns(); j++) {
        m.set(i, j, uniform(salt, i * m.columns() + j, scale));
      }
    }
  }

  /** An element of a sequence in [−scale, scale) by Murmur's hash of the index. */
  static double uniform(int salt, int index, double scale) {
    int h = index * 0x9E3779B1 + salt * 0x85EBCA77;
    h = (h ^ h >>> 16) * 0x85EBCA6B;
    h = (h ^ h >>> 13) * 0xC2B2AE35;
    h = h ^ h >>> 16;
    return ((h >>> 8) / (double) (1 << 24) - 0.5) * (2 * scale);
  }

  private void call() {
    if (step == null) {
      workspace.forward(data);
    } else {
      step.run();
    }
  }

  /** Values that show whether the work is right, as the peer gives them. */
  private List<Double> check() {
    List<Double> check = new ArrayList<>();
    if (step == null) {
      sample(workspace.forward(data), check);
      return check;
    }
    check.add(step.gradient());
    int depth = size.layers();
    int d = size.channels();
    for (int l : new int[] {1, (depth + 1) / 2, depth}) {
      Matrix kernel = workspace.gradient("kernel." + l);
      sample(workspace.gradient("bias." + l), check);
      sample(kernel.rows(0, d), check);
      sample(kernel.rows((l - 1) * d, d), check);
    }
    return check;
  }

  private static void sample(Matrix m, List<Double> values) {
    for (int i = 0; i < SAMPLES; i++) {
      long at = i * (m.size() - 1) / (SAMPLES - 1);
      values.add(m.get((int) (at / m.columns()), (int) (at % m.columns())));
    }
  }

  private Map<String, Object> timed(double seconds) {
    double[] times = new double[LEAST_CALLS];
    int calls = 0;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (calls < LEAST_CALLS || System.nanoTime() < end) {
      if (calls == times.length) {
        times = Arrays.copyOf(times, 2 * calls);
      }
      long begin = System.nanoTime();
      call();
      times[calls++] = (System.nanoTime() - begin) * 1e-6;
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
   * @param arguments case, threads, provider, {@code forward} or {@code step}
   * @throws IOException if its input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    PrintStream out = System.out;
    try (PeerServer server =
            new PeerServer(
                PeerCase.parse(arguments[0]),
                Integer.parseInt(arguments[1]),
                arguments[2],
                arguments[3].equals("step"));
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      Map<String, Object> ready = new LinkedHashMap<>();
      ready.put("name", "Volterra on " + server.network.provider().description());
      ready.put("check", server.check());
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
