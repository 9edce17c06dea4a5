package org.volterra.experiments;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.random.RandomGenerator;
import org.volterra.depth.LineField;
import org.volterra.depth.LineMesh;
import org.volterra.equation.DiagonalMethod;
import org.volterra.equation.QuadratureMethod;
import org.volterra.equation.SystemSolver;
import org.volterra.fit.EvaluationLog;
import org.volterra.fit.FitResult;
import org.volterra.fit.KernelFamily;
import org.volterra.fit.KernelFit;
import org.volterra.fit.KernelModel;
import org.volterra.fit.Trajectory;
import org.volterra.spi.Activation;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Fits the kernel of a Volterra equation to observed trajectories, or makes some. */
@Command(
    name = "fit",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Find the kernel of x(t) = g(t) + ∫ K(t,s) φ(x(s)) ds from observed trajectories, at any"
            + " times.",
    footer = {
      "",
      "The table has a header, a column of times, and columns of states, 'nan' where one was not"
          + " observed. Without --source-columns g = x(0), which is fitted too.",
      "--make writes such a table from a known kernel, computed on four times as many layers.",
      "",
      "Examples:",
      "  volterra fit --make series.csv --kernel fractional --set alpha=0.6,c=-1 --initial 1,3",
      "  volterra fit --data series.csv --kernel fractional --trajectory-column trajectory",
      "  volterra fit --data series.csv --kernel exponentials:2 --time-column day --columns a,b"
    })
final class FitCommand implements Callable<Integer> {
  private static final double PROGRESS_SECONDS = 1;
  private static final int FINER = 4;

  @Spec private CommandSpec spec;

  @Option(names = "--data", paramLabel = "FILE", description = "The table (CSV, may be gzipped).")
  private Path data;

  @Option(
      names = "--kernel",
      paramLabel = "KIND",
      required = true,
      description =
          "fractional: c (t-s)^(alpha-1)/Gamma(alpha); exponentials:M: a sum of M; field:N:"
              + " piecewise linear on a triangle with N intervals.")
  private String kernel;

  @Option(
      names = "--time-column",
      paramLabel = "NAME",
      description = "Column of times (default: t).")
  private String time = "t";

  @Option(
      names = "--trajectory-column",
      paramLabel = "NAME",
      description = "Column that numbers trajectories (default: all rows are one).")
  private String trajectory;

  @Option(
      names = "--columns",
      split = ",",
      paramLabel = "NAME",
      description = "Columns of states (default: all that are nothing else).")
  private List<String> states;

  @Option(
      names = "--source-columns",
      split = ",",
      paramLabel = "NAME",
      description = "Columns of g(t), one for each state, known in all rows from time 0 on.")
  private List<String> sources = List.of();

  @Option(
      names = "--origin",
      paramLabel = "T0",
      description = "The time at which the integral begins (default: 0).")
  private double origin;

  @Option(
      names = "--activation",
      paramLabel = "NAME",
      description = "φ, such as tanh (default: identity).")
  private String activation = "identity";

  @Option(
      names = "--layers",
      paramLabel = "L",
      description = "Steps of the discrete equation (default: 128).")
  private int layers = 128;

