package org.volterra.experiments;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.volterra.Engine;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.Workspace;
import org.volterra.control.Minimization;
import org.volterra.control.Minimizer;
import org.volterra.control.StoppingRule;
import org.volterra.depth.DepthField;
import org.volterra.depth.DepthGrid;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.Curve;
import org.volterra.study.MeasurePlot;
import org.volterra.study.StudyPoint;
import org.volterra.train.DepthRegularizer;
import org.volterra.train.Evaluation;
import org.volterra.train.Loss;
import org.volterra.train.NetworkObjective;
import org.volterra.train.Samples;

/**
 * The learning problem of a network at many depths: its H¹-regularised loss over all samples is
 * minimised in float64 by L-BFGS in the metric of H¹, at the first depth from zero kernels and
 * random maps of data and outputs, then from the extension of the coarser minimiser.
 */
abstract class NetworkStudy implements ConvergenceStudy {
  private static final int MEMORY = 20;
  private static final int COMPONENTS = 3;
  private static final String DATA = "loss of the training samples";
  private static final String TEST = "loss of the test samples";
  private static final String ACCURACY = "test accuracy";
  private static final String ITERATIONS = "iterations";
  private static final String RESIDUAL = "norm of the gradient, relative to θ = 0";

  private final StudySettings settings;
  private final DepthRegularizer weights;
  private final double constants;
  private final double tolerance;
  private final int iterations;

  /** Reads the weights of the regulariser, with these defaults, and when to stop. */
  NetworkStudy(StudySettings settings, double lambda0, double lambda1, double constants) {
    this.settings = settings;
    weights =
        new DepthRegularizer(
            settings.number("lambda0", lambda0), settings.number("lambda1", lambda1));
    this.constants = settings.number("lambda-maps", constants);
    tolerance = settings.number("tolerance", 1e-5);
    iterations = settings.count("iterations", 1000);
  }

  /** The network at a depth. */
  abstract NetworkSpec spec(int depth);

  /** Training and test samples. */
  abstract Samples.Split samples();

  /** The loss of a sample. */
  abstract Loss loss();

  @Override
  public Map<String, String> settings() {
    return settings.all();
  }

  @Override
  public String valueName() {
    return "optimal value";
  }

  @Override
  public boolean isRandom() {
    return true;
  }

  @Override
  public List<Long> seeds() {
    return List.of(1L, 2L, 3L);
  }

  @Override
  public List<MeasurePlot> measurePlots() {
    List<MeasurePlot> plots = new ArrayList<>();
    plots.add(
        new MeasurePlot(
            "Losses at the minimum",
            samples().train().classes() > 0 ? "cross-entropy in nats" : "mean squared error",
            true,
            List.of(DATA, TEST),
            "The mean loss without the regulariser, of the samples that were trained on and of"
                + " others."));
    if (samples().train().classes() > 0) {
      plots.add(
          new MeasurePlot(
              "Accuracy at the minimum",
              "share that is right",
              false,
              List.of(ACCURACY),
              "The share of the test samples whose class has the greatest output."));
    }
    plots.add(
        new MeasurePlot(
            "Iterations",
            "iterations of L-BFGS",
            false,
            List.of(ITERATIONS),
            "Iterations until the norm of the gradient, in the metric of H¹, had fallen to "
                + String.valueOf(tolerance).replace(".0E", "e")
                + " of its size at θ = 0; at most "
                + iterations
                + ". All depths but the first began at the extension of the coarser minimiser."));
    return plots;
  }

