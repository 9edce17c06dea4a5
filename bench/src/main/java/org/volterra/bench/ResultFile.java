package org.volterra.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Results as JSON files {@code DATE-NAME.json} with the machine, the virtual machine and the commit
 * that they come from.
 */
public final class ResultFile {
  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().serializeNulls().disableHtmlEscaping().create();

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
   * Writes a depth study.
   *
   * @param result the study
   * @return the new file
   * @throws IOException if it cannot be written
   */
  public Path write(DepthResult result) throws IOException {
    Map<String, Object> content =
        head("depth", result.settings().effort(), result.virtualMachine(), result.flags());
    content.put("channels", DepthCase.CHANNELS);
    content.put("batch", DepthCase.BATCH);
    content.put("elementType", "float32");
    content.put("threads", result.settings().threads());
    content.put("points", result.points().stream().map(ResultFile::point).toList());
    content.put("fits", result.curves().stream().map(ResultFile::fits).toList());
    return write("depth", content);
  }

  /**
   * Writes a study of matrix products.
   *
   * @param result the study
   * @return the new file
   * @throws IOException if it cannot be written
   */
  public Path write(GemmStudy.Result result) throws IOException {
    Map<String, Object> content =
        head("gemm", result.effort(), result.virtualMachine(), result.flags());
    content.put("elementType", "float32");
    content.put("points", result.points().stream().map(ResultFile::point).toList());
    return write("gemm", content);
  }

  private Map<String, Object> head(
      String benchmark, Effort effort, String virtualMachine, List<String> flags) {
    Map<String, Object> head = new LinkedHashMap<>();
    head.put("benchmark", benchmark);
    head.put("time", time.toString());
    head.put("commit", machine.commit());
    head.put("cpu", machine.cpu());
    head.put("processors", machine.processors());
    head.put("system", machine.system());
    head.put("virtualMachine", virtualMachine);
    head.put("flags", flags);
    Map<String, Object> repetitions = new LinkedHashMap<>();
    repetitions.put("name", effort.name());
    repetitions.put("forks", effort.forks());
    repetitions.put("warmups", effort.warmups());
    repetitions.put("iterations", effort.iterations());
    repetitions.put("milliseconds", effort.milliseconds());
    head.put("effort", repetitions);
    return head;
  }

  private static Map<String, Object> point(DepthPoint p) {
    Map<String, Object> point = new LinkedHashMap<>();
    point.put("kernel", p.kernel());
    point.put("provider", p.provider());
    point.put("layers", p.layers());
    point.put("historyBytes", p.historyBytes());
    point.put("forward", timing(p.forward()));
    point.put("gradient", timing(p.gradient()));
    return point;
  }

  private static Map<String, Object> point(GemmStudy.Point p) {
    Map<String, Object> point = new LinkedHashMap<>();
    GemmShape s = GemmShape.parse(p.shape());
    point.put("shape", p.shape());
    point.put("m", s.m());
    point.put("n", s.n());
    point.put("k", s.k());
    point.put("provider", p.provider());
    point.put("product", timing(p.product()));
    return point;
  }

  private static Map<String, Object> timing(Timing t) {
    Map<String, Object> timing = new LinkedHashMap<>();
    timing.put("milliseconds", number(t.milliseconds()));
    timing.put("error", number(t.error()));
    timing.put("gigaflops", number(t.gigaflops()));
    timing.put("garbageBytes", number(t.garbageBytes()));
    return timing;
  }

  private static Map<String, Object> fits(DepthCurve curve) {
    Map<String, Object> fits = new LinkedHashMap<>();
    fits.put("kernel", curve.kernel());
    fits.put("provider", curve.provider());
    fits.put("forward", fit(curve.forwardFit()));
    fits.put("gradient", fit(curve.gradientFit()));
    return fits;
  }

  private static Map<String, Object> fit(Optional<ScalingFit> fit) {
    return fit.map(
            f -> {
              Map<String, Object> values = new LinkedHashMap<>();
              values.put("exponent", number(f.exponent()));
              values.put("halfWidth95", number(f.halfWidth()));
              values.put("points", f.points());
              return values;
            })
        .orElse(null);
  }

  /** Six significant digits; null for NaN, which JSON lacks. */
  private static BigDecimal number(double value) {
    return Double.isFinite(value) ? new BigDecimal(value, new MathContext(6)) : null;
  }

  /** Writes a file of a new name: a second run on the same day does not replace the first. */
  private Path write(String name, Map<String, Object> content) throws IOException {
    String stem = time.atZone(ZoneOffset.UTC).toLocalDate() + "-" + name;
    Path file = folder.resolve(stem + ".json");
    for (int i = 2; Files.exists(file); i++) {
      file = folder.resolve(stem + "-" + i + ".json");
    }
    return Files.writeString(file, GSON.toJson(content) + "\n");
  }
}
