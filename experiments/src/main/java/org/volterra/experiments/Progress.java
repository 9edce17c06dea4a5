package org.volterra.experiments;

import java.io.Console;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.volterra.train.EpochMetrics;

/**
 * Shows how training goes: a bar with the remaining time on a terminal, else a line for each epoch.
 */
final class Progress implements AutoCloseable {
  private final PrintWriter out;
  private final boolean quiet;
  private final int epochs;
  private ProgressBar bar;
  private String last = "";

  Progress(PrintWriter out, boolean quiet, int epochs) {
    this.out = out;
    this.quiet = quiet;
    this.epochs = epochs;
  }

  /** Begins after some epochs are done. */
  void start(int done) {
    if (!quiet && isTerminal()) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("training")
              .setInitialMax(epochs)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(200)
              .startsFrom(done, java.time.Duration.ZERO)
              .build();
    }
  }

  @SuppressWarnings("SystemConsoleNull") // it is null again from JDK 25
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  void batch(int batch, int batches, double loss) {
    if (bar != null) {
      bar.setExtraMessage(
          String.format(Locale.ROOT, " batch %d/%d loss %.4f%s", batch, batches, loss, last));
    }
  }

  void epoch(EpochMetrics m) {
    String test =
        Double.isNaN(m.testAccuracy())
            ? String.format(Locale.ROOT, "test loss %.5g", m.testLoss())
            : String.format(Locale.ROOT, "test accuracy %.2f %%", 100 * m.testAccuracy());
    last = ", " + test;
    if (bar != null) {
      bar.step();
    } else if (!quiet) {
      out.printf(
          Locale.ROOT,
          "epoch %d/%d  train loss %.5f  %s  %.2f s%n",
          m.epoch(),
          epochs,
          m.trainLoss(),
          test,
          m.seconds());
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
