package org.volterra.experiments;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.volterra.Engine;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.study.ConvergenceStudy;
import org.volterra.study.Curve;
import org.volterra.study.MeasurePlot;
import org.volterra.study.StudyPoint;
import org.volterra.train.Evaluation;
import org.volterra.train.NonFiniteException;
import org.volterra.train.Samples;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;

/**
 * Dense, residual and plain networks of the same number of layers and parameters on the digits:
 * what states and gradients do at initialisation, and what training makes of it.
 */
final class StabilityStudy implements ConvergenceStudy {
  private static final int MOST_LAYERS_SHOWN = 33;
  private static final int PROBED = 64;
  private static final double DIVERGED_ABOVE = 2 * Math.log(10);
  private static final double UNTAUGHT_ABOVE = 2;
  private static final String GROWTH = "state growth";
  private static final String GRADIENT = "gradient at input";
  private static final String TRAINED = "training loss";
  private static final String TEST = "test loss";
  private static final String ACCURACY = "test accuracy";
  private static final String INPUT = "input sensitivity";
  private static final String PARAMETER = "parameter sensitivity";
  private static final String INPUT_BEFORE = "input sensitivity untrained";
  private static final String PARAMETER_BEFORE = "parameter sensitivity untrained";
  private static final String DIVERGED = "diverged";
  private static final String UNTAUGHT = "learned nothing";

  private final StudySettings settings;
  private final int channels;
  private final int epochs;
  private final int batch;
  private final List<Double> rates;
  private final Samples.Split digits;
  private final Samples probed;

  StabilityStudy(StudySettings settings) {
    this.settings = settings;
    channels = settings.count("channels", 4);
    epochs = settings.count("epochs", 3);
    batch = settings.count("batch", 32);
    rates = settings.numbers("rates", "0.1,0.01,0.001");
    int samples = settings.count("samples", 1437);
    settings.complete();
    digits = StudySamples.digits(samples);
    probed = StudySamples.first(digits.test(), PROBED);
  }

  @Override
  public String title() {
    return "Stability of dense, residual and plain networks";
  }

  @Override
  public String claim() {
    return "Dense connectivity is said to offer stability (Huang, Su, Tai, Wu, arXiv:2510.02049):"
        + " with sums scaled by h = 1/L, networks discretise an integral equation, whose states and"
        + " costates are bounded independently of the number of layers. Here five networks learn"
        + " the handwritten digits: dense ones, x_l = x_0 + b_l + h Σ K_{l,k} tanh x_k, and without"
        + " h and x_0, then with variances divided by l; residual ones, x_l = x_{l−1} + h (W_l tanh"
        + " x_{l−1} + c_l), and without h; plain ones, x_l = W_l tanh x_{l−1} + c_l. At each depth"
        + " all have the same number of parameters up to rounding of their widths: a dense network"
        + " of "
        + channels
        + " channels has as many as a residual or plain one that is about √(L/2) times as wide. All"
        + " entries are independent and normal with variance 1/width. No normalisation, no"
        + " clipping, Adam, "
        + epochs
        + " epochs in batches of "
        + batch
        + " with each of the rates "
        + rates
        + ".";
  }

