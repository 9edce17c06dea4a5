package org.volterra.testing;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.volterra.Network;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.Stage;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.Activation;

/**
 * The layer formula x_l = g_l + ψ(b_l + h Σ_{k&lt;l} K_{l,k} φ_k(x_k)) on plain arrays, pair of
 * layers by pair of layers: no history, no sums by nodes, no primitives. It shares nothing with the
 * engine but the specification and the names of the parameters.
 */
public final class PlainNetwork {
  private final Network network;
  private final NetworkSpec spec;
  private final int layers;
  private final double horizon;
  private final Map<String, double[]> read = new HashMap<>();
  private double leastReluArgument = Double.POSITIVE_INFINITY;

  /** Reads the parameters of a network anew in each pass. */
  public PlainNetwork(Network network) {
    this.network = network;
    this.spec = network.spec();
    this.layers = spec.depth();
    this.horizon = spec.grid().horizon();
  }

  /** The states x_0 … x_L of some rows of data, and last the output. */
  public double[][][] run(double[][] data) {
    read.clear();
    int rows = data.length;
    double[][][] all = new double[layers + 2][rows][];
    double[][][] features = new double[layers][rows][];
    for (int r = 0; r < rows; r++) {
      all[0][r] = spec.hasInputMap() ? map(data[r], "input") : data[r].clone();
    }
    for (int l = 1; l <= layers; l++) {
      for (int r = 0; r < rows; r++) {
        features[l - 1][r] = feature(l - 1, all[l - 1][r]);
        double[] u =
            spec.bias() == null ? new double[spec.channels()] : inDepth("bias", spec.bias(), l)[0];
        for (int k = 0; k < l; k++) {
          addProduct(step(k), features[k][r], kernel(l, k), u);
        }
        all[l][r] = source(l, all[0][r]);
        for (int c = 0; c < u.length; c++) {
          all[l][r][c] += activate(spec.activation(), u[c]);
        }
      }
    }
    for (int r = 0; r < rows; r++) {
      all[layers + 1][r] = spec.hasOutputMap() ? map(all[layers][r], "output") : all[layers][r];
    }
    return all;
  }

  private double time(int l) {
    return horizon * Math.pow(l / (double) layers, spec.grid().grading());
  }

  private double step(int k) {
    return spec.scaling() == Scaling.UNIT ? 1 : time(k + 1) - time(k);
  }

  /**
   * The smallest absolute value but 0 that a ReLU was given: how far all passes were from a kink.
   * An exact 0 is a sum of features that are 0 because other ReLUs are off, and stays 0.
   */
  public double leastReluArgument() {
    return leastReluArgument;
  }

  private double activate(Activation f, double x) {
    if (f == Activation.RELU && x != 0) {
      leastReluArgument = Math.min(leastReluArgument, Math.abs(x));
    }
    return f.value(x);
  }

  private double[] feature(int k, double[] x) {
    double[] value = x;
    for (int i = 0; i < spec.features().stages().size(); i++) {
      switch (spec.features().stages().get(i)) {
        case Stage.Pointwise pointwise -> {
          double[] result = value.clone();
          for (int c = 0; c < result.length; c++) {
            result[c] = activate(pointwise.function(), value[c]);
          }
          value = result;
        }
        case Stage.Affine affine -> {
          double[] result = inDepth("feature." + i + ".bias", spec.featureDependence(), k)[0];
          double[][] weight = inDepth("feature." + i + ".weight", spec.featureDependence(), k);
          addProduct(1, value, weight, result);
          value = result;
        }
        default -> throw new IllegalArgumentException("no plain form of " + spec.features());
      }
    }
    return value;
  }

  private double[] source(int l, double[] x0) {
    double[] g = new double[x0.length];
    switch (spec.source()) {
      case Source.Zero zero -> {}
      case Source.InitialState initial -> System.arraycopy(x0, 0, g, 0, g.length);
      case Source.Linear linear -> addProduct(1, x0, inDepth("source", linear.dependence(), l), g);
    }
    return g;
  }

