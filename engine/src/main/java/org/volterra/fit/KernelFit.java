package org.volterra.fit;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.volterra.control.Minimization;
import org.volterra.control.Minimizer;
import org.volterra.control.Objective;
import org.volterra.control.StoppingRule;
import org.volterra.depth.LineField;
import org.volterra.equation.SystemSolution;

/**
 * Fits a kernel to observed trajectories: minimises ½/n Σ ((x(t_i) − y_i)/σ)² by L-BFGS with the
 * exact adjoint of the discrete equation, over the kernel's parameters and, where no source is
 * known, initial values. Several starts are tried, because the misfit has more than one minimum.
 *
 * <pre>{@code
 * KernelModel model = KernelModel.of(new FractionalFamily(), Activation.IDENTITY, 128);
 * FitResult result = new KernelFit(model, 300, 1e-7).fit(data, KernelFit.SILENT);
 * double alpha = result.parameter("alpha");
 * }</pre>
 *
 * @param model what is fitted
 * @param iterations most iterations, at least 1
 * @param tolerance stop when the gradient's norm is this fraction of what it was, in [0, 1)
 */
public record KernelFit(KernelModel model, int iterations, double tolerance) {
  /** A listener that does nothing. */
  public static final Listener SILENT = (evaluations, best) -> {};

  private static final int MEMORY = 20;
  private static final int CANDIDATES = 3;
  private static final int SHORT_RUN = 25;

