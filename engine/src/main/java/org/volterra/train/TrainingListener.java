package org.volterra.train;

import java.nio.file.Path;

/** Hears what a {@link Trainer} does, in the training thread. */
public interface TrainingListener {
  /**
   * A batch was trained.
   *
   * @param epoch number of the epoch, from 1
   * @param batch number of the batch in the epoch, from 1
   * @param batches batches of an epoch
   * @param loss its mean loss
   */
  default void batch(int epoch, int batch, int batches, double loss) {}

  /**
   * An epoch ended.
   *
   * @param metrics what it gave
   */
  default void epoch(EpochMetrics metrics) {}

  /**
   * A checkpoint was written.
   *
   * @param file where it is
   */
  default void checkpoint(Path file) {}
}
