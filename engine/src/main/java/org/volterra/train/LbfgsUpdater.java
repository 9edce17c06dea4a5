package org.volterra.train;

import org.volterra.memory.Resources;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.Matrix;

/**
 * Limited-memory BFGS: the two-loop recursion (Nocedal, Wright, algorithm 7.4) and a line search
 * for the strong Wolfe conditions (algorithms 3.5 and 3.6, with c1 = 1e-4, c2 = 0.9). In a metric A
 * the recursion begins with a multiple of A⁻¹.
 */
final class LbfgsUpdater extends Updater {
  private static final double SUFFICIENT_DECREASE = 1e-4;
  private static final double CURVATURE = 0.9;
  private static final int MAX_TRIALS = 25;

  private final int memory;
  private final Matrix[] steps;
  private final Matrix[] changes;
  private final double[] weights;
  private final Matrix direction;
  private final Matrix start;
  private final Matrix startGradient;
  private final Matrix lifted;
  private final Matrix result;
  private int pairs;
  private int next;

  LbfgsUpdater(
      Optimizer.Lbfgs rule,
      ComputeProvider provider,
      Matrix parameters,
      Matrix gradients,
      DepthMetric metric,
      Resources resources) {
    super(provider, parameters, gradients, metric, resources);
    memory = rule.memory();
    steps = new Matrix[memory];
    changes = new Matrix[memory];
    weights = new double[memory];
    for (int i = 0; i < memory; i++) {
      steps[i] = state("step." + i);
      changes[i] = state("change." + i);
    }
    direction = state("direction");
    start = state("start");
    startGradient = state("start_gradient");
    lifted = metric == null ? null : state("lifted");
    result = scalar();
  }

  private double dot(Matrix x, Matrix y) {
    p.dot(1, x, y, 0, result);
    return result.get(0, 0);
  }

  @Override
  void step(double rate, long step, Objective objective) {
    double loss = objective.evaluate();
    p.axpby(1, parameters, 0, start);
    p.axpby(1, gradients, 0, startGradient);
    searchDirection();
    double slope = dot(direction, startGradient);
    if (!(slope < 0)) {
      pairs = 0;
      p.axpby(-1, startGradient, 0, direction);
      lift(direction);
      slope = dot(direction, startGradient);
    }
    if (slope == 0) {
      return;
    }
    double first = pairs == 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    lineSearch(loss, slope, rate * first, objective);
    remember();
  }

  /** direction = −H · gradient, where H begins with a multiple of the inverse of the metric. */
  private void searchDirection() {
    p.axpby(-1, startGradient, 0, direction);
    for (int i = 1; i <= pairs; i++) {
      int j = Math.floorMod(next - i, memory);
      weights[j] = dot(steps[j], direction) / dot(steps[j], changes[j]);
      p.axpby(-weights[j], changes[j], 1, direction);
    }
    lift(direction);
    if (pairs > 0) {
      int last = Math.floorMod(next - 1, memory);
      double scale = dot(steps[last], changes[last]) / squaredNorm(changes[last]);
      p.axpby(0, direction, scale, direction);
    }
    for (int i = pairs; i >= 1; i--) {
      int j = Math.floorMod(next - i, memory);
      double weight = dot(changes[j], direction) / dot(steps[j], changes[j]);
      p.axpby(weights[j] - weight, steps[j], 1, direction);
    }
  }

  /** The square of the norm of a change of gradients that is dual to the metric. */
  private double squaredNorm(Matrix change) {
    if (metric == null) {
      return dot(change, change);
    }
    p.axpby(1, change, 0, lifted);
    lift(lifted);
    return dot(change, lifted);
  }

  /**
   * Value and slope of the objective along the direction; leaves parameters and gradients there.
   */
  private double moveTo(double length, Objective objective) {
    p.axpby(1, start, 0, parameters);
    p.axpby(length, direction, 1, parameters);
    return objective.evaluate();
  }

  /** Brackets an acceptable length, then narrows the bracket; ends at the best point found. */
  private void lineSearch(double value0, double slope0, double firstLength, Objective objective) {
    double low = 0;
    double lowValue = value0;
    double lowSlope = slope0;
    double high = Double.POSITIVE_INFINITY;
    double length = firstLength;
    for (int trial = 0; trial < MAX_TRIALS; trial++) {
      double value = moveTo(length, objective);
      double slope = dot(direction, gradients);
      boolean decreased =
          value <= value0 + SUFFICIENT_DECREASE * length * slope0 && value < lowValue;
      if (decreased && Math.abs(slope) <= -CURVATURE * slope0) {
        return;
      }
      if (!decreased) {
        high = length;
      } else {
        if (slope * (high - low) >= 0) {
          high = low;
        }
        low = length;
        lowValue = value;
        lowSlope = slope;
      }
      length =
          Double.isInfinite(high)
              ? 2 * length
              : inside(low, lowValue, lowSlope, high, length, value);
    }
    moveTo(low, objective);
  }

  /** The minimiser of a parabola through the better end of the bracket, kept away from the ends. */
  private static double inside(
      double low, double lowValue, double lowSlope, double high, double tried, double triedValue) {
    double width = high - low;
    double reach = tried - low;
    double candidate = low + 0.5 * width;
    if (reach != 0 && tried == high) {
      double parabola =
          -lowSlope * reach * reach / (2 * (triedValue - lowValue - lowSlope * reach));
      if (Double.isFinite(parabola)) {
        candidate = low + parabola;
      }
    }
    double least = Math.min(low + 0.1 * width, low + 0.9 * width);
    double most = Math.max(low + 0.1 * width, low + 0.9 * width);
    return Math.clamp(candidate, least, most);
  }

  /** Keeps the pair of step and gradient change, if the curvature along it is positive. */
  private void remember() {
    Matrix s = steps[next];
    Matrix y = changes[next];
    p.axpby(1, parameters, 0, s);
    p.axpby(-1, start, 1, s);
    p.axpby(1, gradients, 0, y);
    p.axpby(-1, startGradient, 1, y);
    double curvature = dot(s, y);
    if (curvature > 1e-12 * Math.sqrt(dot(s, s) * dot(y, y))) {
      next = (next + 1) % memory;
      pairs = Math.min(pairs + 1, memory);
    }
  }

  @Override
  long[] counters() {
    return new long[] {pairs, next};
  }

  @Override
  void restore(long[] counters) {
    pairs = (int) counters[0];
    next = (int) counters[1];
  }
}
