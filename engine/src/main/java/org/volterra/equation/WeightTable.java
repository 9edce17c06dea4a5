package org.volterra.equation;

import org.volterra.depth.DepthGrid;

/**
 * The weights h w_{l,k} of a method on a grid, each computed once. On the uniform grid a weight of
 * k &gt; 0 depends on l − k alone, so that a table holds 2 L numbers, else all pairs.
 */
final class WeightTable {
  private final boolean uniform;
  private final double[] first;
  private final double[] inner;

  /** A weight that a method gives for two nodes, relative to the mean step. */
  interface Weight {
    double of(DepthGrid grid, double exponent, int l, int k);
  }

  WeightTable(Weight weight, DepthGrid grid, double exponent) {
    int layers = grid.layers();
    double h = grid.step();
    uniform = grid.isUniform();
    first = new double[layers + 1];
    inner = new double[uniform ? layers : Math.toIntExact(layers * (layers + 1L) / 2)];
    for (int l = 1; l <= layers; l++) {
      first[l] = h * weight.of(grid, exponent, l, 0);
      if (uniform) {
        inner[l - 1] = h * weight.of(grid, exponent, l, 1);
      } else {
        for (int k = 1; k <= l; k++) {
          inner[triangle(l, k)] = h * weight.of(grid, exponent, l, k);
        }
      }
    }
  }

  /** h w_{l,k} for 0 ≤ k ≤ l, 1 ≤ l. */
  double at(int l, int k) {
    return k == 0 ? first[l] : inner[uniform ? l - k : triangle(l, k)];
  }

  private static int triangle(int l, int k) {
    return l * (l - 1) / 2 + k - 1;
  }
}
