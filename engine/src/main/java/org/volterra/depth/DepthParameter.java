package org.volterra.depth;

import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * A matrix parameter that depends on depth, bound to its memory: the value that layer l uses, and
 * where layer l's gradient goes.
 *
 * <p>Not thread-safe. Values are read anew in every call, so that an optimiser may change the
 * parameters between steps.
 */
public interface DepthParameter {
  /**
   * The value at layer l.
   *
   * @param l layer
   * @return the matrix, valid until the next call
   */
  Matrix value(int l);

  /**
   * Where to add the gradient of the value at layer l; {@link #accumulated} must follow.
   *
   * @param l layer
   * @return a matrix of the value's shape
   */
  Matrix gradient(int l);

  /**
   * Tells that layer l's gradient has been added.
   *
   * @param l layer
   */
  void accumulated(int l);

  /**
   * An independent matrix for every layer.
   *
   * @param values the matrices of layers {@code first}, {@code first + 1}, …
   * @param gradients where their gradients are added
   * @param first the first layer
   * @return the parameter
   */
  static DepthParameter perLayer(Matrix[] values, Matrix[] gradients, int first) {
    return perLayer(values, gradients, first, 1);
  }

  /**
   * An independent matrix for every layer of some.
   *
   * @param values the matrices of layers {@code first}, {@code first + period}, …
   * @param gradients where their gradients are added
   * @param first the first layer
   * @param period distance between the layers, at least 1; others must not ask
   * @return the parameter
   */
  static DepthParameter perLayer(Matrix[] values, Matrix[] gradients, int first, int period) {
    return new Direct(values, gradients, first, period);
  }

  /**
   * One matrix for all layers.
   *
   * @param value the matrix
   * @param gradient where its gradient is added
   * @return the parameter
   */
  static DepthParameter shared(Matrix value, Matrix gradient) {
    return new Direct(new Matrix[] {value}, new Matrix[] {gradient}, 0, Integer.MAX_VALUE);
  }

  /**
   * A field on [0, T], piecewise linear between the nodes of a mesh.
   *
   * @param primitives the device
   * @param grid the layers' depths
   * @param mesh the mesh
   * @param nodes values at its nodes
   * @param nodeGradients where their gradients are added
   * @param value scratch of a node's shape
   * @param gradient scratch of a node's shape
   * @return the parameter
   */
  static DepthParameter line(
      Primitives primitives,
      DepthGrid grid,
      LineMesh mesh,
      Matrix[] nodes,
      Matrix[] nodeGradients,
      Matrix value,
      Matrix gradient) {
    Stencil[] stencils = new Stencil[grid.layers() + 1];
    for (int l = 0; l < stencils.length; l++) {
      stencils[l] = mesh.locate(grid.time(l));
    }
    return new Interpolated(primitives, stencils, nodes, nodeGradients, value, gradient);
  }

  /** The parameters are the values. */
  final class Direct implements DepthParameter {
    private final Matrix[] values;
    private final Matrix[] gradients;
    private final int first;
    private final int period;

    private Direct(Matrix[] values, Matrix[] gradients, int first, int period) {
      this.values = values;
      this.gradients = gradients;
      this.first = first;
      this.period = period;
    }

    @Override
    public Matrix value(int l) {
      return values[(l - first) / period];
    }

    @Override
    public Matrix gradient(int l) {
      return gradients[(l - first) / period];
    }

    @Override
    public void accumulated(int l) {}
  }

  /**
   * Values are linear combinations of node values; gradients are spread back to the nodes with the
   * same weights.
   */
  final class Interpolated implements DepthParameter {
    private final Primitives primitives;
    private final Stencil[] stencils;
    private final Matrix[] nodes;
    private final Matrix[] nodeGradients;
    private final Matrix value;
    private final Matrix gradient;

    private Interpolated(
        Primitives primitives,
        Stencil[] stencils,
        Matrix[] nodes,
        Matrix[] nodeGradients,
        Matrix value,
        Matrix gradient) {
      this.primitives = primitives;
      this.stencils = stencils;
      this.nodes = nodes;
      this.nodeGradients = nodeGradients;
      this.value = value;
      this.gradient = gradient;
    }

    @Override
    public Matrix value(int l) {
      Stencil stencil = stencils[l];
      for (int p = 0; p < stencil.size(); p++) {
        primitives.axpby(stencil.weight(p), nodes[stencil.node(p)], p == 0 ? 0 : 1, value);
      }
      return value;
    }

    @Override
    public Matrix gradient(int l) {
      primitives.fill(0, gradient);
      return gradient;
    }

    @Override
    public void accumulated(int l) {
      Stencil stencil = stencils[l];
      for (int p = 0; p < stencil.size(); p++) {
        primitives.axpby(stencil.weight(p), gradient, 1, nodeGradients[stencil.node(p)]);
      }
    }
  }
}