  @Override
  public Map<String, String> settings() {
    return settings.all();
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
  public List<Integer> depths() {
    return List.of(8, 16, 32, 64, 128, 256, 512, 1024);
  }

  @Override
  public List<MeasurePlot> measurePlots() {
    MeasurePlot.Statistic median = MeasurePlot.Statistic.MEDIAN;
    MeasurePlot.Statistic mean = MeasurePlot.Statistic.MEAN;
    return List.of(
        plot(
            "States at initialisation",
            "rms of x_L / rms of x_0",
            true,
            GROWTH,
            median,
            "How much larger the last state is than the first. Bounded if the network has a limit"
                + " in depth."),
        plot(
            "Gradients at initialisation",
            "|∂J/∂x_0| / |∂J/∂x_L|",
            true,
            GRADIENT,
            median,
            "The gradient that arrives at the first state relative to that at the last one, root"
                + " mean squares over single samples: far below 1 gradients vanish, far above 1"
                + " they explode."),
        plot(
            "Training loss",
            "cross-entropy in nats",
            true,
            TRAINED,
            median,
            "Loss of the training samples after the last epoch, at the better of the rates."
                + " Guessing gives ln 10 = 2.30."),
        plot(
            "Test loss",
            "cross-entropy in nats",
            true,
            TEST,
            median,
            "Loss of the 360 test samples after the last epoch, at the same rate."),
        plot(
            "Sensitivity to inputs",
            "change of outputs / of inputs",
            true,
            INPUT,
            median,
            "How much outputs of trained networks change when each of 64 test samples gets noise of"
                + " 1 % of its norm, in Euclidean norms relative to those of the outputs. A network"
                + " that ignores its input is insensitive too."),
        plot(
            "Sensitivity to parameters",
            "change of outputs / of parameters",
            true,
            PARAMETER,
            median,
            "The same, relative to the parameters, when each matrix and bias gets noise of 1 % of"
                + " its norm."),
        plot(
            "Runs that diverged",
            "share of runs",
            false,
            DIVERGED,
            mean,
            "Share of all seeds and rates where the loss became infinite or not a number, or ended"
                + " above twice that of guessing."),
        plot(
            "Runs that learned nothing",
            "share of runs",
            false,
            UNTAUGHT,
            mean,
            "Share of all seeds and rates that ended with a training loss above 2, near that of"
                + " guessing or worse."));
  }

  private static MeasurePlot plot(
      String title,
      String axis,
      boolean logarithmic,
      String measure,
      MeasurePlot.Statistic statistic,
      String text) {
    Map<String, String> lines = new LinkedHashMap<>();
    for (Connectivity connectivity : Connectivity.values()) {
      lines.put(connectivity.label(), name(measure, connectivity));
    }
    return new MeasurePlot(title, axis, logarithmic, lines, statistic, text);
  }

  private static String name(String measure, Connectivity connectivity) {
    return connectivity.label() + ": " + measure;
  }

  @Override
  public StudyPoint run(int depth, long seed, Optional<StudyPoint> coarser) {
    Map<String, Double> measures = new LinkedHashMap<>();
    List<Curve> curves = new ArrayList<>();
    int inputs = digits.train().width();
    int outputs = digits.train().classes();
    long parameters =
        Connectivity.DENSE_STEP.spec(channels, depth, inputs, outputs).layout().parameterCount();
    try (ComputeProvider provider = Engine.select()) {
      for (Connectivity connectivity : Connectivity.values()) {
        int width = connectivity.channels(parameters, depth, inputs, outputs);
        ModelSpec spec = connectivity.spec(width, depth, inputs, outputs);
        measures.put(name("channels", connectivity), (double) width);
        measures.put(name("parameters", connectivity), (double) spec.layout().parameterCount());
        new Runs(provider, connectivity, spec, depth, seed, measures, curves).all();
      }
    }
    return new StudyPoint(depth, seed, Double.NaN, measures, Map.of(), curves);
  }

  /** All runs of one connectivity at one depth with one seed. */
  private final class Runs {
    private final ComputeProvider provider;
    private final Connectivity connectivity;
    private final ModelSpec spec;
    private final int depth;
    private final long seed;
    private final Map<String, Double> measures;
    private final List<Curve> curves;
    private double best = Double.POSITIVE_INFINITY;

    private Runs(
        ComputeProvider provider,
        Connectivity connectivity,
        ModelSpec spec,
        int depth,
        long seed,
        Map<String, Double> measures,
        List<Curve> curves) {
      this.provider = provider;
      this.connectivity = connectivity;
      this.spec = spec;
      this.depth = depth;
      this.seed = seed;
      this.measures = measures;
      this.curves = curves;
    }

    private void put(String measure, double value) {
      measures.put(name(measure, connectivity), value);
    }

    void all() {
      int diverged = 0;
      int untaught = 0;
      for (double rate : rates) {
        double loss = train(rate);
        diverged += loss <= DIVERGED_ABOVE ? 0 : 1;
        untaught += loss <= UNTAUGHT_ABOVE ? 0 : 1;
      }
      put(DIVERGED, (double) diverged / rates.size());
      put(UNTAUGHT, (double) untaught / rates.size());
    }

    /** Trains from the seed's parameters; returns the loss of the training samples at the end. */
    private double train(double rate) {
      try (Model model = Model.create(spec, provider, ElementType.FLOAT32, seed)) {
        if (rate == rates.getFirst()) {
          initial(probe(model));
        }
        try (Trainer trainer =
            Trainer.builder(model, digits.train())
                .epochs(epochs)
                .batch(batch)
                .seed(seed)
                .schedule(Schedule.cosine(rate, 0.1))
                .build()) {
          trainer.run();
          double loss = trainer.evaluate(digits.train()).loss();
          if (loss < best) {
            best = loss;
            trained(rate, loss, trainer, probe(model));
          }
          return loss;
        } catch (NonFiniteException e) {
          return Double.NaN; // is counted as diverged
        }
      }
    }

    private StabilityProbe probe(Model model) {
      return new StabilityProbe(model, connectivity, depth, probed);
    }

    private void initial(StabilityProbe probe) {
      int count = Math.min(MOST_LAYERS_SHOWN, depth + 1);
      int[] layers =
          IntStream.range(0, count)
              .map(i -> (int) Math.round((double) i * depth / (count - 1)))
              .toArray();
      double[] t = IntStream.of(layers).mapToDouble(l -> (double) l / depth).toArray();
      double[] norms = probe.stateNorms(layers);
      double[] costates = probe.costates(layers);
      put(GROWTH, norms[count - 1] / norms[0]);
      put(GRADIENT, costates[0]);
      put(INPUT_BEFORE, probe.inputSensitivity(seed));
      put(PARAMETER_BEFORE, probe.parameterSensitivity(seed));
      String label = connectivity.label();
      curves.add(Curve.of(Curve.Kind.STATE_NORM, label, t, norms));
      curves.add(Curve.of(Curve.Kind.GRADIENT, label, t, costates));
    }

    private void trained(double rate, double loss, Trainer trainer, StabilityProbe probe) {
      Evaluation test = trainer.evaluate(digits.test());
      put("rate", rate);
      put(TRAINED, loss);
      put(TEST, test.loss());
      put(ACCURACY, test.accuracy());
      put(INPUT, probe.inputSensitivity(seed));
      put(PARAMETER, probe.parameterSensitivity(seed));
    }
  }
}
