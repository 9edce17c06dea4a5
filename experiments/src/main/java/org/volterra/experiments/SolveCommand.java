package org.volterra.experiments;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.volterra.Engine;
import org.volterra.equation.GridSolution;
import org.volterra.equation.KnownEquation;
import org.volterra.equation.KnownEquations;
import org.volterra.equation.QuadratureMethod;
import org.volterra.equation.ToleranceSolver;
import org.volterra.equation.VolterraSolver;
import org.volterra.spi.ComputeProvider;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Solves integral equations with known solutions and prints errors and orders of convergence. */
@Command(
    name = "solve",
    mixinStandardHelpOptions = true,
    description =
        "Solve Volterra integral equations with known solutions; print errors and orders.",
    footer = {
      "",
      "The order is that of max_error, except for problem 8 on a uniform grid: its solution is"
          + " not smooth at 0, and the order is that of end_error, the error at t = T (marked *).",
      "Errors at rounding level have no order."
    })
public final class SolveCommand implements Callable<Integer> {
  private static final String ALL = "all";

  /** Errors below are rounding: they show no order. */
  private static final double ROUNDING = 1e-14;

  private static final Gson JSON =
      new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

  @Spec private CommandSpec spec;

  @Option(
      names = "--problem",
      split = ",",
      paramLabel = "NAME",
      description = "Numbers (1..10) or names of the problems, or all (the default).")
  private List<String> problems = List.of(ALL);

  @Option(
      names = "--method",
      split = ",",
      paramLabel = "NAME",
      description =
          "left-rectangle, trapezoid, product-rectangle, product-trapezoid, or all (the default):"
              + " those made for the problem.")
  private List<String> methods = List.of(ALL);

  @Option(
      names = "--layers",
      split = ",",
      paramLabel = "L",
      description = "Numbers of layers in increasing order (default: 40,80,160,320).")
  private List<Integer> layers = List.of(40, 80, 160, 320);

  @Option(
      names = "--grading",
      paramLabel = "R",
      description = "Layers at t = T(l/L)^R; at least 1 (default: 1, the uniform grid).")
  private double grading = 1;

  @Option(
      names = "--tolerance",
      paramLabel = "EPS",
      description =
          "Instead of --layers: double the layers until the estimated greatest error is within"
              + " EPS.")
  private Double tolerance;

  @Option(
      names = "--most-layers",
      paramLabel = "L",
      description = "With --tolerance: where to give up (default: 10240).")
  private int mostLayers = 10_240;

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  /** A command with its default options. */
  public SolveCommand() {}

  /** One line of output. */
  private record Row(
      KnownEquation problem,
      GridSolution solution,
      double maxError,
      double endError,
      boolean orderAtEnd,
      Double observedOrder) {

    double orderError() {
      return orderAtEnd ? endError : maxError;
    }
  }

  @Override
  public Integer call() {
    Set<KnownEquation> chosen = problems();
    List<QuadratureMethod> allowed = methods();
    checkLayers();
    List<Map.Entry<KnownEquation, QuadratureMethod>> pairs = pairs(chosen, allowed);
    PrintWriter out = spec.commandLine().getOut();
    if (!json) {
      out.printf(
          "%-22s %-18s %7s %12s %12s %7s%n",
          "problem",
          "method",
          "layers",
          tolerance == null ? "max error" : "estimate",
          tolerance == null ? "end error" : "max error",
          "order");
    }
    try (ComputeProvider provider = Engine.select()) {
      VolterraSolver solver = new VolterraSolver(provider);
      if (tolerance != null) {
        return toTolerance(solver, pairs);
      }
      for (Map.Entry<KnownEquation, QuadratureMethod> pair : pairs) {
        Row coarser = null;
        for (int depth : layers) {
          Row row = solve(solver, pair.getKey(), pair.getValue(), depth, coarser);
          out.println(json ? JSON.toJson(fields(row)) : line(row));
          out.flush();
          coarser = row;
        }
      }
    }
    return 0;
  }

  /** Solves all pairs; 1 if one does not reach the tolerance. */
  private int toTolerance(
      VolterraSolver solver, List<Map.Entry<KnownEquation, QuadratureMethod>> pairs) {
    PrintWriter out = spec.commandLine().getOut();
    List<String> missed = new ArrayList<>();
    for (Map.Entry<KnownEquation, QuadratureMethod> pair : pairs) {
      QuadratureMethod method = pair.getValue();
      ToleranceSolver.Estimated found =
          new ToleranceSolver(solver, method, grading, mostLayers)
              .solve(pair.getKey().equation(), tolerance);
      out.println(json ? JSON.toJson(fields(pair.getKey(), found)) : line(pair.getKey(), found));
      out.flush();
      if (!found.reached()) {
        missed.add(pair.getKey().id() + " by " + method.id());
      }
    }
    if (!missed.isEmpty()) {
      spec.commandLine()
          .getErr()
          .println(
              "volterra: error: tolerance "
                  + tolerance
                  + " is not reached on "
                  + mostLayers
                  + " layers: "
                  + String.join(", ", missed)
                  + "; --grading, a method of higher order or --most-layers may help");
    }
    return missed.isEmpty() ? 0 : 1;
  }

  private static Double orNull(double value) {
    return Double.isFinite(value) ? value : null;
  }

