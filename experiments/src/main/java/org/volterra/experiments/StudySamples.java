package org.volterra.experiments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.volterra.Engine;
import org.volterra.equation.GridSolution;
import org.volterra.equation.HammersteinEquation;
import org.volterra.equation.IntegralEquation;
import org.volterra.equation.QuadratureMethod;
import org.volterra.equation.VolterraSolver;
import org.volterra.kernel.SpecialFunctions;
import org.volterra.spi.ComputeProvider;
import org.volterra.train.Samples;

/** Samples of studies. */
final class StudySamples {
  private static final int SOLVER_LAYERS = 100;

  private StudySamples() {}

  /** The digits with pixels in [0, 1], at most so many of them for training. */
  static Samples.Split digits(int most) {
    try {
      Samples.Split all = DataFiles.digits(1);
      Samples.Split scaled = Normalizer.max(all.train()).apply(all);
      int count = Math.min(most, scaled.train().count());
      return new Samples.Split(first(scaled.train(), count), scaled.test());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The fractional logistic equation D^α u = λ u (1 − u) in the sense of Caputo: from u(0) in [0.1,
   * 0.6] and λ in [0.5, 3] to u(1), which product integration on a graded grid gives to about five
   * digits.
   */
  static Samples.Split fractional(double order, int train, int test, long splitSeed) {
    RandomGenerator random = new Random(1);
    int count = train + test;
    double[] inputs = new double[2 * count];
    double[] targets = new double[count];
    try (ComputeProvider provider = Engine.open("scalar", 1)) {
      VolterraSolver solver = new VolterraSolver(provider);
      QuadratureMethod method = QuadratureMethod.parse("product-trapezoid");
      for (int i = 0; i < count; i++) {
        double start = 0.1 + 0.5 * random.nextDouble();
        double speed = 0.5 + 2.5 * random.nextDouble();
        GridSolution solution =
            solver.solve(logistic(order, start, speed), method, SOLVER_LAYERS, 1 / order);
        inputs[2 * i] = start;
        inputs[2 * i + 1] = speed;
        targets[i] = solution.values()[SOLVER_LAYERS];
      }
    }
    return Samples.regression(inputs, 2, targets, 1).split(train, splitSeed);
  }

  /** u = u(0) + ∫ (t−s)^{α−1} λ u (1 − u) / Γ(α) ds. */
  private static IntegralEquation logistic(double order, double start, double speed) {
    double factor = speed / SpecialFunctions.gamma(order);
    return new HammersteinEquation() {
      @Override
      public double source(double t) {
        return start;
      }

      @Override
      public double kernel(double t, double s) {
        return factor;
      }

      @Override
      public double feature(double s, double x) {
        return x * (1 - x);
      }

      @Override
      public double horizon() {
        return 1;
      }

      @Override
      public double exponent() {
        return order;
      }
    };
  }

  /**
   * Smoothing over positions: each has a place in [0, 1] and a value, and is to give the mean of
   * all values, weighted with exp(−20 d²) for the distance d of the places. What a position is to
   * give depends on all the others.
   */
  static Samples.Split smoothing(int positions, int train, int test) {
    RandomGenerator random = new Random(2);
    int count = train + test;
    double[] inputs = new double[2 * positions * count];
    double[] targets = new double[positions * count];
    double[] place = new double[positions];
    double[] value = new double[positions];
    for (int i = 0; i < count; i++) {
      for (int p = 0; p < positions; p++) {
        place[p] = random.nextDouble();
        value[p] = 2 * random.nextDouble() - 1;
        inputs[2 * (positions * i + p)] = 2 * place[p] - 1;
        inputs[2 * (positions * i + p) + 1] = value[p];
      }
      for (int p = 0; p < positions; p++) {
        double sum = 0;
        double weights = 0;
        for (int q = 0; q < positions; q++) {
          double weight = Math.exp(-20 * (place[p] - place[q]) * (place[p] - place[q]));
          weights += weight;
          sum += weight * value[q];
        }
        targets[positions * i + p] = sum / weights;
      }
    }
    return Samples.regression(inputs, 2 * positions, targets, positions).split(train, 1);
  }

  /** The first samples. */
  static Samples first(Samples samples, int count) {
    return samples.select(IntStream.range(0, count).toArray());
  }
}
