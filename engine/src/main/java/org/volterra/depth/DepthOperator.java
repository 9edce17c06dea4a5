package org.volterra.depth;

/**
 * The elliptic operator A = m I + e G on the nodes of a depth mesh, where G is the Laplacian of the
 * graph of neighbouring nodes: the second derivative of ½[m Σ|θ|² + e Σ|θ − θ'|²], the discrete
 * form of ½[λ0‖θ‖² + λ1‖∇θ‖²] (arXiv:2510.02049). Its inverse turns a gradient with respect to node
 * values into one in H¹, whose descent does not slow down as the mesh is refined.
 *
 * <p>A node holds {@code width} numbers, which A does not mix; vectors hold the nodes one after
 * another. Operators keep scratch memory on the heap: one thread at a time.
 */
public interface DepthOperator {
  /**
   * Nodes of a line, each with its two neighbours; solved by the Thomas algorithm.
   *
   * @param nodes number of nodes, at least 1
   * @param width numbers at a node, at least 1
   * @param mass m, positive and finite: λ0 h on [0, T]
   * @param stiffness e, finite and not negative: λ1/h on [0, T]
   * @return the operator
   * @throws IllegalArgumentException if an argument is out of range
   */
  static DepthOperator line(int nodes, int width, double mass, double stiffness) {
    check("nodes", nodes, width, mass, stiffness);
    return new LineOperator(nodes, width, mass, stiffness);
  }

  /**
   * Nodes (i, j), 0 ≤ j ≤ i &lt; rows, of a triangle in the order of {@link TriangleMesh#index},
   * each with its neighbours in its row and its column. These are the nodes of a {@link
   * TriangleMesh} with rows − 1 intervals, and also the pairs k &lt; l of rows layers, with i = l −
   * 1 and j = k. Solved by conjugate gradients, preconditioned by a multigrid cycle: O(nodes).
   *
   * @param rows number of rows, from 1 to 32768
   * @param width numbers at a node, at least 1
   * @param mass m, positive and finite: λ0 h² on the triangle
   * @param stiffness e, finite and not negative: λ1 on the triangle
   * @return the operator
   * @throws IllegalArgumentException if an argument is out of range
   */
  static DepthOperator triangle(int rows, int width, double mass, double stiffness) {
    check("rows", rows, width, mass, stiffness);
    return new TriangleOperator(rows, width, mass, stiffness);
  }

  private static void check(String name, int count, int width, double mass, double stiffness) {
    if (count < 1 || count > 32_768) {
      throw new IllegalArgumentException(name + " " + count + ": must be in 1..32768");
    }
    if (width < 1) {
      throw new IllegalArgumentException("width " + width + ": must be at least 1");
    }
    if (!(mass > 0 && mass < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "mass " + mass + ": must be positive and finite, else constants have no norm");
    }
    if (!(stiffness >= 0 && stiffness < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "stiffness " + stiffness + ": must be finite and not negative");
    }
  }

  /**
   * The length of vectors.
   *
   * @return nodes · width
   */
  int size();

  /**
   * Computes y = A x.
   *
   * @param x a vector
   * @param y receives the product; another array
   */
  void apply(double[] x, double[] y);

  /**
   * Solves A x = b to a relative residual of 10⁻¹².
   *
   * @param b a vector
   * @param x receives the solution; another array
   * @throws IllegalStateException if {@code b} is not finite
   */
  void solve(double[] b, double[] x);

  /**
   * ½ xᵀ A x, the value of the regulariser.
   *
   * @param x a vector
   * @return a number that is not negative
   */
  double energy(double[] x);

  /**
   * √(bᵀ A⁻¹ b), the norm dual to that of the regulariser: the steepest slope of a function with
   * the gradient b, along directions of length 1 in the metric.
   *
   * @param b a vector
   * @return a number that is not negative
   * @throws IllegalStateException if {@code b} is not finite
   */
  default double dualNorm(double[] b) {
    double[] lifted = new double[b.length];
    solve(b, lifted);
    double square = 0;
    for (int i = 0; i < b.length; i++) {
      square += b[i] * lifted[i];
    }
    return Math.sqrt(Math.max(0, square));
  }
}
