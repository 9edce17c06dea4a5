package org.volterra.experiments;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.volterra.control.ClosedFormProblem;
import org.volterra.depth.FieldNorm;
import org.volterra.depth.LineField;
import org.volterra.depth.TriangleFunction;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.Curve;
import org.volterra.study.MeasurePlot;
import org.volterra.study.StudyPoint;

/** {@link ClosedFormProblem} at many depths. */
final class ClosedFormStudy implements ConvergenceStudy {
  private static final String L2 = "θ_L − θ* in L²";
  private static final String H1 = "θ_L − θ* in H¹";
  private static final String STATE = "largest |x_L(t_l) − x*(t_l)|";

  private final StudySettings settings;
  private final ClosedFormProblem problem;

  ClosedFormStudy(StudySettings settings) {
    this.settings = settings;
    problem =
        new ClosedFormProblem(
            settings.number("lambda0", 0.3),
            settings.number("lambda1", 0.05),
            settings.number("T", 1),
            settings.number("displacement", 1));
    settings.complete();
  }

  @Override
  public String title() {
    return "A learning problem with a closed form";
  }

  @Override
  public String claim() {
    return "x(t) = x₀ + ∫₀ᵗ θ(t,s) ds is steered towards y at the price of"
        + " ½(λ0‖θ‖² + λ1‖∇θ‖²). As L → ∞ the discrete problems Γ-converge to the continuous one"
        + " (Huang, Su, Tai, Wu, arXiv:2510.02049): minima converge, with a gap of O(1/L) for"
        + " Lipschitz minimisers, and extended minimisers converge strongly in H¹. Here both limits"
        + " are known in closed form.";
  }

  @Override
  public Map<String, String> settings() {
    return settings.all();
  }

  @Override
  public List<Integer> depths() {
    return List.of(10, 20, 40, 80, 160, 320, 640);
  }

  @Override
  public OptionalDouble limit() {
    return OptionalDouble.of(problem.minimum());
  }

  @Override
  public Map<String, TriangleFunction> limitMinimisers() {
    return Map.of("theta", problem.minimiser());
  }

  @Override
  public List<Curve> limitCurves() {
    int points = 1000;
    double[] t = new double[points + 1];
    double[] x = new double[points + 1];
    for (int i = 0; i <= points; i++) {
      t[i] = problem.horizon() * i / points;
      x[i] = problem.trajectory(t[i]);
    }
    return List.of(Curve.of(Curve.Kind.TRAJECTORY, "x − x₀", t, x));
  }

  @Override
  public List<MeasurePlot> measurePlots() {
    return List.of(
        new MeasurePlot(
            "Distance to the known minimiser and trajectory",
            "distance",
            true,
            List.of(H1, L2, STATE),
            "Strong convergence of minimisers, against the exact θ* and x*: norms of the difference"
                + " of the piecewise-linear extension and the closed form by a Gauss rule of degree"
                + " 5 on each triangle of the mesh."));
  }

  @Override
  public StudyPoint run(int depth, long seed, Optional<StudyPoint> coarser) {
    ClosedFormProblem.Minimum minimum = problem.solve(depth);
    FieldNorm distance =
        FieldNorm.of(
            minimum.minimiser(), problem.minimiser(), minimum.minimiser().mesh(), (t, s) -> 1);
    LineField trajectory = minimum.trajectory();
    double[] t = trajectory.nodes();
    double[] x = trajectory.values();
    double worst = 0;
    List<Curve> curves = new ArrayList<>();
    for (int l = 0; l <= depth; l++) {
      worst = Math.max(worst, Math.abs(x[l] - problem.trajectory(t[l])));
    }
    curves.add(Curve.of(Curve.Kind.TRAJECTORY, "x − x₀", t, x));
    Map<String, Double> measures = new LinkedHashMap<>();
    measures.put(L2, distance.l2());
    measures.put(H1, distance.h1());
    measures.put(STATE, worst);
    return new StudyPoint(
        depth, seed, minimum.value(), measures, Map.of("theta", minimum.minimiser()), curves);
  }
}