  /** Hears how a fit goes. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Called after each evaluation of the misfit.
     *
     * @param evaluations how many there were
     * @param best the least misfit so far
     */
    void evaluated(int evaluations, double best);
  }

  /** Checks the arguments. */
  public KernelFit {
    Objects.requireNonNull(model, "model");
    StoppingRule.atGradient(iterations, tolerance);
  }

  /** Counts evaluations. */
  private static final class Counted implements Objective {
    private final Objective objective;
    private final Listener listener;
    private int evaluations;
    private double best = Double.POSITIVE_INFINITY;

    private Counted(Objective objective, Listener listener) {
      this.objective = objective;
      this.listener = listener;
    }

    @Override
    public int size() {
      return objective.size();
    }

    @Override
    public double evaluate(double[] theta, double[] gradient) {
      double value = objective.evaluate(theta, gradient);
      best = value < best ? value : best;
      listener.evaluated(++evaluations, best);
      return value;
    }
  }

  /**
   * Fits.
   *
   * @param data trajectories with as many components each; the interval ends with their sources,
   *     the family's field, or else the last observation
   * @param listener hears each evaluation
   * @return what was found
   * @throws IllegalArgumentException if there is nothing to fit, trajectories do not belong
   *     together, end after the interval, or the equation cannot be solved at any start
   */
  public FitResult fit(List<Trajectory> data, Listener listener) {
    return fit(data, listener, objective -> objective);
  }

  /**
   * Fits, and keeps all evaluations in a file; a fit that was interrupted goes on when it is called
   * again with the same file, and ends at the same bits.
   *
   * @param data trajectories with as many components each; the interval ends with their sources,
   *     the family's field, or else the last observation
   * @param listener hears each evaluation, those from the file too
   * @param log the file
   * @return what was found
   * @throws IllegalArgumentException if there is nothing to fit, trajectories do not belong
   *     together, end after the interval, or the equation cannot be solved at any start
   * @throws UncheckedIOException if the file cannot be read or written
   */
  public FitResult fit(List<Trajectory> data, Listener listener, EvaluationLog log) {
    return fit(data, listener, log::remembered);
  }

  private FitResult fit(
      List<Trajectory> data, Listener listener, UnaryOperator<Objective> evaluation) {
    Misfit misfit = new Misfit(model, List.copyOf(data), horizon(data));
    if (misfit.observations() <= misfit.size() && misfit.isUndetermined()) {
      throw new IllegalArgumentException(
          misfit.observations()
              + " observations: "
              + model.family().name()
              + " with initial values has "
              + misfit.size()
              + " parameters and needs more");
    }
    Counted counted = new Counted(evaluation.apply(misfit), listener);
    List<double[]> starts = starts(misfit, counted);
    Minimizer lbfgs = Minimizer.lbfgs(MEMORY, null);
    Minimization run = null;
    for (double[] start : starts) {
      int most = starts.size() == 1 ? iterations : Math.min(SHORT_RUN, iterations);
      Minimization tried = lbfgs.minimize(counted, start, StoppingRule.atGradient(most, tolerance));
      run = run == null || tried.value() < run.value() ? tried : run;
    }
    int done = 0;
    if (!run.reached() && run.iterations() == SHORT_RUN && iterations > SHORT_RUN) {
      // On from the best, to the gradient that was to be reached from its start.
      double fraction = tolerance * run.norms()[0] / run.norms()[SHORT_RUN];
      done = SHORT_RUN;
      StoppingRule rest = StoppingRule.atGradient(iterations - SHORT_RUN, fraction);
      run = lbfgs.minimize(counted, run.minimiser(), rest);
    }
    return result(misfit, data, run, done + run.iterations(), counted.evaluations);
  }

  private double horizon(List<Trajectory> data) {
    if (data.isEmpty()) {
      throw new IllegalArgumentException("data: there is no trajectory");
    }
    double end = data.stream().mapToDouble(Trajectory::end).max().orElseThrow();
    double horizon =
        data.stream()
            .map(Trajectory::source)
            .flatMap(Optional::stream)
            .mapToDouble(LineField::horizon)
            .findFirst()
            .orElse(model.family() instanceof FieldFamily field ? field.horizon() : end);
    if (model.family() instanceof FieldFamily field && field.horizon() != horizon) {
      throw new IllegalArgumentException(
          "the field's horizon " + field.horizon() + ": the sources end at " + horizon);
    }
    for (Trajectory trajectory : data) {
      if (trajectory.components() != data.getFirst().components()) {
        throw new IllegalArgumentException(
            trajectory
                + " has "
                + trajectory.components()
                + " components: the first has "
                + data.getFirst().components());
      }
      if (trajectory.end() > horizon) {
        throw new IllegalArgumentException(trajectory + ": ends after the interval, at " + horizon);
      }
    }
    if (!(horizon > 0)) {
      throw new IllegalArgumentException("data: all observations are at time 0");
    }
    return horizon;
  }

  /** The starts with the least misfit. */
  private List<double[]> starts(Misfit misfit, Counted counted) {
    double[] gradient = new double[misfit.size()];
    Map<Double, double[]> all = new TreeMap<>();
    for (double[] kernel : model.family().starts(misfit.system().horizon())) {
      double[] free = misfit.free(kernel);
      double value = counted.evaluate(free, gradient);
      if (Double.isFinite(value)) {
        all.put(value, free);
      }
    }
    if (all.isEmpty()) {
      throw new IllegalArgumentException(
          "data: the equation cannot be solved at any start; try more layers, newton-krylov, or"
              + " another activation");
    }
    return all.values().stream().limit(CANDIDATES).toList();
  }

  private FitResult result(
      Misfit misfit, List<Trajectory> data, Minimization run, int done, int evaluations) {
    double[] theta = misfit.natural(run.minimiser());
    SystemSolution solution = model.solve(misfit.system(), theta);
    List<LineField> fitted = misfit.system().split(solution);
    int width = data.getFirst().components();
    double[] squares = new double[width];
    int[] counts = new int[width];
    for (int j = 0; j < fitted.size(); j++) {
      double[] times = data.get(j).times();
      double[][] values = data.get(j).values();
      for (int i = 0; i < times.length; i++) {
        for (int c = 0; c < width; c++) {
          if (!Double.isNaN(values[i][c])) {
            double residual = fitted.get(j).value(times[i], c) - values[i][c];
            squares[c] += residual * residual;
            counts[c]++;
          }
        }
      }
    }
    double unexplained = 0;
    List<Double> rms = new ArrayList<>();
    for (int c = 0; c < width; c++) {
      rms.add(Math.sqrt(squares[c] / Math.max(1, counts[c])));
      unexplained += squares[c] / (misfit.spread(c) * misfit.spread(c));
    }
    FitResult.Ending ending =
        run.reached()
            ? FitResult.Ending.CONVERGED
            : done >= iterations ? FitResult.Ending.ITERATIONS : FitResult.Ending.NO_PROGRESS;
    return new FitResult(
        model,
        Arrays.stream(theta).limit(misfit.system().kernelParameters()).boxed().toList(),
        fitted,
        rms,
        1 - unexplained / misfit.observations(),
        done,
        evaluations,
        ending,
        solution.maxResidual());
  }
}
