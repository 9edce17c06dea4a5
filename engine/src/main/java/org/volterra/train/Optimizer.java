package org.volterra.train;

/**
 * A rule that moves parameters against their gradient, as an immutable value; {@link Trainer} binds
 * it to a network.
 */
public sealed interface Optimizer {
  /**
   * Stochastic gradient descent with momentum.
   *
   * @param momentum in [0, 1)
   * @param weightDecay L² weight decay, at least 0
   * @param nesterov whether to take Nesterov's look-ahead
   * @return the optimiser
   * @throws IllegalArgumentException if an argument is out of range
   */
  static Optimizer sgd(double momentum, double weightDecay, boolean nesterov) {
    return new Sgd(momentum, weightDecay, nesterov);
  }

  /**
   * Adam with decoupled weight decay (AdamW), arXiv:1412.6980 and arXiv:1711.05101.
   *
   * @param beta1 decay of the first moment, in [0, 1)
   * @param beta2 decay of the second moment, in [0, 1)
   * @param epsilon added to the denominator, positive
   * @param weightDecay decoupled weight decay, at least 0
   * @return the optimiser
   * @throws IllegalArgumentException if an argument is out of range
   */
  static Optimizer adam(double beta1, double beta2, double epsilon, double weightDecay) {
    return new Adam(beta1, beta2, epsilon, weightDecay);
  }

  /**
   * Adam with its authors' constants, β1 = 0.9, β2 = 0.999, ε = 1e-8, without weight decay.
   *
   * @return the optimiser
   */
  static Optimizer adam() {
    return adam(0.9, 0.999, 1e-8, 0);
  }

  /**
   * Limited-memory BFGS with a strong Wolfe line search (Nocedal, Wright, Numerical Optimization,
   * algorithms 7.4, 3.5 and 3.6). The learning rate scales the first trial step. Meant for full
   * batches.
   *
   * @param memory number of pairs kept, at least 1
   * @return the optimiser
   * @throws IllegalArgumentException if {@code memory} is not positive
   */
  static Optimizer lbfgs(int memory) {
    return new Lbfgs(memory);
  }

  private static void range(String name, double value, boolean allowed, String what) {
    if (!allowed) {
      throw new IllegalArgumentException(name + " " + value + ": must be " + what);
    }
  }

  /**
   * Stochastic gradient descent.
   *
   * @param momentum in [0, 1)
   * @param weightDecay L² weight decay
   * @param nesterov whether to look ahead
   */
  record Sgd(double momentum, double weightDecay, boolean nesterov) implements Optimizer {
    /** Checks the arguments. */
    public Sgd {
      range("momentum", momentum, momentum >= 0 && momentum < 1, "in [0, 1)");
      range(
          "weightDecay",
          weightDecay,
          weightDecay >= 0 && weightDecay < 1e300,
          "finite and not negative");
    }
  }

  /**
   * Adam.
   *
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param epsilon added to the denominator
   * @param weightDecay decoupled weight decay
   */
  record Adam(double beta1, double beta2, double epsilon, double weightDecay) implements Optimizer {
    /** Checks the arguments. */
    public Adam {
      range("beta1", beta1, beta1 >= 0 && beta1 < 1, "in [0, 1)");
      range("beta2", beta2, beta2 >= 0 && beta2 < 1, "in [0, 1)");
      range("epsilon", epsilon, epsilon > 0 && epsilon < 1e300, "positive and finite");
      range(
          "weightDecay",
          weightDecay,
          weightDecay >= 0 && weightDecay < 1e300,
          "finite and not negative");
    }
  }

  /**
   * Limited-memory BFGS.
   *
   * @param memory number of pairs kept
   */
  record Lbfgs(int memory) implements Optimizer {
    /** Checks the argument. */
    public Lbfgs {
      range("memory", memory, memory >= 1, "at least 1");
    }
  }
}
