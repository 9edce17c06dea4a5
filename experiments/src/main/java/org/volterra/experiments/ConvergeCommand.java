package org.volterra.experiments;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.LimitFit;
import org.volterra.study.StudyPoint;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Runs a study at many depths and writes what converges to what. */
@Command(
    name = "converge",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Solve one learning problem at many depths and report what its minima, minimisers and"
            + " trajectories tend to.",
    footer = {
      "",
      "Studies: closed-form, scalar-control, digits, fractional, dnl-regression, stability.",
      "A JSON file holds the same: {\"study\": \"closed-form\", \"lambda0\": 0.3, \"depths\": [10,"
          + " 20, 40], \"seeds\": [1]}.",
      "A study that was interrupted goes on where it stopped when the command is repeated.",
      "",
      "Examples:",
      "  volterra converge closed-form --lambda0 0.3 --lambda1 0.05 --T 1",
      "  volterra converge closed-form --depths 10,20,40 --out runs/closed-form"
    })
final class ConvergeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "STUDY",
      description = "A study's name, a JSON file, or a class that implements ConvergenceStudy.")
  private String study;

  @Option(
      names = "--depths",
      split = ",",
      paramLabel = "L",
      description = "Numbers of layers in increasing order (default: the study's).")
  private List<Integer> depths;

  @Option(
      names = "--seeds",
      split = ",",
      paramLabel = "N",
      description = "Seeds (default: the study's); studies without randomness run one.")
  private List<Long> seeds;

  @Option(names = "--lambda0", paramLabel = "A", description = "Weight of the L2 norm in depth.")
  private String lambda0;

  @Option(
      names = "--lambda1",
      paramLabel = "B",
      description = "Weight of the derivative in depth, the H1 term.")
  private String lambda1;

  @Option(
      names = {"--T", "--horizon"},
      paramLabel = "T",
      description = "End of the depth interval.")
  private String horizon;

  @Option(
      names = "--set",
      paramLabel = "NAME=VALUE",
      description = "Any setting of the study; an unknown name is answered with those it has.")
  private Map<String, String> set = new LinkedHashMap<>();

  @Option(
      names = "--tolerance",
      paramLabel = "EPS",
      description =
          "Stop at the first depth where the value's estimated distance to its limit is within EPS;"
              + " --depths then is where to look.")
  private Double tolerance;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the results (default: runs/converge-STUDY).")
  private Path out;

  @Option(
      names = "--report-only",
      description = "Run nothing: write the report of the points that are there.")
  private boolean reportOnly;

  @Option(names = "--json", description = "Print one JSON object a line: each depth.")
  private boolean json;

  private String name;

  @Override
  public Integer call() throws IOException {
    ConvergenceStudy chosen = choose();
    checkDepths(chosen);
    List<Long> wanted = seeds == null || seeds.isEmpty() ? chosen.seeds() : seeds;
    List<Long> chosenSeeds = chosen.isRandom() ? wanted : wanted.subList(0, 1);
    StudyFolder folder =
        StudyFolder.open(
            out != null ? out : Path.of("runs", "converge-" + name.replaceAll(".*\\.", "")),
            name,
            chosen.settings());
    List<StudyPoint> points = new ArrayList<>();
    for (long seed : chosenSeeds) {
      Optional<StudyPoint> coarser = Optional.empty();
      for (int depth : depths) {
        Optional<StudyPoint> point =
            reportOnly
                ? folder.find(depth, seed)
                : Optional.of(point(chosen, folder, depth, seed, coarser));
        point.ifPresent(points::add);
        coarser = point;
        if (tolerance != null
            && !points.isEmpty()
            && seed == chosenSeeds.getFirst()
            && isWithin(points)) {
          depths = depths.subList(0, depths.indexOf(depth) + 1);
          break;
        }
      }
    }
    if (points.isEmpty()) {
      throw new IOException(
          folder.file("points") + " has no point of these depths and seeds: run the study first");
    }
    new StudyReport(name, chosen, points, commandText()).write(folder);
    spec.commandLine().getOut().println("report: " + folder.file("report.html"));
    return 0;
  }

  /** Whether the last point's value is as close to its limit as is wanted, by extrapolation. */
  private boolean isWithin(List<StudyPoint> points) {
    int last = points.size() - 1;
    boolean within = false;
    String found = "needs three depths with values";
    if (last >= 2 && points.stream().allMatch(p -> Double.isFinite(p.value()))) {
      LimitFit fit =
          LimitFit.of(
              points.stream().mapToInt(StudyPoint::depth).toArray(),
              points.stream().mapToDouble(StudyPoint::value).toArray());
      double error = Math.abs(points.get(last).value() - fit.limit());
      within = error <= tolerance;
      found = text("%.3g by order %.2f", error, fit.order());
    }
    if (within || points.get(last).depth() == depths.getLast()) {
      PrintWriter line = json ? spec.commandLine().getErr() : spec.commandLine().getOut();
      line.println(
          text(
              "estimated distance to the limit at L = %d: %s; tolerance %.3g%s",
              points.get(last).depth(),
              found,
              tolerance,
              within ? "" : " not reached: give more --depths"));
      line.flush();
    }
    return within;
  }

  private StudyPoint point(
      ConvergenceStudy chosen,
      StudyFolder folder,
      int depth,
      long seed,
      Optional<StudyPoint> coarser)
      throws IOException {
    Optional<StudyPoint> done = folder.find(depth, seed);
    long begin = System.nanoTime();
    StudyPoint point = done.isPresent() ? done.get() : chosen.run(depth, seed, coarser);
    double seconds = (System.nanoTime() - begin) * 1e-9;
    if (done.isEmpty()) {
      folder.write(point, seconds);
    }
    say(chosen, point, done.isPresent() ? "done before" : text("%.2f s", seconds));
    return point;
  }

  private void say(ConvergenceStudy chosen, StudyPoint point, String time) {
    PrintWriter line = spec.commandLine().getOut();
    if (json) {
      JsonObject object = new JsonObject();
      object.addProperty("depth", point.depth());
      object.addProperty("seed", point.seed());
      if (Double.isFinite(point.value())) {
        object.addProperty("value", point.value());
      }
      point
          .measures()
          .forEach((key, value) -> {
            if (Double.isFinite(value)) {
              object.addProperty(key, value);
            }
          });
      line.println(object);
    } else {
      StringBuilder text = new StringBuilder(text("L %5d", point.depth()));
      if (chosen.isRandom()) {
        text.append(text("  seed %d", point.seed()));
      }
      if (Double.isFinite(point.value())) {
        text.append(text("  %s %.10g", chosen.valueName(), point.value()));
        chosen.limit().ifPresent(limit -> text.append(text("  gap %.4g", point.value() - limit)));
      }
      line.println(text.append("  ").append(time));
    }
    line.flush();
  }

  @SuppressWarnings("AnnotateFormatMethod") // needs a library of annotations
  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  /** Finds the study by name, file or class, with the settings of the file and the options. */
  private ConvergenceStudy choose() throws IOException {
    Map<String, String> settings = new LinkedHashMap<>();
    name = study;
    if (study.endsWith(".json")) {
      readFile(Path.of(study), settings);
    }
    put(settings, "lambda0", lambda0);
    put(settings, "lambda1", lambda1);
    put(settings, "T", horizon);
    settings.putAll(set);
    try {
      return Studies.create(name, settings);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static void put(Map<String, String> settings, String key, String value) {
    if (value != null) {
      settings.put(key, value);
    }
  }

  private void readFile(Path file, Map<String, String> settings) throws IOException {
    StudyFile there = StudyFile.read(file);
    name = there.study();
    settings.putAll(there.settings());
    depths = depths == null ? there.depths() : depths;
    seeds = seeds == null ? there.seeds() : seeds;
  }

  private void checkDepths(ConvergenceStudy chosen) {
    if (depths == null) {
      depths = chosen.depths();
    }
    if (tolerance != null && !(tolerance > 0 && tolerance < Double.POSITIVE_INFINITY)) {
      throw new ParameterException(
          spec.commandLine(), "--tolerance " + tolerance + ": must be positive and finite");
    }
    int last = 0;
    for (int depth : depths) {
      if (depth <= last) {
        throw new ParameterException(
            spec.commandLine(),
            "--depths " + depth + ": numbers of layers must be at least 1 and increase");
      }
      last = depth;
    }
  }

  private String commandText() {
    return "volterra " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
  }
}
