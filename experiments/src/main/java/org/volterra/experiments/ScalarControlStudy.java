package org.volterra.experiments;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.volterra.control.ControlPass;
import org.volterra.control.ControlProblem;
import org.volterra.control.DiscreteControl;
import org.volterra.control.Dynamics;
import org.volterra.control.ExtendedMsa;
import org.volterra.control.Minimization;
import org.volterra.control.Minimizer;
import org.volterra.control.StoppingRule;
import org.volterra.depth.LineField;
import org.volterra.depth.TriangleField;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.Curve;
import org.volterra.study.MeasurePlot;
import org.volterra.study.StudyPoint;

/**
 * A nonlinear optimal control problem with one state: three samples are steered by F = θ(t,s) tanh
 * x. Minima at all depths, and how many iterations each method needs.
 */
final class ScalarControlStudy implements ConvergenceStudy {
  private static final double[][] STARTS = {{0.3}, {0.8}, {1.5}};
  private static final double[][] TARGETS = {{0.8}, {1.6}, {2.4}};
  private static final int MOST_ITERATIONS = 500;
  private static final int MEMORY = 10;
  private static final String SOBOLEV = "gradient descent in the metric of H¹";
  private static final String PLAIN = "plain gradient descent";
  private static final String MSA = "extended MSA";
  private static final String BFGS = "L-BFGS in the metric of H¹";
  private static final String RESIDUAL = "residual of the maximum principle at the minimum";
  private static final String DIFFERENCE = "minimum of extended MSA less that of L-BFGS, relative";

  private final StudySettings settings;
  private final ControlProblem problem;
  private final double horizon;
  private final double share;
  private final int plainLimit;
  private final int msaDepth;

