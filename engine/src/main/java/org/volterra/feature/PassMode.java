package org.volterra.feature;

/**
 * What all maps of a workspace are told about the present pass: whether batch statistics and
 * dropout are those of training, and the step, on which masks depend. Not thread-safe.
 */
public final class PassMode {
  private boolean training;
  private long seed;
  private long step;

  /** Not training. */
  public PassMode() {}

  /**
   * Whether the network is being trained.
   *
   * @return false for statistics that were kept, and no dropout
   */
  public boolean isTraining() {
    return training;
  }

  /**
   * Begins passes of this kind.
   *
   * @param value whether the network is being trained
   */
  public void training(boolean value) {
    training = value;
  }

  /**
   * Chooses the masks of dropout.
   *
   * @param newSeed seed of the training
   * @param newStep number of the step
   */
  public void step(long newSeed, long newStep) {
    seed = newSeed;
    step = newStep;
  }

  long seed() {
    return seed;
  }

  long step() {
    return step;
  }
}
