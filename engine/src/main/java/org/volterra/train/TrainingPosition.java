package org.volterra.train;

/** Where a training stands. With the seed it determines the order of all samples to come. */
final class TrainingPosition {
  /** Epochs that are done. */
  int epoch;

  /** Steps that are done. */
  long step;
}