  private Map<String, Object> fields(KnownEquation problem, ToleranceSolver.Estimated found) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("problem", problem.id());
    fields.put("method", found.solution().method().id());
    fields.put("tolerance", tolerance);
    fields.put("reached", found.reached());
    fields.put("layers", found.solution().grid().layers());
    fields.put("estimated_error", orNull(found.error()));
    fields.put("max_error", found.solution().maxError());
    fields.put("observed_order", orNull(found.order()));
    fields.put("depths", found.depths());
    fields.put("grading", grading);
    return fields;
  }

  private static String line(KnownEquation problem, ToleranceSolver.Estimated found) {
    return String.format(
        Locale.ROOT,
        "%-22s %-18s %7d %12s %12.4e %7s",
        problem.id(),
        found.solution().method().id(),
        found.solution().grid().layers(),
        Double.isFinite(found.error()) ? String.format(Locale.ROOT, "%.4e", found.error()) : "-",
        found.solution().maxError(),
        Double.isNaN(found.order()) ? "-" : String.format(Locale.ROOT, "%.3f", found.order()));
  }

  private Row solve(
      VolterraSolver solver, KnownEquation known, QuadratureMethod method, int depth, Row coarser) {
    GridSolution solution = solver.solve(known.equation(), method, depth, grading);
    Row row =
        new Row(
            known,
            solution,
            solution.maxError(),
            solution.endError(),
            known.isOrderAtEnd(solution.grid()),
            null);
    if (coarser == null || coarser.orderError() < ROUNDING || row.orderError() < ROUNDING) {
      return row;
    }
    double order =
        GridSolution.observedOrder(
            coarser.solution().grid().layers(), coarser.orderError(), depth, row.orderError());
    return new Row(known, solution, row.maxError(), row.endError(), row.orderAtEnd(), order);
  }

  private Map<String, Object> fields(Row row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("problem", row.problem().id());
    fields.put("method", row.solution().method().id());
    fields.put("layers", row.solution().grid().layers());
    fields.put("max_error", row.maxError());
    fields.put("observed_order", row.observedOrder());
    fields.put("order_of", row.orderAtEnd() ? "end_error" : "max_error");
    fields.put("end_error", row.endError());
    fields.put("max_residual", row.solution().maxResidual());
    fields.put("grading", grading);
    return fields;
  }

  private static String line(Row row) {
    String order =
        row.observedOrder() == null
            ? "-"
            : String.format(
                Locale.ROOT, "%.3f%s", row.observedOrder(), row.orderAtEnd() ? "*" : "");
    return String.format(
        Locale.ROOT,
        "%-22s %-18s %7d %12.4e %12.4e %7s",
        row.problem().id(),
        row.solution().method().id(),
        row.solution().grid().layers(),
        row.maxError(),
        row.endError(),
        order);
  }

  private Set<KnownEquation> problems() {
    Set<KnownEquation> found = new LinkedHashSet<>();
    for (String name : problems) {
      try {
        found.addAll(name.equals(ALL) ? KnownEquations.all() : KnownEquations.find(name));
      } catch (IllegalArgumentException e) {
        throw wrong("--problem: " + e.getMessage() + ", " + ALL, e);
      }
    }
    return found;
  }

  private List<QuadratureMethod> methods() {
    Set<QuadratureMethod> found = new LinkedHashSet<>();
    for (String name : methods) {
      try {
        found.addAll(
            name.equals(ALL) ? QuadratureMethod.all() : List.of(QuadratureMethod.parse(name)));
      } catch (IllegalArgumentException e) {
        throw wrong("--method: " + e.getMessage() + ", " + ALL, e);
      }
    }
    return List.copyOf(found);
  }

  private void checkLayers() {
    int last = 0;
    for (int depth : layers) {
      if (depth <= last) {
        throw wrong(
            "--layers " + depth + ": numbers of layers must be at least 1 and increase", null);
      }
      last = depth;
    }
    if (tolerance != null && spec.commandLine().getParseResult().hasMatchedOption("--layers")) {
      throw wrong("--tolerance chooses the layers: leave --layers out", null);
    }
    if (tolerance != null && !(tolerance > 0 && tolerance < Double.POSITIVE_INFINITY)) {
      throw wrong("--tolerance " + tolerance + ": must be positive and finite", null);
    }
    if (mostLayers < ToleranceSolver.LEAST_LAYERS) {
      throw wrong(
          "--most-layers " + mostLayers + ": must be at least " + ToleranceSolver.LEAST_LAYERS,
          null);
    }
    if (!(grading >= 1 && grading <= 20)) {
      throw wrong("--grading " + grading + ": must be in [1, 20]", null);
    }
  }

  /**
   * Problems and methods that go together; a problem named with a method that cannot solve it is an
   * error.
   */
  private List<Map.Entry<KnownEquation, QuadratureMethod>> pairs(
      Set<KnownEquation> chosen, List<QuadratureMethod> allowed) {
    boolean named = !methods.contains(ALL);
    List<Map.Entry<KnownEquation, QuadratureMethod>> pairs = new ArrayList<>();
    for (KnownEquation known : chosen) {
      for (QuadratureMethod method : allowed) {
        boolean applicable = method.integratesSingularity() || method.fits(known.equation());
        if (named && !applicable && !problems.contains(ALL)) {
          throw wrong(
              "--method "
                  + method.id()
                  + ": problem "
                  + known.id()
                  + " is weakly singular: choose one of product-rectangle, product-trapezoid",
              null);
        }
        if (named ? applicable : method.fits(known.equation())) {
          pairs.add(Map.entry(known, method));
        }
      }
    }
    return pairs;
  }

  private ParameterException wrong(String message, Throwable cause) {
    return new ParameterException(spec.commandLine(), message, cause);
  }
}
