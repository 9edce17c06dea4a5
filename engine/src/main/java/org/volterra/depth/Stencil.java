package org.volterra.depth;

import java.util.Arrays;

/**
 * The nodes of a mesh whose values give a piecewise-linear function's value at a point, with their
 * positive weights, which sum to 1. Immutable.
 */
public final class Stencil {
  private final int[] nodes;
  private final double[] weights;

  private Stencil(int[] nodes, double[] weights) {
    this.nodes = nodes;
    this.weights = weights;
  }

  /**
   * A stencil without the nodes whose weight is 0.
   *
   * @param nodes node indices
   * @param weights one for each node, in [0, 1], at least one positive
   * @return the stencil
   */
  static Stencil of(int[] nodes, double... weights) {
    int size = 0;
    int[] usedNodes = new int[nodes.length];
    double[] usedWeights = new double[nodes.length];
    for (int p = 0; p < nodes.length; p++) {
      if (weights[p] != 0) {
        usedNodes[size] = nodes[p];
        usedWeights[size++] = weights[p];
      }
    }
    return new Stencil(Arrays.copyOf(usedNodes, size), Arrays.copyOf(usedWeights, size));
  }

  /**
   * The number of nodes.
   *
   * @return 1 to 3
   */
  public int size() {
    return nodes.length;
  }

  /**
   * A node.
   *
   * @param p index in [0, size)
   * @return its index in the mesh
   */
  public int node(int p) {
    return nodes[p];
  }

  /**
   * A node's weight.
   *
   * @param p index in [0, size)
   * @return in (0, 1]
   */
  public double weight(int p) {
    return weights[p];
  }
}
