package org.volterra.experiments;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.volterra.memory.MemoryBudget;
import org.volterra.train.DepthRegularizer;
import org.volterra.train.Loss;
import org.volterra.train.Optimizer;
import org.volterra.train.Schedule;
import org.volterra.train.Trainer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How to train. */
final class TrainingOptions {
  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([kmgt]?)i?b?");

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--epochs",
      defaultValue = "30",
      paramLabel = "N",
      description = "Passes over the data (default: ${DEFAULT-VALUE}).")
  int epochs;

  @Option(
      names = "--batch",
      defaultValue = "64",
      paramLabel = "N",
      description = "Samples of a step (default: ${DEFAULT-VALUE}).")
  int batch;

  @Option(
      names = "--seed",
      defaultValue = "1",
      paramLabel = "N",
      description = "Seed of parameters and order of samples (default: ${DEFAULT-VALUE}).")
  long seed;

  @Option(
      names = "--optimizer",
      defaultValue = "adam",
      paramLabel = "NAME",
      description = "adam, sgd or lbfgs (default: ${DEFAULT-VALUE}).")
  String optimizer;

  @Option(
      names = "--rate",
      paramLabel = "R",
      description = "Learning rate, positive (default: 0.01; lbfgs: 1).")
  Double rate;

  @Option(
      names = "--schedule",
      defaultValue = "cosine",
      paramLabel = "NAME",
      description = "cosine, constant or step (default: ${DEFAULT-VALUE}).")
  String schedule;

  @Option(
      names = "--warmup",
      defaultValue = "0.1",
      paramLabel = "F",
      description =
          "Fraction of the steps in which the cosine schedule rises (default: ${DEFAULT-VALUE}).")
  double warmup;

  @Option(
      names = "--rate-factor",
      defaultValue = "0.1",
      paramLabel = "F",
      description = "Factor of the step schedule (default: ${DEFAULT-VALUE}).")
  double rateFactor;

  @Option(
      names = "--rate-drops",
      defaultValue = "2",
      paramLabel = "N",
      description = "Drops of the step schedule (default: ${DEFAULT-VALUE}).")
  int rateDrops;

  @Option(
      names = "--weight-decay",
      defaultValue = "0.1",
      paramLabel = "W",
      description = "Weight decay, decoupled for adam (default: ${DEFAULT-VALUE}).")
  double weightDecay;

  @Option(
      names = "--beta1",
      defaultValue = "0.9",
      paramLabel = "B",
      description = "Decay of Adam's first moment (default: ${DEFAULT-VALUE}).")
  double beta1;

  @Option(
      names = "--beta2",
      defaultValue = "0.999",
      paramLabel = "B",
      description = "Decay of Adam's second moment (default: ${DEFAULT-VALUE}).")
  double beta2;

  @Option(
      names = "--epsilon",
      defaultValue = "1e-8",
      paramLabel = "E",
      description = "Added to Adam's denominator (default: ${DEFAULT-VALUE}).")
  double epsilon;

  @Option(
      names = "--momentum",
      defaultValue = "0.9",
      paramLabel = "M",
      description = "Momentum of sgd (default: ${DEFAULT-VALUE}).")
  double momentum;

  @Option(names = "--nesterov", description = "Nesterov's look-ahead for sgd.")
  boolean nesterov;

  @Option(
      names = "--memory",
      defaultValue = "10",
      paramLabel = "N",
      description = "Pairs that lbfgs keeps (default: ${DEFAULT-VALUE}).")
  int memory;

  @Option(
      names = "--clip",
      defaultValue = "0",
      paramLabel = "NORM",
      description = "Scale gradients down to this norm; 0 for never (default: ${DEFAULT-VALUE}).")
  double clip;

  @Option(
      names = "--lambda0",
      defaultValue = "0",
      paramLabel = "L0",
      description = "Weight of the L2 norm in depth (default: ${DEFAULT-VALUE}).")
  double lambda0;

  @Option(
      names = "--lambda1",
      defaultValue = "0",
      paramLabel = "L1",
      description = "Weight of the derivative in depth, the H1 term (default: ${DEFAULT-VALUE}).")
  double lambda1;

  @Option(
      names = "--metric",
      split = ",",
      paramLabel = "L0,L1",
      description =
          "Take gradients in the inner product of H1 in depth with these weights, so that steps do"
              + " not depend on the number of layers; for every optimizer.")
  List<Double> metric;

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description = "cross-entropy (labels) or mse (real targets); by default the one that fits.")
  String loss;

  @Option(
      names = {"--history-budget", "--memory-budget"},
      paramLabel = "BYTES",
      description =
          "Limit of the bytes of history in memory; past it, see --recompute and --spill, without"
              + " which larger networks are refused. On a GPU the limit is for its memory (default:"
              + " what is free), and the rest is kept in memory of the host. Suffixes k, m, g, t.")
  String budget;

  @Option(
      names = "--recompute",
      description =
          "Past the budget, compute states and sums again in the adjoint instead of keeping them;"
              + " results are the same bits.")
  boolean recompute;

  @Option(
      names = "--spill",
      paramLabel = "DIR",
      description =
          "Past the budget, and where recomputing is not enough or not allowed, keep histories in"
              + " files in this folder, which are gone when the program ends; not on a GPU, which"
              + " uses memory of the host.")
  Path spill;

  /** Puts the options into a trainer of a part of the training, between two fractions of it. */
  void apply(Trainer.Builder builder, double from, double to) {
    checked(() ->
        builder
            .epochs(epochs)
            .batch(batch)
            .seed(seed)
            .clipNorm(clip)
            .optimizer(optimizer())
            .schedule(schedule().part(from, to))
            .regularizer(new DepthRegularizer(lambda0, lambda1))
            .budget(budget()));
    if (loss != null) {
      builder.loss(loss());
    }
    if (metric != null) {
      checked(() -> builder.metric(metric()));
    }
  }

  private Optimizer optimizer() {
    return switch (optimizer) {
      case "adam", "adamw" -> Optimizer.adam(beta1, beta2, epsilon, weightDecay);
      case "sgd" -> Optimizer.sgd(momentum, weightDecay, nesterov);
      case "lbfgs" -> Optimizer.lbfgs(memory);
      default ->
          throw new IllegalArgumentException(
              "optimizer '" + optimizer + "': choose adam, sgd or lbfgs");
    };
  }

  private Schedule schedule() {
    double peak = rate != null ? rate : optimizer.equals("lbfgs") ? 1 : 0.01;
    return switch (schedule) {
      case "cosine" -> Schedule.cosine(peak, warmup);
      case "constant" -> Schedule.constant(peak);
      case "step" -> Schedule.stepwise(peak, rateFactor, rateDrops);
      default ->
          throw new IllegalArgumentException(
              "schedule '" + schedule + "': choose cosine, constant or step");
    };
  }

  private DepthRegularizer metric() {
    if (metric.size() != 2) {
      throw new IllegalArgumentException(
          "--metric " + metric + ": give two weights, such as 1,0.1");
    }
    return new DepthRegularizer(metric.get(0), metric.get(1));
  }

  private Loss loss() {
    return switch (loss) {
      case "cross-entropy" -> Loss.softmaxCrossEntropy();
      case "mse" -> Loss.meanSquaredError();
      default ->
          throw new ParameterException(
              spec.commandLine(), "loss '" + loss + "': choose cross-entropy or mse");
    };
  }

  private MemoryBudget budget() {
    if (budget == null) {
      if (recompute || spill != null) {
        throw new IllegalArgumentException(
            (recompute ? "--recompute" : "--spill")
                + ": says what to do past a budget; give one with --history-budget");
      }
      return MemoryBudget.unlimited();
    }
    Matcher matcher = SIZE.matcher(budget.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "history-budget '" + budget + "': write a number of bytes, such as 500m or 2g");
    }
    int shift = 10 * (matcher.group(2).isEmpty() ? 0 : "kmgt".indexOf(matcher.group(2)) + 1);
    return new MemoryBudget(
        Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift), recompute, spill);
  }

  private <T> T checked(Supplier<T> action) {
    try {
      return action.get();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
