package org.volterra.experiments;

import java.util.List;
import java.util.Locale;
import org.volterra.train.EpochMetrics;
import org.volterra.train.Evaluation;

/**
 * What a run came to.
 *
 * @param epochs epochs trained
 * @param testLoss loss of the test samples
 * @param testAccuracy fraction of test labels predicted; NaN for real targets
 * @param trainLoss loss of the last epoch's training batches
 * @param seconds time of all epochs
 * @param parameters number of parameters
 * @param historyBytes bytes of all histories
 */
record Summary(
    int epochs,
    double testLoss,
    double testAccuracy,
    double trainLoss,
    double seconds,
    long parameters,
    long historyBytes) {
  static Summary of(
      List<EpochMetrics> metrics, Evaluation evaluation, long parameters, long historyBytes) {
    return new Summary(
        metrics.size(),
        evaluation.loss(),
        evaluation.accuracy(),
        metrics.isEmpty() ? Double.NaN : metrics.getLast().trainLoss(),
        metrics.stream().mapToDouble(EpochMetrics::seconds).sum(),
        parameters,
        historyBytes);
  }

  /** One line for people. */
  String text() {
    String quality =
        Double.isNaN(testAccuracy)
            ? String.format(Locale.ROOT, "test loss %.6g", testLoss)
            : String.format(
                Locale.ROOT, "test accuracy %.2f %%, test loss %.4f", 100 * testAccuracy, testLoss);
    return String.format(
        Locale.ROOT,
        "%s after %s in %.1f s; %,d parameters, %,d bytes of history",
        quality,
        epochs == 1 ? "1 epoch" : epochs + " epochs",
        seconds,
        parameters,
        historyBytes);
  }
}
