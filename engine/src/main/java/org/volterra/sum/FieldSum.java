package org.volterra.sum;

import org.volterra.depth.TriangleMesh;
import org.volterra.memory.History;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * The sum with a kernel field that is piecewise linear on a triangle mesh, K(t, s) = Σ_nodes w(t,
 * s) Θ: features are first summed with the scalar weights w of each node and only then multiplied
 * by its matrix Θ.
 *
 * <p>Layers are taken in blocks, one for each row of mesh cells. When the first layer of a block
 * asks, all earlier blocks are pushed to it: for each node two GEMMs with scalar weights and one
 * with Θ. Within a block (the diagonal cells, where the weights are linear in t and s) the sums Σ
 * z_k and Σ σ_k z_k run along. With M intervals, L layers and n = rows · channels numbers in a
 * state this costs about 4 L² n flops in scalar GEMMs and 4 M L rows e d in matrix GEMMs, where a
 * dense kernel costs L² rows e d; the adjoint is the transpose of each step, and recomputes the
 * weighted sums instead of keeping them.
 */
public final class FieldSum implements CumulativeSum {
  private final Primitives p;
  private final double scale;
  private final MeshRows mesh;
  private final Matrix[] nodes;
  private final Matrix[] nodeGradients;
  private final History history;
  private final History gradient;
  private final FieldScratch scratch;
  private final FieldWeights table;
  private final Matrix[] cellFeatures;
  private final Matrix[] cellGradients;

  /**
   * Binds the sum.
   *
   * @param primitives the device
   * @param scale factor h of the sum
   * @param mesh where the layers lie in the mesh
   * @param nodes values at the mesh's nodes, each e × d, the transpose of K there
   * @param nodeGradients where their gradients are added, or null if {@link #adjoint} will not be
   *     called
   * @param history z, slice-major
   * @param gradient ∂J/∂z, slice-major, or null if {@link #adjoint} will not be called
   * @param scratch memory for blocks of layers
   * @param table the weights of blocks; null if the host computes them when they are needed
   */
  public FieldSum(
      Primitives primitives,
      double scale,
      MeshRows mesh,
      Matrix[] nodes,
      Matrix[] nodeGradients,
      History history,
      History gradient,
      FieldScratch scratch,
      FieldWeights table) {
    this.p = primitives;
    this.scale = scale;
    this.mesh = mesh;
    this.nodes = nodes;
    this.nodeGradients = nodeGradients;
    this.history = history;
    this.gradient = gradient;
    this.scratch = scratch;
    this.table = table;
    cellFeatures = new Matrix[mesh.cells()];
    cellGradients = new Matrix[mesh.cells()];
    for (int j = 0; j < mesh.cells(); j++) {
      if (mesh.sourceCount(j) > 0) {
        cellFeatures[j] = history.slices(mesh.firstSource(j), mesh.sourceCount(j));
        cellGradients[j] =
            gradient == null ? null : gradient.slices(mesh.firstSource(j), mesh.sourceCount(j));
      }
    }
  }

  @Override
  public History.Layout layout() {
    return History.Layout.SLICE_MAJOR;
  }

  @Override
  public boolean usesHost() {
    return table == null;
  }

  @Override
  public Matrix operand(Matrix state) {
    return state;
  }

  @Override
  public void forward(int l, Matrix u) {
    int i = mesh.cell(l);
    if (l == mesh.firstLayer(i)) {
      p.fill(0, scratch.blockRows(mesh.layerCount(i)));
      for (int row = i; row <= i + 1; row++) {
        for (int j = 0; j <= i; j++) {
          if (weigh(i, row, j)) {
            p.gemm(
                scale,
                scratch.weightedRows(mesh.layerCount(i)),
                false,
                node(nodes, row, j),
                false,
                1,
                scratch.blockRows(mesh.layerCount(i)));
          }
        }
      }
      startRunning(i);
    } else {
      advance(l);
    }
    p.axpby(1, scratch.blockRow(l - mesh.firstLayer(i)), 1, u);
    if (l > mesh.firstSource(i)) {
      interpolate(i, mesh.local(l));
      p.gemm(scale, scratch.running(0), false, scratch.first(), false, 1, u);
      p.gemm(scale, scratch.running(1), false, scratch.second(), false, 1, u);
    }
  }

  @Override
  public void adjoint(int l, Matrix delta) {
    int i = mesh.cell(l);
    int count = mesh.layerCount(i);
    if (l == mesh.firstLayer(i) + count - 1) {
      recordRunning(i);
      p.fill(0, scratch.runningGradient(0));
      p.fill(0, scratch.runningGradient(1));
    }
    int index = l - mesh.firstLayer(i);
    p.axpby(1, delta, 0, scratch.blockRow(index));
    if (l > mesh.firstSource(i)) {
      diagonalAdjoint(l, i, index, delta);
    }
    if (index == 0) {
      for (int row = i; row <= i + 1; row++) {
        for (int j = 0; j <= i; j++) {
          nodeAdjoint(i, row, j);
        }
      }
    }
  }

