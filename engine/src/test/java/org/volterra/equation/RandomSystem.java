package org.volterra.equation;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.volterra.depth.Stencil;
import org.volterra.depth.TriangleMesh;
import org.volterra.kernel.SpecialFunctions;

/**
 * A system of two states and three features with many parameters, for tests of adjoints: x(t) = a +
 * b t + ∫ (t−s)^(α−1) k(t, s) A tanh(B x(s) + c s) ds, with one of some profiles k.
 *
 * <p>θ is α, the numbers of the profile, A by rows, B by rows, c, a, b.
 */
record RandomSystem(Profile profile, boolean isSingular, double stiffness)
    implements HammersteinSystem {
  private static final int D = 2;
  private static final int E = 3;
  private static final TriangleMesh MESH = new TriangleMesh(2, 1.5);

  enum Profile {
    FRACTIONAL(1),
    EXPONENTIALS(4),
    FIELD(MESH.nodes());

    private final int numbers;

    Profile(int numbers) {
      this.numbers = numbers;
    }

    private double value(double t, double s, double[] theta) {
      return switch (this) {
        case FRACTIONAL -> theta[1] / SpecialFunctions.gamma(theta[0]);
        case EXPONENTIALS ->
            theta[1] * Math.exp(-theta[2] * (t - s)) + theta[3] * Math.exp(-theta[4] * (t - s));
        case FIELD -> {
          Stencil stencil = MESH.locate(t, s);
          double sum = 0;
          for (int p = 0; p < stencil.size(); p++) {
            sum += stencil.weight(p) * theta[1 + stencil.node(p)];
          }
          yield sum;
        }
      };
    }

    private void gradient(double t, double s, double[] theta, double factor, double[] gradient) {
      switch (this) {
        case FRACTIONAL -> {
          double inverse = 1 / SpecialFunctions.gamma(theta[0]);
          gradient[0] -= factor * theta[1] * SpecialFunctions.digamma(theta[0]) * inverse;
          gradient[1] += factor * inverse;
        }
        case EXPONENTIALS -> {
          for (int r = 1; r < 5; r += 2) {
            double power = factor * Math.exp(-theta[r + 1] * (t - s));
            gradient[r] += power;
            gradient[r + 1] -= theta[r] * (t - s) * power;
          }
        }
        case FIELD -> {
          Stencil stencil = MESH.locate(t, s);
          for (int p = 0; p < stencil.size(); p++) {
            gradient[1 + stencil.node(p)] += factor * stencil.weight(p);
          }
        }
      }
    }
  }

  private int a() {
    return 1 + profile.numbers;
  }

  private int b() {
    return a() + D * E;
  }

  private int c() {
    return b() + D * E;
  }

  private int start() {
    return c() + E;
  }

  double[] random(RandomGenerator random) {
    double[] theta = random.doubles(parameters(), -1, 1).toArray();
    theta[0] = isSingular ? 0.45 : 1;
    for (int i = a(); i < b(); i++) {
      theta[i] *= stiffness;
    }
    return theta;
  }

  @Override
  public int states() {
    return D;
  }

  @Override
  public int features() {
    return E;
  }

  @Override
  public int parameters() {
    return start() + 2 * D;
  }

  @Override
  public double horizon() {
    return 1.5;
  }

  @Override
  public int exponentParameter() {
    return isSingular ? 0 : -1;
  }

  @Override
  public void source(double t, double[] theta, double[] result) {
    for (int i = 0; i < D; i++) {
      result[i] = theta[start() + i] + t * theta[start() + D + i];
    }
  }

  @Override
  public void sourceAdjoint(double t, double[] theta, double[] p, double[] gradient) {
    for (int i = 0; i < D; i++) {
      gradient[start() + i] += p[i];
      gradient[start() + D + i] += t * p[i];
    }
  }

  @Override
  public void apply(double t, double s, double[] theta, double weight, double[] z, double[] y) {
    double k = weight * profile.value(t, s, theta);
    for (int i = 0; i < D * E; i++) {
      y[i / E] += k * theta[a() + i] * z[i % E];
    }
  }

  @Override
  public void transpose(double t, double s, double[] theta, double weight, double[] p, double[] y) {
    double k = weight * profile.value(t, s, theta);
    for (int i = 0; i < D * E; i++) {
      y[i % E] += k * theta[a() + i] * p[i / E];
    }
  }

  @Override
  public void kernelAdjoint(
      double t,
      double s,
      double[] theta,
      double weight,
      double[] p,
      double[] z,
      double[] gradient) {
    double k = weight * profile.value(t, s, theta);
    double factor = 0;
    for (int i = 0; i < D * E; i++) {
      gradient[a() + i] += k * p[i / E] * z[i % E];
      factor += weight * theta[a() + i] * p[i / E] * z[i % E];
    }
    profile.gradient(t, s, theta, factor, gradient);
  }

  @Override
  public void feature(double s, double[] x, double[] theta, double[] z) {
    for (int j = 0; j < E; j++) {
      double sum = theta[c() + j] * s;
      for (int i = 0; i < D; i++) {
        sum += theta[b() + j * D + i] * x[i];
      }
      z[j] = Math.tanh(sum);
    }
  }

  @Override
  public void featureAdjoint(
      double s, double[] x, double[] theta, double[] q, double[] byState, double[] gradient) {
    double[] z = new double[E];
    feature(s, x, theta, z);
    for (int j = 0; j < E; j++) {
      double delta = q[j] * (1 - z[j] * z[j]);
      gradient[c() + j] += delta * s;
      for (int i = 0; i < D; i++) {
        gradient[b() + j * D + i] += delta * x[i];
        byState[i] += delta * theta[b() + j * D + i];
      }
    }
  }

  @Override
  public String toString() {
    return profile + (isSingular ? ", weakly singular" : "") + ", size " + stiffness;
  }

  /** All profiles, regular and weakly singular. */
  static Iterable<RandomSystem> all(double stiffness) {
    return () ->
        Arrays.stream(Profile.values())
            .flatMap(p ->
                Arrays.stream(new Boolean[] {false, true})
                    .filter(singular -> p != Profile.FRACTIONAL || singular)
                    .map(singular -> new RandomSystem(p, singular, stiffness)))
            .iterator();
  }
}
