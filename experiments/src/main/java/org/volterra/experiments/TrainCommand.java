package org.volterra.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import org.volterra.Model;
import org.volterra.ModelSpec;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.SumPlan;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.ComputeProvider;
import org.volterra.train.Refinement;
import org.volterra.train.Samples;
import org.volterra.train.Trainer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Trains a network and writes a run folder. */
@Command(
    name = "train",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    description =
        "Train a dense network and write a run folder with its configuration, metrics, model,"
            + " checkpoints, curves and a report.",
    footer = {
      "",
      "Examples:",
      "  volterra train digits",
      "  volterra train digits --depth 256 --kernel field",
      "  volterra train digits --depth 256 --refine 16,64 --refine-epochs 20,5 --epochs 3",
      "  volterra train digits --network densenet-bc-22-12 --epochs 20",
      "  volterra train --data iris.csv --label-column species --depth 16 --channels 16",
      "  volterra train --data images-idx3-ubyte.gz --labels labels-idx1-ubyte.gz",
      "  volterra train --resume runs/digits-20261124-101500"
    })
final class TrainCommand implements Callable<Integer> {
  private static final Set<String> WITH_RESUME = Set.of("--resume", "--json", "--quiet");
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

  @Spec private CommandSpec spec;
  @Mixin private DataOptions data;
  @Mixin private NetworkOptions network;
  @Mixin private TrainingOptions training;
  @Mixin private ProductOptions products;

  @Mixin private DeviceOptions deviceOptions;

  @Option(
      names = "--refine",
      split = ",",
      paramLabel = "L",
      description =
          "Numbers of layers, increasing and fewer than --depth, to train first; each network hands"
              + " its parameters to the next as functions of depth, and all share one schedule.")
  private List<Integer> refine = List.of();

