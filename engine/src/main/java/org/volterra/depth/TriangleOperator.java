package org.volterra.depth;

import java.util.Arrays;

/**
 * {@link DepthOperator} on a triangle. The preconditioner is one symmetric multigrid cycle: a
 * Gauss–Seidel sweep forwards, the correction from a mesh with half as many intervals, a sweep
 * backwards. Coarse values are interpolated linearly, as the mesh's functions are; mass and
 * stiffness of a coarse mesh are such that constant and linear functions keep their energy. The
 * coarsest triangle has two rows: a path of three nodes, solved exactly.
 */
final class TriangleOperator implements DepthOperator {
  private static final double TOLERANCE = 1e-12;
  private static final int MOST_ITERATIONS = 200;
  private static final int CORNERS = 3;

  private final int rows;
  private final int width;
  private final double mass;
  private final double stiffness;
  private final double[] right;
  private final double[] result;
  private final double[] residual;
  private final double[] direction;
  private final TriangleOperator coarse;
  private final LineOperator path;
  private final int[] parents;
  private final double[] shares;

  TriangleOperator(int rows, int width, double mass, double stiffness) {
    this(rows, width, mass, stiffness, true);
  }

  private TriangleOperator(int rows, int width, double mass, double stiffness, boolean finest) {
    this.rows = rows;
    this.width = width;
    this.mass = mass;
    this.stiffness = stiffness;
    int size = size();
    right = new double[size];
    result = new double[size];
    residual = new double[size];
    direction = new double[finest ? size : 0];
    if (rows <= 2) {
      path = new LineOperator(nodes(), width, mass, stiffness);
      coarse = null;
      parents = new int[0];
      shares = new double[0];
      return;
    }
    path = null;
    int fineIntervals = rows - 1;
    int intervals = Math.ceilDiv(fineIntervals, 2);
    TriangleMesh mesh = new TriangleMesh(intervals, 1);
    double linear = (1 + 1.0 / fineIntervals) / (1 + 1.0 / intervals);
    coarse =
        new TriangleOperator(
            intervals + 1, width, mass * nodes() / mesh.nodes(), stiffness * linear, false);
    parents = new int[CORNERS * nodes()];
    shares = new double[CORNERS * nodes()];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j <= i; j++) {
        Stencil stencil = mesh.locate((double) i / fineIntervals, (double) j / fineIntervals);
        for (int p = 0; p < stencil.size(); p++) {
          parents[CORNERS * TriangleMesh.index(i, j) + p] = stencil.node(p);
          shares[CORNERS * TriangleMesh.index(i, j) + p] = stencil.weight(p);
        }
      }
    }
  }

  private int nodes() {
    return rows * (rows + 1) / 2;
  }

  @Override
  public int size() {
    return Math.multiplyExact(nodes(), width);
  }

  /** Where node (i, j) begins in vectors. */
  private int at(int i, int j) {
    return TriangleMesh.index(i, j) * width;
  }

  private double diagonal(int i, int j) {
    int neighbours = (i < rows - 1 ? 1 : 0) + (j > 0 ? 1 : 0) + (j < i ? 2 : 0);
    return mass + stiffness * neighbours;
  }

  /** The sum of a number's neighbours, for the number at c of node (i, j). */
  private double neighbours(double[] x, int c, int i, int j) {
    double sum = 0;
    if (i < rows - 1) {
      sum += x[c + (i + 1) * width];
    }
    if (j > 0) {
      sum += x[c - width];
    }
    if (j < i) {
      sum += x[c + width] + x[c - i * width];
    }
    return sum;
  }

  @Override
  public void apply(double[] x, double[] y) {
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j <= i; j++) {
        double diagonal = diagonal(i, j);
        int first = at(i, j);
        for (int c = first; c < first + width; c++) {
          y[c] = diagonal * x[c] - stiffness * neighbours(x, c, i, j);
        }
      }
    }
  }

  @Override
  public double energy(double[] x) {
    double squares = 0;
    double differences = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j <= i; j++) {
        int first = at(i, j);
        for (int c = first; c < first + width; c++) {
          double inRow = j > 0 ? x[c] - x[c - width] : 0;
          double inColumn = j < i ? x[c] - x[c - i * width] : 0;
          squares += x[c] * x[c];
          differences += inRow * inRow + inColumn * inColumn;
        }
      }
    }
    return 0.5 * (mass * squares + stiffness * differences);
  }

  @Override
  public void solve(double[] b, double[] x) {
    Arrays.fill(x, 0, size(), 0);
    double[] r = right;
    System.arraycopy(b, 0, r, 0, r.length);
    double goal = TOLERANCE * Math.sqrt(dot(b, b));
    if (goal == 0) {
      return;
    }
    double last = 0;
    for (int iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
      cycle();
      double product = dot(r, result);
      double beta = iteration == 0 ? 0 : product / last;
      last = product;
      for (int c = 0; c < direction.length; c++) {
        direction[c] = result[c] + beta * direction[c];
      }
      apply(direction, residual);
      double length = product / dot(direction, residual);
      for (int c = 0; c < direction.length; c++) {
        x[c] += length * direction[c];
        r[c] -= length * residual[c];
      }
      if (Math.sqrt(dot(r, r)) <= goal) {
        return;
      }
    }
    throw new IllegalStateException(
        "conjugate gradients left a residual of "
            + Math.sqrt(dot(r, r))
            + " after "
            + MOST_ITERATIONS
            + " iterations, wanted "
            + goal
            + ": the right-hand side must be finite and mass "
            + mass
            + " not negligible beside stiffness "
            + stiffness);
  }

  private double dot(double[] x, double[] y) {
    double sum = 0;
    for (int c = 0; c < right.length; c++) {
      sum += x[c] * y[c];
    }
    return sum;
  }

  /** result ≈ A⁻¹ right, symmetric and positive definite. */
  private void cycle() {
    if (path != null) {
      path.solve(right, result);
      return;
    }
    Arrays.fill(result, 0);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j <= i; j++) {
        relax(i, j);
      }
    }
    apply(result, residual);
    Arrays.fill(coarse.right, 0);
    for (int n = 0; n < parents.length; n++) {
      if (shares[n] != 0) {
        int fine = n / CORNERS * width;
        for (int c = 0; c < width; c++) {
          coarse.right[parents[n] * width + c] +=
              shares[n] * (right[fine + c] - residual[fine + c]);
        }
      }
    }
    coarse.cycle();
    for (int n = 0; n < parents.length; n++) {
      if (shares[n] != 0) {
        for (int c = 0; c < width; c++) {
          result[n / CORNERS * width + c] += shares[n] * coarse.result[parents[n] * width + c];
        }
      }
    }
    for (int i = rows - 1; i >= 0; i--) {
      for (int j = i; j >= 0; j--) {
        relax(i, j);
      }
    }
  }

  private void relax(int i, int j) {
    double diagonal = diagonal(i, j);
    int first = at(i, j);
    for (int c = first; c < first + width; c++) {
      result[c] = (right[c] + stiffness * neighbours(result, c, i, j)) / diagonal;
    }
  }
}
