package org.volterra.control;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.volterra.depth.DepthOperator;

/** Limited-memory BFGS, which with no pairs is gradient descent, in a metric. */
final class QuasiNewton implements Minimizer {
  private static final double SUFFICIENT_DECREASE = 1e-4;
  private static final int MOST_HALVINGS = 60;

  private final int memory;
  private final DepthOperator metric;

  QuasiNewton(int memory, DepthOperator metric) {
    this.memory = memory;
    this.metric = metric;
  }

  /** A step, the change of the gradient along it, and their product. */
  private static final class Pair {
    private final double[] step;
    private final double[] change;
    private final double curvature;

    private Pair(double[] step, double[] change, double curvature) {
      this.step = step;
      this.change = change;
      this.curvature = curvature;
    }
  }

  @Override
  public Minimization minimize(Objective objective, double[] start, StoppingRule rule) {
    Minimization.Log log = new Minimization.Log(rule);
    double[] theta = start.clone();
    double[] gradient = new double[theta.length];
    double value = objective.evaluate(theta, gradient);
    log.evaluations++;
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("start: the objective is " + value + " there");
    }
    Deque<Pair> pairs = new ArrayDeque<>();
    double[] trial = new double[theta.length];
    double[] trialGradient = new double[theta.length];
    double first = 1;
    while (true) {
      double[] lifted = lift(gradient);
      double norm = Math.sqrt(Math.max(0, Vectors.dot(gradient, lifted)));
      if (log.add(value, norm) || norm == 0) {
        return log.end(theta);
      }
      double[] direction = pairs.isEmpty() ? lifted : direction(gradient, pairs);
      Vectors.scale(-1, direction);
      double slope = Vectors.dot(gradient, direction);
      double length = pairs.isEmpty() ? first : 1;
      double found = Double.NaN;
      int halvings = 0;
      while (!(found <= value + SUFFICIENT_DECREASE * length * slope)) {
        if (halvings++ > MOST_HALVINGS) {
          return log.end(theta);
        }
        length *= halvings == 1 ? 1 : 0.5;
        Vectors.sum(theta, length, direction, trial);
        found = objective.evaluate(trial, trialGradient);
        log.evaluations++;
      }
      first = 2 * length;
      remember(pairs, theta, gradient, trial, trialGradient);
      System.arraycopy(trial, 0, theta, 0, theta.length);
      System.arraycopy(trialGradient, 0, gradient, 0, theta.length);
      value = found;
    }
  }

  /** A⁻¹ gradient. */
  private double[] lift(double[] gradient) {
    if (metric == null) {
      return gradient.clone();
    }
    double[] lifted = new double[gradient.length];
    metric.solve(gradient, lifted);
    return lifted;
  }

  private void remember(
      Deque<Pair> pairs, double[] from, double[] fromGradient, double[] to, double[] toGradient) {
    if (memory == 0) {
      return;
    }
    double[] step = new double[from.length];
    double[] change = new double[from.length];
    Vectors.sum(to, -1, from, step);
    Vectors.sum(toGradient, -1, fromGradient, change);
    double curvature = Vectors.dot(step, change);
    if (curvature > 1e-12 * Math.sqrt(Vectors.dot(step, step) * Vectors.dot(change, change))) {
      if (pairs.size() == memory) {
        pairs.removeFirst();
      }
      pairs.addLast(new Pair(step, change, curvature));
    }
  }

  /** The two-loop recursion, around a multiple of A⁻¹. */
  private double[] direction(double[] gradient, Deque<Pair> pairs) {
    double[] q = gradient.clone();
    double[] weights = new double[pairs.size()];
    int i = pairs.size();
    for (Iterator<Pair> newest = pairs.descendingIterator(); newest.hasNext(); ) {
      Pair pair = newest.next();
      weights[--i] = Vectors.dot(pair.step, q) / pair.curvature;
      Vectors.add(-weights[i], pair.change, q);
    }
    Pair last = pairs.getLast();
    double scale = last.curvature / Vectors.dot(last.change, lift(last.change));
    double[] direction = lift(q);
    Vectors.scale(scale, direction);
    for (Pair pair : pairs) {
      double weight = Vectors.dot(pair.change, direction) / pair.curvature;
      Vectors.add(weights[i++] - weight, pair.step, direction);
    }
    return direction;
  }
}