  @Option(
      names = "--refine-epochs",
      split = ",",
      paramLabel = "N",
      description = "Epochs of each of them (default: as many as --epochs for each).")
  private List<Integer> refineEpochs = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Run folder (default: runs/NAME-DATE-TIME).")
  private Path out;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description =
          "Continue an interrupted run from its newest checkpoint, bit for bit; its options are"
              + " taken from the folder.")
  private Path resume;

  @Option(
      names = "--checkpoint-every",
      defaultValue = "5",
      paramLabel = "N",
      description = "Epochs between checkpoints (default: ${DEFAULT-VALUE}).")
  private int checkpointEvery;

  @Option(
      names = "--keep",
      defaultValue = "3",
      paramLabel = "N",
      description = "Newest checkpoints that stay (default: ${DEFAULT-VALUE}).")
  private int keep;

  @Option(
      names = "--json",
      description = "Print one JSON object a line: each epoch, then the summary.")
  private boolean json;

  @Option(names = "--quiet", description = "Print nothing but the summary and errors.")
  private boolean quiet;

  @Override
  public Integer call() throws IOException {
    return resume == null ? train(null) : resumed().train(resume);
  }

  /** The command that is written in the folder of the run to resume. */
  private TrainCommand resumed() throws IOException {
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      if (!WITH_RESUME.contains(option.longestName())) {
        throw usage(option.longestName() + ": a resumed run keeps the options it was started with");
      }
    }
    if (data.dataset != null) {
      throw usage(data.dataset + ": a resumed run keeps the data it was started with");
    }
    TrainCommand command = new TrainCommand();
    CommandLine line = Main.configured(new CommandLine(command));
    line.setOut(spec.commandLine().getOut()).setErr(spec.commandLine().getErr());
    line.parseArgs(RunFolder.arguments(resume).toArray(String[]::new));
    command.network.sum = RunFolder.sum(resume);
    command.json |= json;
    command.quiet |= quiet;
    return command;
  }

  /** Trains from the beginning, or from a checkpoint of a run folder. */
  private int train(Path from) throws IOException {
    if (checkpointEvery < 1) {
      throw usage("--checkpoint-every " + checkpointEvery + ": must be at least 1");
    }
    if (keep < 1) {
      throw usage("--keep " + keep + ": must be at least 1");
    }
    deviceOptions.check();
    checkRefinement(network.specification(1, 1)); // wrong options are found before anything is read
    DataOptions.Data loaded = data.load();
    Samples.Split split = loaded.split();
    Samples samples = split.train();
    try (ComputeProvider device = open();
        Model net = model(loaded, device, from == null)) {
      Trainer.Builder builder = Trainer.builder(net, samples).test(split.test());
      int before = epochsBefore(refine.size());
      training.apply(builder, (double) before / (before + training.epochs), 1);
      RunFolder folder =
          from != null
              ? RunFolder.existing(from)
              : RunFolder.create(out != null ? out : defaultFolder());
      builder.checkpoints(folder.checkpoints(), checkpointEvery);
      new TrainingRun(spec.commandLine().getParseResult(), folder, net, loaded, output(), keep)
          .run(builder, training.epochs, from);
    }
    return 0;
  }

  private void checkRefinement(NetworkSpec given) {
    if (!refine.isEmpty() && network.isGiven()) {
      throw usage(
          "--refine: goes with the options of networks in depth, not --network or --stages");
    }
    if (!refine.isEmpty() && given.scaling() != Scaling.STEP) {
      throw usage(
          "--refine: only sums scaled with the step, --scaling step, have a limit in depth");
    }
    int last = 0;
    for (int layers : refine) {
      if (layers <= last || layers >= network.depth) {
        throw usage(
            "--refine "
                + layers
                + ": numbers of layers must increase and be below --depth "
                + network.depth);
      }
      last = layers;
    }
    if (!refineEpochs.isEmpty() && refineEpochs.size() != refine.size()) {
      throw usage(
          "--refine-epochs " + refineEpochs + ": one number for each of --refine " + refine);
    }
    for (int epochs : refineEpochs) {
      if (epochs < 1) {
        throw usage("--refine-epochs " + epochs + ": must be at least 1");
      }
    }
  }

  private Model model(DataOptions.Data loaded, ComputeProvider device, boolean refined) {
    Samples samples = loaded.split().train();
    boolean isClassified = samples.classes() > 0;
    ModelSpec given =
        network.model(
            samples.width(),
            isClassified ? samples.targetWidth() : 1,
            isClassified ? samples.classes() : samples.targetWidth(),
            loaded.shape());
    return given instanceof NetworkSpec inDepth
        ? network(inDepth, loaded.split(), device, refined)
        : Model.create(given, device, network.precision, training.seed);
  }

  /** The network to train: new, or refined from coarser ones that are trained first. */
  private Network network(
      NetworkSpec given, Samples.Split split, ComputeProvider device, boolean refined) {
    List<Integer> coarse = refined ? refine : List.of();
    Network current = null;
    boolean complete = false;
    try {
      for (int i = 0; i <= coarse.size(); i++) {
        int layers = i < coarse.size() ? coarse.get(i) : given.depth();
        NetworkSpec target = planned(given, layers, split.train(), device);
        Network next =
            current == null
                ? Network.create(target, device, network.precision, training.seed)
                : Refinement.prolong(current, target);
        if (current != null) {
          current.close();
        }
        current = next;
        if (i < coarse.size()) {
          trainCoarse(current, split, i);
        }
      }
      complete = true;
      return current;
    } finally {
      if (!complete && current != null) {
        current.close();
      }
    }
  }

  /** Epochs on the first so many of the coarse networks. */
  private int epochsBefore(int count) {
    int sum = 0;
    for (int i = 0; i < count; i++) {
      sum += refineEpochs.isEmpty() ? training.epochs : refineEpochs.get(i);
    }
    return sum;
  }

  private void trainCoarse(Network coarse, Samples.Split split, int index) {
    int before = epochsBefore(index);
    int epochs = epochsBefore(index + 1) - before;
    double all = epochsBefore(refine.size()) + training.epochs;
    Trainer.Builder builder = Trainer.builder(coarse, split.train());
    training.apply(builder, before / all, (before + epochs) / all);
    long begin = System.nanoTime();
    try (Trainer trainer = builder.epochs(epochs).build()) {
      trainer.run();
      output()
          .note(
              String.format(
                  Locale.ROOT,
                  "refinement: %d epochs on %d layers, test loss %.5g, %.2f s",
                  epochs,
                  coarse.spec().depth(),
                  trainer.evaluate(split.test()).loss(),
                  (System.nanoTime() - begin) * 1e-9));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** The network with the algorithms of its sums, so that a resumed run uses the same. */
  private NetworkSpec planned(
      NetworkSpec wanted, int layers, Samples samples, ComputeProvider device) {
    NetworkSpec given = wanted.toBuilder().depth(layers).build();
    int batch = Math.min(training.batch, samples.count());
    try {
      SumPlan plan =
          SumPlan.of(given, device, network.precision, batch, true, MemoryBudget.unlimited());
      return given.toBuilder().sum(plan.choice()).build();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private TrainingOutput output() {
    CommandLine line = spec.commandLine();
    return new TrainingOutput(
        json ? line.getErr() : line.getOut(), json ? line.getOut() : null, quiet);
  }

  private ComputeProvider open() {
    products.apply(deviceOptions.provider);
    return deviceOptions.open();
  }

  private Path defaultFolder() {
    return Path.of(
        "runs", data.name() + "-" + LocalDateTime.now(ZoneId.systemDefault()).format(STAMP));
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
