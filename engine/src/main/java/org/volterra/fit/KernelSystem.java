package org.volterra.fit;

import java.util.ArrayList;
import java.util.List;
import org.volterra.depth.LineField;
import org.volterra.equation.HammersteinSystem;
import org.volterra.equation.SystemSolution;
import org.volterra.spi.Activation;

/**
 * All trajectories with one scalar kernel as one system, so that each kernel value is computed once
 * for all. θ holds the family's parameters, then the initial values of trajectories without a known
 * source.
 */
final class KernelSystem implements HammersteinSystem {
  private final KernelFamily family;
  private final Activation activation;
  private final int kernelParameters;
  private final int width;
  private final int trajectories;
  private final double horizon;
  private final LineField[] sources;
  private final int initials;

  /** Trajectories with known sources. */
  KernelSystem(KernelFamily family, Activation activation, List<LineField> sources) {
    this(
        family,
        activation,
        sources.toArray(LineField[]::new),
        sources.getFirst().width(),
        sources.getFirst().horizon());
  }

  /**
   * Some trajectories.
   *
   * @param sources null where x(0) is a parameter
   */
  KernelSystem(
      KernelFamily family, Activation activation, LineField[] sources, int width, double horizon) {
    this.family = family;
    this.activation = activation;
    this.kernelParameters = family.ranges().size();
    this.width = width;
    this.trajectories = sources.length;
    this.horizon = horizon;
    this.sources = sources;
    int free = 0;
    for (LineField source : sources) {
      if (source == null) {
        free += width;
      } else if (source.width() != width || source.horizon() != horizon) {
        throw new IllegalArgumentException(
            source + ": all sources must have " + width + " components on [0, " + horizon + "]");
      }
    }
    this.initials = free;
  }

  /** Index of the first initial value in θ. */
  int kernelParameters() {
    return kernelParameters;
  }

  List<LineField> split(SystemSolution solution) {
    LineField all = solution.trajectory();
    double[] values = all.values();
    double[] nodes = all.nodes();
    List<LineField> parts = new ArrayList<>();
    for (int i = 0; i < trajectories; i++) {
      double[] own = new double[nodes.length * width];
      for (int l = 0; l < nodes.length; l++) {
        System.arraycopy(values, (l * trajectories + i) * width, own, l * width, width);
      }
      parts.add(new LineField(nodes, width, own));
    }
    return parts;
  }

  @Override
  public int states() {
    return trajectories * width;
  }

  @Override
  public int features() {
    return states();
  }

  @Override
  public int parameters() {
    return kernelParameters + initials;
  }

  @Override
  public double horizon() {
    return horizon;
  }

  @Override
  public int exponentParameter() {
    return family.exponentParameter();
  }

  @Override
  public void source(double t, double[] theta, double[] result) {
    double[] slope = new double[width];
    double[] value = new double[width];
    int next = kernelParameters;
    for (int i = 0; i < trajectories; i++) {
      if (sources[i] == null) {
        System.arraycopy(theta, next, result, i * width, width);
        next += width;
      } else {
        sources[i].evaluate(t, value, slope);
        System.arraycopy(value, 0, result, i * width, width);
      }
    }
  }

  @Override
  public void sourceAdjoint(double t, double[] theta, double[] p, double[] gradient) {
    int next = kernelParameters;
    for (int i = 0; i < trajectories; i++) {
      if (sources[i] == null) {
        for (int c = 0; c < width; c++) {
          gradient[next++] += p[i * width + c];
        }
      }
    }
  }

  @Override
  public void apply(
      double t, double s, double[] theta, double weight, double[] z, double[] result) {
    double k = weight * family.value(t, s, theta);
    for (int c = 0; c < z.length; c++) {
      result[c] += k * z[c];
    }
  }

  @Override
  public void transpose(
      double t, double s, double[] theta, double weight, double[] p, double[] result) {
    apply(t, s, theta, weight, p, result);
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
    double sum = 0;
    for (int c = 0; c < z.length; c++) {
      sum += p[c] * z[c];
    }
    family.gradient(t, s, theta, weight * sum, gradient);
  }

  @Override
  public void feature(double s, double[] x, double[] theta, double[] z) {
    for (int c = 0; c < x.length; c++) {
      z[c] = activation.value(x[c]);
    }
  }

  @Override
  public void featureAdjoint(
      double s, double[] x, double[] theta, double[] q, double[] byState, double[] gradient) {
    for (int c = 0; c < x.length; c++) {
      byState[c] += activation.derivative(x[c]) * q[c];
    }
  }
}