  ScalarControlStudy(StudySettings settings) {
    this.settings = settings;
    horizon = settings.number("T", 1);
    problem =
        new ControlProblem(
            Dynamics.hammerstein(1),
            STARTS,
            TARGETS,
            settings.number("lambda0", 0.1),
            settings.number("lambda1", 0.02),
            horizon);
    share = settings.number("share", 1e-3);
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("share " + share + ": must be in (0, 1)");
    }
    plainLimit = settings.count("plain-limit", 2000);
    msaDepth = settings.count("msa-depth", 128);
    settings.complete();
  }

  @Override
  public String title() {
    return "A nonlinear scalar control problem";
  }

  @Override
  public String claim() {
    return "Three states follow x(t) = x(0) + ∫₀ᵗ θ(t,s) tanh x(s) ds under one control, which"
        + " minimises the mean of ½(x(T) − y)² and ½(λ0‖θ‖² + λ1‖∇θ‖²). Minima, extended"
        + " minimisers and trajectories converge with depth (Huang, Su, Tai, Wu,"
        + " arXiv:2510.02049). At a minimum the maximum principle holds: θ solves the elliptic"
        + " problem −λ1Δθ + λ0θ + ∂_θFᵀp = 0 with the costate p.";
  }

  @Override
  public Map<String, String> settings() {
    return settings.all();
  }

  @Override
  public List<Integer> depths() {
    return List.of(16, 32, 64, 128, 256, 512);
  }

  @Override
  public List<MeasurePlot> measurePlots() {
    return List.of(
        new MeasurePlot(
            "Iterations to a fixed loss",
            "iterations",
            true,
            List.of(PLAIN, SOBOLEV, BFGS, MSA),
            "Iterations, from θ = 0, until the loss has come within the share "
                + share
                + " of its way down to the minimum at this depth. In the metric of the regulariser"
                + " the second derivative is bounded independently of the mesh, so that iterations"
                + " must not grow with depth; in the Euclidean metric the step is bound by the"
                + " stiffest mode, λ1, while the softest has the size λ0 h². Both descents use the"
                + " same backtracking. Plain descent was stopped at "
                + plainLimit
                + " iterations: points there are lower bounds. An iteration of the extended MSA"
                + " minimises an augmented Hamiltonian, which takes several passes; it is run up to"
                + " L = "
                + msaDepth
                + "."),
        new MeasurePlot(
            "How well minima satisfy the maximum principle",
            "residual",
            true,
            List.of(RESIDUAL),
            "√(∇Jᵀ A⁻¹ ∇J), the norm of the elliptic residual dual to the regulariser's, where"
                + " L-BFGS stopped: at 10⁻⁸ of its size at θ = 0."));
  }

  @Override
  public StudyPoint run(int depth, long seed, Optional<StudyPoint> coarser) {
    DiscreteControl control = problem.onLayers(depth);
    double[] zero = new double[control.size()];
    double[] start =
        coarser
            .map(p -> control.restriction((TriangleField) p.minimiser().get("theta")))
            .orElse(zero);
    Minimizer bfgs = Minimizer.lbfgs(MEMORY, control.metric());
    double first = control.pass(zero).residual();
    double begin = control.pass(start).residual();
    Minimization best = bfgs.minimize(control, start, relative(1e-8, first, begin));
    double from = control.pass(zero).value();
    double goal = best.value() + share * (from - best.value());
    StoppingRule toGoal = StoppingRule.atValue(MOST_ITERATIONS, goal);
    Minimization sobolev =
        Minimizer.gradientDescent(control.metric()).minimize(control, zero, toGoal);
    Minimization plain =
        Minimizer.gradientDescent(null)
            .minimize(control, zero, StoppingRule.atValue(plainLimit, goal));
    ControlPass pass = control.pass(best.minimiser());
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put(SOBOLEV, (double) sobolev.iterations());
    measures.put(PLAIN, (double) plain.iterations());
    measures.put(BFGS, (double) bfgs.minimize(control, zero, toGoal).iterations());
    measures.put(RESIDUAL, pass.residual());
    if (depth <= msaDepth) {
      ExtendedMsa msa = new ExtendedMsa(1, 30);
      measures.put(MSA, (double) msa.minimize(control, zero, toGoal).iterations());
      Minimization minimum = msa.minimize(control, start, relative(1e-7, first, begin));
      measures.put(DIFFERENCE, minimum.value() / best.value() - 1);
    }
    return new StudyPoint(
        depth,
        seed,
        best.value(),
        measures,
        Map.of("theta", control.extension(best.minimiser())),
        curves(control, best.minimiser(), pass, sobolev));
  }

  /** Stops at a fraction of the residual at θ = 0, wherever the method starts. */
  private static StoppingRule relative(double tolerance, double atZero, double atStart) {
    return StoppingRule.atGradient(MOST_ITERATIONS, Math.min(0.5, tolerance * atZero / atStart));
  }

  private List<Curve> curves(
      DiscreteControl control, double[] theta, ControlPass pass, Minimization descent) {
    List<Curve> curves = new ArrayList<>();
    int depth = control.grid().layers();
    for (int i = 0; i < STARTS.length; i++) {
      LineField x = pass.trajectory(i);
      curves.add(Curve.of(Curve.Kind.TRAJECTORY, "from " + STARTS[i][0], x.nodes(), x.values()));
    }
    curves.add(Curve.of(Curve.Kind.LOSS, SOBOLEV, descent.values()));
    double[] gradient = pass.gradient();
    double[] ofPenalty = new double[gradient.length];
    control.metric().apply(theta, ofPenalty);
    double[] t = new double[depth];
    double[] norms = new double[depth];
    int n = 0;
    for (int l = 1; l <= depth; l++) {
      t[l - 1] = control.grid().time(l);
      double squares = 0;
      for (int k = 0; k < l; k++, n++) {
        double ofLoss = gradient[n] - ofPenalty[n];
        squares += ofLoss * ofLoss;
      }
      norms[l - 1] = Math.sqrt(squares);
    }
    curves.add(Curve.of(Curve.Kind.GRADIENT, "loss alone, at the minimum", t, norms));
    return curves;
  }
}
