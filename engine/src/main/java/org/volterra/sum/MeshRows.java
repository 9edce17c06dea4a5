package org.volterra.sum;

import org.volterra.depth.DepthGrid;
import org.volterra.depth.LineMesh;

/**
 * Where the layers of a network lie in a mesh on [0, T]: layers 1 … L as those that sum, layers 0 …
 * L−1 as those whose features are summed. Cells are numbered 0 … M−1; those of one cell follow one
 * another. Immutable.
 */
public final class MeshRows {
  private final int cells;
  private final int layers;
  private final int[] cell;
  private final double[] local;
  private final int[] begin;

  /**
   * Locates the layers.
   *
   * @param grid the layers' depths
   * @param mesh the mesh
   */
  public MeshRows(DepthGrid grid, LineMesh mesh) {
    cells = mesh.intervals();
    layers = grid.layers();
    cell = new int[layers + 1];
    local = new double[layers + 1];
    begin = new int[cells + 1];
    for (int l = 0; l <= layers; l++) {
      cell[l] = mesh.cell(grid.time(l));
      local[l] = mesh.local(grid.time(l));
    }
    for (int j = 0; j <= cells; j++) {
      while (begin[j] <= layers && cell[begin[j]] < j) {
        begin[j]++;
      }
      if (j < cells) {
        begin[j + 1] = begin[j];
      }
    }
  }

  /**
   * The number of cells.
   *
   * @return M
   */
  public int cells() {
    return cells;
  }

  /**
   * The cell of a layer.
   *
   * @param l from 0 to L
   * @return in [0, M)
   */
  public int cell(int l) {
    return cell[l];
  }

  /**
   * Where a layer lies in its cell.
   *
   * @param l from 0 to L
   * @return in [0, 1]
   */
  public double local(int l) {
    return local[l];
  }

  /**
   * The first layer of a cell that sums.
   *
   * @param i cell
   * @return from 1 to L + 1
   */
  public int firstLayer(int i) {
    return Math.max(1, begin[i]);
  }

  /**
   * The number of layers of a cell that sum.
   *
   * @param i cell
   * @return at least 0
   */
  public int layerCount(int i) {
    return begin[i + 1] - firstLayer(i);
  }

  /**
   * The first layer of a cell whose features are summed.
   *
   * @param j cell
   * @return from 0 to L
   */
  public int firstSource(int j) {
    return Math.min(layers, begin[j]);
  }

  /**
   * The number of layers of a cell whose features are summed.
   *
   * @param j cell
   * @return at least 0
   */
  public int sourceCount(int j) {
    return Math.min(layers, begin[j + 1]) - firstSource(j);
  }

  /**
   * The largest number of layers in a cell, as summing or as summed ones.
   *
   * @return at least 1
   */
  public int largest() {
    int largest = 1;
    for (int j = 0; j < cells; j++) {
      largest = Math.max(largest, Math.max(layerCount(j), sourceCount(j)));
    }
    return largest;
  }
}
