package org.volterra.internal.scalar;

import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.DepthShapes;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Attention over slices as the plainest loops that compute it. */
record ScalarDepth(ElementType type) implements DepthPrimitives {
  @Override
  public void attend(double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y) {
    DepthShapes.attention(type, epsilon, z, query, y);
    View u = new View(z);
    View q = new View(query);
    View v = new View(y);
    for (int i = 0; i < v.rows; i++) {
      Row row = new Row(u, q, i, epsilon);
      for (int j = 0; j < v.columns; j++) {
        double sum = 0;
        for (int k = 0; k < u.rows; k++) {
          sum += row.weights[k] * u.get(k, i * v.columns + j);
        }
        v.update(i, j, alpha * sum, beta);
      }
    }
  }

  @Override
  public void attendBackward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery) {
    DepthShapes.gradient(type, epsilon, z, query, dy, dz, dquery);
    View u = new View(z);
    View q = new View(query);
    View d = new View(dy);
    View s = new View(dz);
    double[] slopes = new double[d.columns];
    for (int i = 0; i < d.rows; i++) {
      Row row = new Row(u, q, i, epsilon);
      int first = i * d.columns;
      double[] products = new double[u.rows];
      double mean = 0;
      for (int k = 0; k < u.rows; k++) {
        for (int j = 0; j < d.columns; j++) {
          products[k] += d.get(i, j) * u.get(k, first + j);
        }
        mean += row.weights[k] * products[k];
      }
      for (int k = 0; k < u.rows; k++) {
        double r = row.rates[k];
        double e = alpha * row.weights[k] * (products[k] - mean);
        double shrink = e * row.scores[k] * r * r / d.columns;
        for (int j = 0; j < d.columns; j++) {
          double value = u.get(k, first + j);
          double slope =
              alpha * row.weights[k] * d.get(i, j) + e * r * q.get(0, j) - shrink * value;
          s.update(k, first + j, slope, 1);
          slopes[j] += e * r * value;
        }
      }
    }
    View p = new View(dquery);
    for (int j = 0; j < slopes.length; j++) {
      p.update(0, j, slopes[j], 1);
    }
  }

  /** What one row gives to the slices. */
  private static final class Row {
    final double[] rates;
    final double[] scores;
    final double[] weights;

    Row(View z, View query, int i, double epsilon) {
      rates = new double[z.rows];
      scores = new double[z.rows];
      weights = new double[z.rows];
      int n = query.columns;
      double largest = Double.NEGATIVE_INFINITY;
      for (int k = 0; k < z.rows; k++) {
        double squares = 0;
        double product = 0;
        for (int j = 0; j < n; j++) {
          double value = z.get(k, i * n + j);
          squares += value * value / n;
          product += value * query.get(0, j);
        }
        rates[k] = 1 / Math.sqrt(squares + epsilon);
        scores[k] = rates[k] * product;
        largest = Math.max(largest, scores[k]);
      }
      double sum = 0;
      for (int k = 0; k < z.rows; k++) {
        weights[k] = Math.exp(scores[k] - largest);
        sum += weights[k];
      }
      for (int k = 0; k < z.rows; k++) {
        weights[k] /= sum;
      }
    }
  }
}
