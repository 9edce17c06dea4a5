package org.volterra.feature;

import java.util.List;

/**
 * Batch normalisation (Ioffe, Szegedy, arXiv:1502.03167): every channel is normalised by its mean
 * and variance over the positions and samples of the batch, then scaled and shifted. In training
 * these are the batch's; running means of them (of the unbiased variance) are kept for every layer
 * and used where the network is not trained.
 *
 * @param momentum weight of a batch in the running statistics, in (0, 1]
 * @param epsilon added to the variance, positive
 */
public record BatchNorm(double momentum, double epsilon) implements Stage {
  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public BatchNorm {
    if (!(momentum > 0 && momentum <= 1)) {
      throw new IllegalArgumentException("momentum " + momentum + ": must be in (0, 1]");
    }
    RowNorm.positive(epsilon);
  }

  /**
   * The usual momentum of 0.1 and epsilon of 1e-5.
   *
   * @return the stage
   */
  public static BatchNorm standard() {
    return new BatchNorm(0.1, 1e-5);
  }

  @Override
  public Shape output(Shape input) {
    return input;
  }

  @Override
  public List<Parameter> parameters(Shape input) {
    int n = input.channels();
    return List.of(
        Parameter.vector("weight", n, 1),
        Parameter.vector("bias", n, 0),
        Parameter.statistic("running-mean", n, 0),
        Parameter.statistic("running-variance", n, 1));
  }

  @Override
  public String toString() {
    return equals(standard())
        ? "batch-norm"
        : "batch-norm(momentum=" + momentum + ",epsilon=" + epsilon + ")";
  }
}
