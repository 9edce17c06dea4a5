package org.volterra.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.volterra.Model;
import org.volterra.train.Checkpoint;
import org.volterra.train.EpochMetrics;
import org.volterra.train.Evaluation;
import org.volterra.train.ModelFile;
import org.volterra.train.Samples;
import org.volterra.train.Trainer;
import org.volterra.train.TrainingListener;
import picocli.CommandLine.ParseResult;

/** One training: says what it trains, trains it, and fills its folder. */
final class TrainingRun {
  private final ParseResult command;
  private final RunFolder folder;
  private final Model network;
  private final DataOptions.Data data;
  private final Samples.Split samples;
  private final TrainingOutput output;
  private final int keep;

  TrainingRun(
      ParseResult command,
      RunFolder folder,
      Model network,
      DataOptions.Data data,
      TrainingOutput output,
      int keep) {
    this.command = command;
    this.folder = folder;
    this.network = network;
    this.data = data;
    this.samples = data.split();
    this.output = output;
    this.keep = keep;
  }

  /** Trains from the beginning, or from a checkpoint or the newest one of a folder. */
  void run(Trainer.Builder builder, int epochs, Path from) throws IOException {
    Progress progress = output.progress(epochs);
    try (Trainer trainer = builder.listener(listener(progress)).build()) {
      describe(trainer);
      if (from == null) {
        folder.writeConfiguration(command, network, samples, trainer.historyBytes());
      } else {
        resume(trainer, from);
      }
      try (progress) {
        progress.start(trainer.completedEpochs());
        trainer.run();
      }
      finish(trainer);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private void describe(Trainer trainer) {
    output.note(network.spec().toString());
    output.note(
        String.format(
            Locale.ROOT,
            "%d training and %d test samples; provider %s: %s; history %,d bytes",
            samples.train().count(),
            samples.test().count(),
            network.provider().name(),
            network.provider().description(),
            trainer.historyBytes()));
    if (!trainer.memoryPlan().isPlain()) {
      output.note(trainer.memoryPlan().toString());
    }
  }

  private void resume(Trainer trainer, Path from) throws IOException {
    Path checkpoint =
        Files.isRegularFile(from)
            ? from
            : Checkpoint.latest(folder.checkpoints())
                .orElseThrow(() -> new IOException(from + " holds no checkpoint to resume from"));
    trainer.resume(checkpoint);
    folder.keepMetrics(trainer.completedEpochs());
    output.note("resumed after epoch " + trainer.completedEpochs() + " from " + checkpoint);
  }

  private void dropOldCheckpoints() throws IOException {
    List<Path> all = Checkpoint.list(folder.checkpoints());
    for (Path old : all.subList(0, Math.max(0, all.size() - keep))) {
      Files.delete(old);
    }
  }

  /** What writes files. */
  private interface FileAction {
    void run() throws IOException;
  }

  private static void unchecked(FileAction action) {
    try {
      action.run();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TrainingListener listener(Progress progress) {
    return new TrainingListener() {
      @Override
      public void batch(int epoch, int batch, int batches, double loss) {
        progress.batch(batch, batches, loss);
      }

      @Override
      public void epoch(EpochMetrics metrics) {
        unchecked(() -> output.json(folder.append(metrics)));
        progress.epoch(metrics);
      }

      @Override
      public void checkpoint(Path file) {
        unchecked(TrainingRun.this::dropOldCheckpoints);
      }
    };
  }

  private void finish(Trainer trainer) throws IOException {
    ModelFile.save(network, data.inputs().metadata(), folder.model());
    Evaluation evaluation = trainer.evaluate(samples.test());
    List<EpochMetrics> metrics = folder.metrics();
    Summary summary =
        Summary.of(metrics, evaluation, network.layout().parameterCount(), trainer.historyBytes());
    folder.writeReport(new Report(network, samples, summary, metrics, evaluation));
    output.json(folder.line(summary));
    output.result(summary.text());
    output.result("report: " + folder.report());
  }
}