  @Override
  public StudyPoint run(int depth, long seed, Optional<StudyPoint> coarser) {
    try (ComputeProvider provider = Engine.select();
        Network network = Network.create(spec(depth), provider, ElementType.FLOAT64, seed);
        NetworkObjective objective =
            new NetworkObjective(network, samples().train(), loss(), weights, constants)) {
      double[] zero = objective.parameters();
      int next = 0;
      for (ParameterLayout.Group group : network.layout().groups().values()) {
        int end = next + size(group);
        if (group.arrangement() != ParameterLayout.Arrangement.CONSTANT) {
          Arrays.fill(zero, next, end, 0);
        }
        next = end;
      }
      double[] start = coarser.map(p -> objective.restriction(p.minimiser())).orElse(zero);
      double atZero = objective.residual(zero);
      Minimization minimum =
          Minimizer.lbfgs(MEMORY, objective.metric())
              .minimize(
                  objective,
                  start,
                  StoppingRule.atGradient(
                      iterations, Math.min(0.5, tolerance * atZero / objective.residual(start))));
      double[] theta = minimum.minimiser();
      double[] gradient = new double[theta.length];
      Map<String, Double> measures = new LinkedHashMap<>();
      measures.put(DATA, objective.loss(theta, gradient));
      Evaluation test = objective.evaluate(samples().test());
      measures.put(TEST, test.loss());
      if (samples().test().classes() > 0) {
        measures.put(ACCURACY, test.accuracy());
      }
      measures.put(ITERATIONS, (double) minimum.iterations());
      measures.put(RESIDUAL, minimum.norms()[minimum.iterations()] / atZero);
      Map<String, DepthField> fields = objective.extension(theta);
      List<Curve> curves = new ArrayList<>();
      trajectories(network, curves);
      curves.add(Curve.of(Curve.Kind.LOSS, "", minimum.values()));
      gradients(network, gradient, curves);
      return new StudyPoint(depth, seed, minimum.value(), measures, fields, curves);
    }
  }

  private static int size(ParameterLayout.Group group) {
    return Math.toIntExact(group.entries().stream().mapToLong(ParameterLayout.Entry::size).sum());
  }

  /** Some channels of the first test sample, at its first position. */
  private void trajectories(Network network, List<Curve> curves) {
    NetworkSpec spec = network.spec();
    DepthGrid grid = spec.grid();
    int shown = Math.min(COMPONENTS, spec.channels());
    double[] t = new double[spec.depth() + 1];
    double[][] x = new double[shown][t.length];
    double[] sample = samples().test().select(0).inputs();
    try (Buffer data = network.provider().allocate(ElementType.FLOAT64, sample.length);
        Workspace pass = network.inference(1)) {
      Matrix input = Matrix.of(data, 0, spec.positions(), spec.inputs());
      input.fill(sample);
      pass.forward(input);
      for (int l = 0; l < t.length; l++) {
        t[l] = grid.time(l);
        Matrix state = pass.state(l);
        for (int c = 0; c < shown; c++) {
          x[c][l] = state.get(0, c);
        }
      }
    }
    for (int c = 0; c < shown; c++) {
      curves.add(Curve.of(Curve.Kind.TRAJECTORY, "channel " + (c + 1), t, x[c]));
    }
  }

  /** Norms of the gradient of the loss alone, of each row of the kernel or each bias. */
  private static void gradients(Network network, double[] gradient, List<Curve> curves) {
    int next = 0;
    for (ParameterLayout.Group group : network.layout().groups().values()) {
      int blocks =
          group.arrangement() == ParameterLayout.Arrangement.CONSTANT
              ? 0
              : group.arrangement() == ParameterLayout.Arrangement.TRIANGLE
                  ? group.entries().size()
                  : size(group) / group.blockSize();
      double[] t = new double[blocks];
      double[] norms = new double[blocks];
      int at = next;
      for (int i = 0; i < blocks; i++) {
        int length =
            group.arrangement() == ParameterLayout.Arrangement.TRIANGLE
                ? (int) group.entries().get(i).size()
                : group.blockSize();
        double square = 0;
        for (int j = 0; j < length; j++, at++) {
          square += gradient[at] * gradient[at];
        }
        t[i] = (group.firstLayer() + i) * group.spacing();
        norms[i] = Math.sqrt(square);
      }
      if (blocks > 1) {
        curves.add(Curve.of(Curve.Kind.GRADIENT, group.name(), t, norms));
      }
      next += size(group);
    }
  }
}