  @Option(
      names = "--grading",
      paramLabel = "R",
      description = "Layers at t = T(l/L)^R (default: 2 for fractional, else 1).")
  private Double grading;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description = "Quadrature, as in 'solve' (default: product-trapezoid).")
  private String method = "product-trapezoid";

  @Option(
      names = "--diagonal",
      paramLabel = "NAME",
      description = "Solver of implicit steps: fixed-point (default) or newton-krylov.")
  private String diagonal = "fixed-point";

  @Option(
      names = "--lambda0",
      paramLabel = "A",
      description = "Weight of a field's norm in L2 (default: 1e-6).")
  private double lambda0 = 1e-6;

  @Option(
      names = "--lambda1",
      paramLabel = "B",
      description = "Weight of the norm of a field's gradient (default: 1e-6).")
  private double lambda1 = 1e-6;

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description = "Most iterations of L-BFGS (default: 300).")
  private int iterations = 300;

  @Option(
      names = "--gradient",
      paramLabel = "SHARE",
      description = "Stop when the gradient is this share of the first (default: 1e-7).")
  private double gradient = 1e-7;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the results, which are replaced (default: runs/fit-FILE-KIND).")
  private Path out;

  @Option(
      names = "--make",
      paramLabel = "FILE",
      description = "Write trajectories of a known kernel to this file instead of fitting.")
  private Path make;

  @Option(
      names = "--set",
      split = ",",
      paramLabel = "NAME=VALUE",
      description = "With --make: the kernel's parameters, such as alpha=0.6,c=-1.")
  private Map<String, Double> parameters = new LinkedHashMap<>();

  @Option(
      names = "--initial",
      split = ",",
      paramLabel = "X",
      description = "With --make: x(0) of each trajectory (default: 1).")
  private List<Double> initials = List.of(1.0);

  @Option(
      names = "--end",
      paramLabel = "T",
      description = "With --make: end of the interval (default: 4).")
  private double end = 4;

  @Option(
      names = "--points",
      paramLabel = "N",
      description = "With --make: random times of each trajectory (default: 60).")
  private int points = 60;

  @Option(
      names = "--noise",
      paramLabel = "SIGMA",
      description = "With --make: standard deviation of Gaussian noise (default: 0).")
  private double noise;

  @Option(names = "--seed", paramLabel = "N", description = "With --make: seed (default: 1).")
  private long seed = 1;

  @Override
  public Integer call() throws IOException {
    if ((data == null) == (make == null)) {
      throw wrong("give --data FILE to fit it, or --make FILE to make one", null);
    }
    return make == null ? fit() : make();
  }

  private ParameterException wrong(String message, Throwable cause) {
    return new ParameterException(spec.commandLine(), message, cause);
  }

  private KernelModel model(double horizon, int depth) {
    try {
      KernelFamily family = KernelFamily.parse(kernel, horizon, lambda0, lambda1);
      Activation phi = Activation.parse(activation);
      KernelModel usual = KernelModel.of(family, phi, depth);
      return new KernelModel(
          family,
          phi,
          new SystemSolver(QuadratureMethod.parse(method), DiagonalMethod.parse(diagonal)),
          depth,
          grading == null ? usual.grading() : grading);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage(), e);
    }
  }

  private int fit() throws IOException {
    TrajectoryFiles files = new TrajectoryFiles(time, trajectory, states, sources, origin);
    TrajectoryFiles.Series series = files.read(data);
    double horizon =
        series.trajectories().stream().mapToDouble(Trajectory::end).max().orElseThrow();
    if (!(horizon > 0)) {
      throw new IOException(data + ": all observations are at the origin, " + origin);
    }
    KernelModel model = model(horizon, layers);
    KernelFit fit;
    try {
      fit = new KernelFit(model, iterations, gradient);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage(), e);
    }
    PrintWriter line = spec.commandLine().getOut();
    int rows = series.trajectories().stream().mapToInt(t -> t.times().length).sum();
    say(
        "%s: %d trajectories of %s, %d times up to %.6g",
        data, series.trajectories().size(), String.join(", ", series.states()), rows, horizon);
    say("%s", model.family().formula());
    long begin = System.nanoTime();
    long[] next = {begin};
    String stem = data.getFileName().toString().replaceAll("\\.csv(\\.gz)?$", "");
    Path folder =
        out != null ? out : Path.of("runs", "fit-" + stem + "-" + kernel.replace(':', '-'));
    Path evaluations = folder.resolve("evaluations.bin");
    FitResult result;
    try (EvaluationLog log = EvaluationLog.at(evaluations)) {
      result =
          fit.fit(
              series.trajectories(),
              (count, best) -> {
                if (System.nanoTime() - next[0] >= PROGRESS_SECONDS * 1e9) {
                  next[0] = System.nanoTime();
                  say("evaluation %5d  misfit %.6g", count, best);
                }
              },
              log);
      if (log.recalled() > 0) {
        say("went on after %d evaluations of a fit that was interrupted", log.recalled());
      }
    }
    double seconds = (System.nanoTime() - begin) * 1e-9;
    print(result, series, seconds);
    String command =
        "volterra " + String.join(" ", spec.commandLine().getParseResult().originalArgs());
    new FitReport(data, series, horizon, result, command, seconds).write(folder);
    Files.delete(evaluations);
    line.println("report: " + folder.resolve("report.html"));
    return 0;
  }

  private void print(FitResult result, TrajectoryFiles.Series series, double seconds) {
    List<String> names = result.model().family().parameterNames();
    if (names.size() <= FitReport.MOST_SHOWN) {
      for (int i = 0; i < names.size(); i++) {
        say("%-10s %.8g", names.get(i), result.parameters().get(i));
      }
    } else {
      say("%d parameters", names.size());
    }
    for (int c = 0; c < series.states().size(); c++) {
      say("rms of %-4s %.4g", series.states().get(c), result.rms().get(c));
    }
    say(
        "explained  %.6f  (%s; %d iterations, %d evaluations, %.1f s)",
        result.explained(),
        result.ending().text(),
        result.iterations(),
        result.evaluations(),
        seconds);
  }

  @SuppressWarnings("AnnotateFormatMethod") // needs a library of annotations
  private void say(String format, Object... values) {
    PrintWriter line = spec.commandLine().getOut();
    line.println(String.format(Locale.ROOT, format, values));
    line.flush();
  }

  private int make() throws IOException {
    if (!(end > 0 && end < Double.POSITIVE_INFINITY)) {
      throw wrong("--end " + end + ": must be positive and finite", null);
    }
    if (points < 2) {
      throw wrong("--points " + points + ": must be at least 2", null);
    }
    if (!(noise >= 0 && noise < Double.POSITIVE_INFINITY)) {
      throw wrong("--noise " + noise + ": must be finite and not negative", null);
    }
    KernelModel model = model(end, FINER * layers);
    List<String> names = model.family().parameterNames();
    double[] theta = new double[names.size()];
    Arrays.fill(theta, Double.NaN);
    for (Map.Entry<String, Double> entry : parameters.entrySet()) {
      int index = names.indexOf(entry.getKey());
      if (index < 0) {
        throw wrong("--set " + entry.getKey() + ": the kernel's parameters are " + names, null);
      }
      theta[index] = entry.getValue();
    }
    for (int i = 0; i < theta.length; i++) {
      if (Double.isNaN(theta[i])) {
        throw wrong("--set has no " + names.get(i) + ": give " + names, null);
      }
    }
    List<LineField> constants =
        initials.stream()
            .map(x -> LineField.of(new LineMesh(1, end), 1, new double[] {x, x}))
            .toList();
    List<LineField> exact;
    try {
      exact = model.trajectories(theta, constants);
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage(), e);
    }
    RandomGenerator random = new SplittableRandom(seed);
    List<double[]> rows = new ArrayList<>();
    for (int j = 0; j < exact.size(); j++) {
      double[] times = random.doubles(points, 0, end).sorted().toArray();
      times[0] = 0;
      times[points - 1] = end;
      for (double t : times) {
        double x = exact.get(j).value(t, 0) + noise * random.nextGaussian();
        rows.add(new double[] {j + 1, t, x});
      }
    }
    TrajectoryFiles.write(make, List.of("trajectory", "t", "x"), rows);
    say("%s: %d rows of %s", make, rows.size(), model.family().formula());
    return 0;
  }
}
