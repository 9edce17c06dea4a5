package org.volterra.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/** An {@link Optimizer} bound to a network's parameters, with its state on the device. */
abstract sealed class Updater implements AutoCloseable
    permits Updater.Sgd, Updater.Adam, LbfgsUpdater {
  /** Computes the loss, and the gradients into their buffer, at the present parameters. */
  interface Objective {
    /** Waits for the loss. */
    double evaluate();

    /**
     * Waits for nothing.
     *
     * @return numbers on the device that are finite if and only if loss and gradients are
     */
    Matrix queue();
  }

  final Primitives p;
  final Matrix parameters;
  final Matrix gradients;

  /** The inner product in which gradients are taken; null for the Euclidean one. */
  final DepthMetric metric;

  private final ComputeProvider provider;
  private final Resources resources;
  private final Map<String, Buffer> buffers = new LinkedHashMap<>();

  /**
   * All memory and the metric go to {@code resources}, which {@link #bind} closes if a constructor
   * fails.
   */
  Updater(
      ComputeProvider provider,
      Matrix parameters,
      Matrix gradients,
      DepthMetric metric,
      Resources resources) {
    this.metric = metric == null ? null : resources.own(metric);
    this.provider = provider;
    this.resources = resources;
    this.p = provider.primitives(parameters.buffer().type());
    this.parameters = parameters;
    this.gradients = gradients;
  }

  static Updater bind(
      Optimizer optimizer,
      ComputeProvider provider,
      Matrix parameters,
      Matrix gradients,
      DepthMetric metric) {
    Resources resources = new Resources();
    boolean complete = false;
    try {
      Updater updater =
          switch (optimizer) {
            case Optimizer.Sgd sgd ->
                new Sgd(sgd, provider, parameters, gradients, metric, resources);
            case Optimizer.Adam adam ->
                new Adam(adam, provider, parameters, gradients, metric, resources);
            case Optimizer.Lbfgs lbfgs ->
                new LbfgsUpdater(lbfgs, provider, parameters, gradients, metric, resources);
          };
      complete = true;
      return updater;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  /** A vector of state with the parameters' length, kept in checkpoints under this name. */
  final Matrix state(String name) {
    Buffer buffer = resources.own(provider.allocate(p.type(), parameters.columns()));
    buffers.put(name, buffer);
    return Matrix.vector(buffer, 0, parameters.columns());
  }

  /** One element of FLOAT64 for inner products, not kept in checkpoints. */
  final Matrix scalar() {
    return Matrix.vector(resources.own(provider.allocate(ElementType.FLOAT64, 1)), 0, 1);
  }

  /** Takes a gradient from the Euclidean inner product to the metric, in place. */
  final void lift(Matrix gradient) {
    if (metric != null) {
      metric.lift(gradient);
    }
  }

  /**
   * Makes one step from the present parameters; none where loss or gradients are not finite. It may
   * be queued and not done when this returns.
   */
  abstract void step(double rate, long step, Objective objective);

  /** Numbers of the state that are no vectors, for checkpoints. */
  long[] counters() {
    return new long[0];
  }

  /** Restores what {@link #counters} returned. */
  void restore(long[] counters) {}

  /** The state's vectors by name. */
  final Map<String, Buffer> buffers() {
    return buffers;
  }

  @Override
  public final void close() {
    resources.close();
  }

  /** Stochastic gradient descent. */
  static final class Sgd extends Updater {
    private final Optimizer.Sgd rule;
    private final Matrix velocity;

    private Sgd(
        Optimizer.Sgd rule,
        ComputeProvider provider,
        Matrix parameters,
        Matrix gradients,
        DepthMetric metric,
        Resources resources) {
      super(provider, parameters, gradients, metric, resources);
      this.rule = rule;
      this.velocity = state("velocity");
    }

    @Override
    void step(double rate, long step, Objective objective) {
      Matrix guard = objective.queue();
      lift(gradients);
      p.sgd(
          parameters,
          gradients,
          velocity,
          rate,
          rule.momentum(),
          rule.weightDecay(),
          rule.nesterov(),
          guard);
    }
  }

  /** Adam. */
  static final class Adam extends Updater {
    private final Optimizer.Adam rule;
    private final Matrix first;
    private final Matrix second;

    private Adam(
        Optimizer.Adam rule,
        ComputeProvider provider,
        Matrix parameters,
        Matrix gradients,
        DepthMetric metric,
        Resources resources) {
      super(provider, parameters, gradients, metric, resources);
      this.rule = rule;
      this.first = state("first_moment");
      this.second = state("second_moment");
    }

    @Override
    void step(double rate, long step, Objective objective) {
      Matrix guard = objective.queue();
      lift(gradients);
      p.adam(
          parameters,
          gradients,
          first,
          second,
          step + 1,
          rate,
          rule.beta1(),
          rule.beta2(),
          rule.epsilon(),
          rule.weightDecay(),
          guard);
    }
  }
}
