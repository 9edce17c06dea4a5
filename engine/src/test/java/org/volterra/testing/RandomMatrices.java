package org.volterra.testing;

import java.util.random.RandomGenerator;
import org.volterra.Network;
import org.volterra.ParameterLayout;
import org.volterra.spi.Matrix;

/** Random matrices. */
public final class RandomMatrices {
  private RandomMatrices() {}

  /** Fills a matrix with normal values of a given deviation. */
  public static void fill(Matrix matrix, RandomGenerator random, double deviation) {
    for (int i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        matrix.set(i, j, deviation * random.nextGaussian());
      }
    }
  }

  /** Adds normal values of a given deviation to all of a network's parameters. */
  public static void perturb(Network network, RandomGenerator random, double deviation) {
    for (ParameterLayout.Entry entry : network.layout().entries().values()) {
      Matrix values = entry.in(network.parameters());
      for (int i = 0; i < values.rows(); i++) {
        for (int j = 0; j < values.columns(); j++) {
          values.set(i, j, values.get(i, j) + deviation * random.nextGaussian());
        }
      }
    }
  }

  /** The rows of a matrix. */
  public static double[][] rows(Matrix matrix) {
    double[][] rows = new double[matrix.rows()][matrix.columns()];
    for (int i = 0; i < matrix.rows(); i++) {
      for (int j = 0; j < matrix.columns(); j++) {
        rows[i][j] = matrix.get(i, j);
      }
    }
    return rows;
  }
}