  /** The transpose of K_{l,k}, feature channels × channels. */
  private double[][] kernel(int l, int k) {
    int e = spec.featureChannels();
    double t = time(l);
    double s = time(k);
    return switch (spec.kernel()) {
      case DepthKernel.Dense dense -> rows(parameter("kernel." + l), k * e, e);
      case DepthKernel.Field field -> fieldAt(field.intervals(), t, s);
      case DepthKernel.Scalar scalar -> {
        double[][] diagonal = new double[e][e];
        for (int c = 0; c < e; c++) {
          diagonal[c][c] =
              scalar.trainable() ? parameter("kernel." + l)[0][k] : scalar.function().at(t, s);
        }
        yield diagonal;
      }
      default -> throw new IllegalArgumentException("no plain form of kernel " + spec.kernel());
    };
  }

  /**
   * Interpolates on the triangles into which the diagonals t − s = const cut the mesh's squares.
   */
  private double[][] fieldAt(int intervals, double t, double s) {
    double a = t * intervals / horizon;
    double b = s * intervals / horizon;
    int i = (int) Math.min(Math.floor(a), intervals - 1);
    int j = (int) Math.min(Math.floor(b), i);
    double tau = a - i;
    double sigma = b - j;
    double[][] value = scaled(1 - Math.max(tau, sigma), node(i, j));
    addScaled(Math.min(tau, sigma), node(i + 1, j + 1), value);
    if (tau > sigma) {
      addScaled(tau - sigma, node(i + 1, j), value);
    } else if (sigma > tau) {
      addScaled(sigma - tau, node(i, j + 1), value);
    }
    return value;
  }

  private double[][] node(int i, int j) {
    int e = spec.featureChannels();
    return rows(parameter("kernel.node." + i), j * e, e);
  }

  /** The value at layer l of a parameter that depends on depth, as a fresh array. */
  private double[][] inDepth(String name, DepthDependence dependence, int l) {
    return switch (dependence) {
      case DepthDependence.Constant constant -> parameter(name);
      case DepthDependence.PerLayer perLayer -> parameter(name + "." + l);
      case DepthDependence.Field field -> {
        double a = time(l) * field.intervals() / horizon;
        int i = (int) Math.min(Math.floor(a), field.intervals() - 1);
        double[][] value = scaled(1 - (a - i), parameter(name + ".node." + i));
        addScaled(a - i, parameter(name + ".node." + (i + 1)), value);
        yield value;
      }
    };
  }

  private double[] map(double[] x, String name) {
    double[] y = parameter(name + ".bias")[0];
    addProduct(1, x, parameter(name + ".weight"), y);
    return y;
  }

  private double[][] parameter(String name) {
    double[] flat = read.computeIfAbsent(name, n -> network.parameter(n).toArray());
    double[][] matrix = new double[network.parameter(name).rows()][];
    int width = flat.length / matrix.length;
    for (int i = 0; i < matrix.length; i++) {
      matrix[i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
    }
    return matrix;
  }

  private static double[][] rows(double[][] matrix, int first, int count) {
    return Arrays.copyOfRange(matrix, first, first + count);
  }

  /** y += factor · x W. */
  private static void addProduct(double factor, double[] x, double[][] w, double[] y) {
    for (int q = 0; q < x.length; q++) {
      for (int c = 0; c < y.length; c++) {
        y[c] += factor * x[q] * w[q][c];
      }
    }
  }

  private static double[][] scaled(double factor, double[][] matrix) {
    double[][] result = new double[matrix.length][matrix[0].length];
    addScaled(factor, matrix, result);
    return result;
  }

  private static void addScaled(double factor, double[][] matrix, double[][] sum) {
    for (int i = 0; i < sum.length; i++) {
      for (int j = 0; j < sum[i].length; j++) {
        sum[i][j] += factor * matrix[i][j];
      }
    }
  }
}