  /**
   * Adds node (row, j)'s part in the sums of block i to its gradient and to those of the features.
   */
  private void nodeAdjoint(int i, int row, int j) {
    int count = mesh.layerCount(i);
    if (!weigh(i, row, j)) {
      return;
    }
    Matrix delta = scratch.blockRows(count);
    p.gemm(scale, scratch.weightedRows(count), true, delta, false, 1, node(nodeGradients, row, j));
    p.gemm(scale, delta, false, node(nodes, row, j), true, 0, scratch.weightedRows(count));
    for (int b = 0; b <= 1; b++) {
      int cell = j - b;
      if (isFinished(cell, i)) {
        p.gemm(
            1,
            weights(i, row, cell, b),
            true,
            scratch.weighted(count),
            false,
            1,
            cellGradients[cell]);
      }
    }
  }

  /**
   * Sums the features of the finished cells beside node (row, j) with its weights, for all layers
   * of block i.
   */
  private boolean weigh(int i, int row, int j) {
    int count = mesh.layerCount(i);
    double beta = 0;
    for (int b = 0; b <= 1; b++) {
      int cell = j - b;
      if (isFinished(cell, i)) {
        p.gemm(
            1,
            weights(i, row, cell, b),
            false,
            cellFeatures[cell],
            false,
            beta,
            scratch.weighted(count));
        beta = 1;
      }
    }
    return beta == 1;
  }

  private boolean isFinished(int cell, int i) {
    return cell >= 0 && cell < i && cellFeatures[cell] != null;
  }

  /** Weights of corner (row − i, b) of cell (i, j): layers of block i × features of block j. */
  private Matrix weights(int i, int row, int j, int b) {
    return table == null ? scratch.weights(mesh, i, j, row - i, b) : table.corner(i, j, row - i, b);
  }

  private static Matrix node(Matrix[] all, int row, int column) {
    return all[TriangleMesh.index(row, column)];
  }

  private void startRunning(int i) {
    p.fill(0, scratch.running(0));
    p.fill(0, scratch.running(1));
    int first = mesh.firstLayer(i);
    if (mesh.firstSource(i) < first) {
      advance(first);
    }
  }

  /** Adds the features of layer l − 1, which lie in the same block, to the running sums. */
  private void advance(int l) {
    p.axpby(1, history.slice(l - 1), 1, scratch.running(0));
    p.axpby(mesh.local(l - 1), history.slice(l - 1), 1, scratch.running(1));
  }

  /** Runs through block i again, keeping the running sums of each of its layers. */
  private void recordRunning(int i) {
    startRunning(i);
    int first = mesh.firstLayer(i);
    for (int index = 0; index < mesh.layerCount(i); index++) {
      if (index > 0) {
        advance(first + index);
      }
      p.axpby(1, scratch.running(0), 0, scratch.recorded(0, index));
      p.axpby(1, scratch.running(1), 0, scratch.recorded(1, index));
    }
  }

  /**
   * The matrices of Σ z and Σ σ z in the diagonal cell i: (1−τ) Θ_ii + τ Θ_{i+1,i} and Θ_{i+1,i+1}
   * − Θ_{i+1,i}.
   */
  private void interpolate(int i, double tau) {
    p.axpby(1 - tau, node(nodes, i, i), 0, scratch.first());
    p.axpby(tau, node(nodes, i + 1, i), 1, scratch.first());
    p.axpby(1, node(nodes, i + 1, i + 1), 0, scratch.second());
    p.axpby(-1, node(nodes, i + 1, i), 1, scratch.second());
  }

  private void diagonalAdjoint(int l, int i, int index, Matrix delta) {
    double tau = mesh.local(l);
    interpolate(i, tau);
    p.gemm(scale, delta, false, scratch.first(), true, 1, scratch.runningGradient(0));
    p.gemm(scale, delta, false, scratch.second(), true, 1, scratch.runningGradient(1));
    p.gemm(scale, scratch.recorded(0, index), true, delta, false, 0, scratch.first());
    p.gemm(scale, scratch.recorded(1, index), true, delta, false, 0, scratch.second());
    p.axpby(1 - tau, scratch.first(), 1, node(nodeGradients, i, i));
    p.axpby(tau, scratch.first(), 1, node(nodeGradients, i + 1, i));
    p.axpby(1, scratch.second(), 1, node(nodeGradients, i + 1, i + 1));
    p.axpby(-1, scratch.second(), 1, node(nodeGradients, i + 1, i));
    p.axpby(1, scratch.runningGradient(0), 1, gradient.slice(l - 1));
    p.axpby(mesh.local(l - 1), scratch.runningGradient(1), 1, gradient.slice(l - 1));
  }
}
