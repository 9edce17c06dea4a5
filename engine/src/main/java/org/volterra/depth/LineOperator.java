package org.volterra.depth;

/** {@link DepthOperator} on a line: tridiagonal, factorised once. */
final class LineOperator implements DepthOperator {
  private final int nodes;
  private final int width;
  private final double mass;
  private final double stiffness;
  private final double[] pivots;

  LineOperator(int nodes, int width, double mass, double stiffness) {
    this.nodes = nodes;
    this.width = width;
    this.mass = mass;
    this.stiffness = stiffness;
    this.pivots = new double[nodes];
    for (int i = 0; i < nodes; i++) {
      pivots[i] = diagonal(i) - (i == 0 ? 0 : stiffness * stiffness / pivots[i - 1]);
    }
  }

  private double diagonal(int i) {
    return mass + stiffness * ((i > 0 ? 1 : 0) + (i < nodes - 1 ? 1 : 0));
  }

  @Override
  public int size() {
    return Math.multiplyExact(nodes, width);
  }

  @Override
  public void apply(double[] x, double[] y) {
    for (int i = 0; i < nodes; i++) {
      double diagonal = diagonal(i);
      for (int c = i * width; c < (i + 1) * width; c++) {
        double neighbours = (i > 0 ? x[c - width] : 0) + (i < nodes - 1 ? x[c + width] : 0);
        y[c] = diagonal * x[c] - stiffness * neighbours;
      }
    }
  }

  @Override
  public void solve(double[] b, double[] x) {
    for (int c = 0; c < width; c++) {
      x[c] = b[c];
    }
    for (int i = 1; i < nodes; i++) {
      double factor = stiffness / pivots[i - 1];
      for (int c = i * width; c < (i + 1) * width; c++) {
        x[c] = b[c] + factor * x[c - width];
      }
    }
    for (int i = nodes - 1; i >= 0; i--) {
      for (int c = i * width; c < (i + 1) * width; c++) {
        x[c] = (x[c] + (i < nodes - 1 ? stiffness * x[c + width] : 0)) / pivots[i];
      }
    }
  }

  @Override
  public double energy(double[] x) {
    double squares = 0;
    double differences = 0;
    for (int c = 0; c < nodes * width; c++) {
      squares += x[c] * x[c];
      double difference = c < width ? 0 : x[c] - x[c - width];
      differences += difference * difference;
    }
    return 0.5 * (mass * squares + stiffness * differences);
  }
}
