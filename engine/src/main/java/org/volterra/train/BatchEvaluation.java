package org.volterra.train;

import org.volterra.spi.Matrix;

/**
 * The objective of one batch; keeps what its first evaluation, at the parameters before the step,
 * gave.
 */
final class BatchEvaluation implements Updater.Objective {
  private final TrainingStep step;
  private final int epoch;
  private final int batch;
  private final Runnable load;
  private boolean done;
  private double dataLoss;
  private double gradientNorm;

  /**
   * Of the batch that is loaded.
   *
   * @param epoch its epoch, from 1
   * @param batch its number, from 1
   * @param load loads it again
   */
  BatchEvaluation(TrainingStep step, int epoch, int batch, Runnable load) {
    this.step = step;
    this.epoch = epoch;
    this.batch = batch;
    this.load = load;
  }

  @Override
  public Matrix queue() {
    return step.queue();
  }

  @Override
  public double evaluate() {
    double value = step.evaluate();
    keep();
    return value;
  }

  /** Waits for what was queued and not evaluated. */
  void finish() {
    if (!done) {
      step.await();
      keep();
    }
  }

  private void keep() {
    if (done) {
      return;
    }
    if (!step.isFinite()) {
      throw new NonFiniteException(
          "epoch "
              + epoch
              + ", batch "
              + batch
              + ": "
              + firstNonFinite()
              + " is not finite; lower the learning rate, clip gradients, or check the data");
    }
    done = true;
    dataLoss = step.dataLoss();
    gradientNorm = step.gradientNorm();
  }

  /** Computes the batch again, since the next one may be loaded: the parameters are the same. */
  private String firstNonFinite() {
    load.run();
    step.evaluate();
    return step.firstNonFinite();
  }

  double dataLoss() {
    return dataLoss;
  }

  double gradientNorm() {
    return gradientNorm;
  }
}
