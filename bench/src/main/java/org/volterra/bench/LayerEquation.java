package org.volterra.bench;

import org.volterra.Network;
import org.volterra.ParameterLayout;
import org.volterra.Workspace;
import org.volterra.depth.DepthGrid;
import org.volterra.depth.Stencil;
import org.volterra.depth.TriangleMesh;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/**
 * Checks a forward pass at its full size: some elements of some layers are compared with x_l = x_0
 * + b_l + h Σ_{k&lt;l} K_{l,k} tanh(x_k), summed in float64 from the states. Costs O(L · d) for
 * each element, where a reference pass would take minutes.
 */
final class LayerEquation {
  private static final double TOLERANCE = 1e-4;

  private final Network network;
  private final Workspace workspace;

  private LayerEquation(DepthCase c) {
    network = c.network();
    workspace = c.workspace();
  }

  /**
   * Checks the last forward pass.
   *
   * @throws WrongResultException naming the first element that is wrong
   */
  static void check(DepthCase c) {
    LayerEquation equation = new LayerEquation(c);
    int layers = c.network().spec().depth();
    int lastRow = c.workspace().batch() - 1;
    int lastChannel = c.network().spec().channels() - 1;
    for (int l : new int[] {1, (layers + 1) / 2, layers}) {
      equation.element(l, 0, lastChannel / 2);
      equation.element(l, lastRow / 2, 0);
      equation.element(l, lastRow, lastChannel);
    }
    finite(c.network(), c.workspace().state(layers));
  }

  /**
   * Counts NaN and infinite elements.
   *
   * @throws WrongResultException if there are any
   */
  static void finite(Network network, Matrix values) {
    try (var memory = network.provider().allocate(ElementType.FLOAT64, 1)) {
      network
          .provider()
          .primitives(network.type())
          .countNonFinite(values, Matrix.of(memory, 0, 1, 1));
      WrongResultException.unlessClose("number of non-finite results", memory.get(0), 0, 0);
    }
  }

  private void element(int l, int row, int channel) {
    double sum = 0;
    double size = 0;
    for (int k = 0; k < l; k++) {
      Matrix x = workspace.state(k);
      for (int a = 0; a < x.columns(); a++) {
        double weight = kernel(l, k, a, channel);
        if (weight != 0) {
          double term = weight * Math.tanh(x.get(row, a));
          sum += term;
          size += Math.abs(term);
        }
      }
    }
    double scale = network.spec().scale();
    double initial = workspace.state(0).get(row, channel);
    double bias = network.parameter("bias." + l).get(0, channel);
    WrongResultException.unlessClose(
        "state of layer "
            + l
            + ", sample "
            + row
            + ", channel "
            + channel
            + " with kernel "
            + network.spec().kernel()
            + " on "
            + network.provider().name(),
        workspace.state(l).get(row, channel),
        initial + bias + scale * sum,
        TOLERANCE * (Math.abs(initial) + Math.abs(bias) + scale * size));
  }

  /** Element (channel, a) of K_{l,k}. */
  private double kernel(int l, int k, int a, int channel) {
    int width = network.spec().featureChannels();
    return switch (network.spec().kernel()) {
      case DepthKernel.Dense dense -> network.parameter("kernel." + l).get(k * width + a, channel);
      case DepthKernel.Scalar scalar when scalar.trainable() ->
          a != channel ? 0 : network.parameter("kernel." + l).get(0, k);
      case DepthKernel.Field field -> field(field, l, k, a, channel);
      case ScalarKernel.Parametric given -> a != channel ? 0 : given(given, l, k);
      case ScalarKernel given when !given.trainable() ->
          a != channel ? 0 : given.coefficient(network.spec().grid(), l, k);
      default -> throw new IllegalArgumentException("kernel " + network.spec().kernel());
    };
  }

  private double given(ScalarKernel.Parametric kernel, int l, int k) {
    DepthGrid grid = network.spec().grid();
    double[] theta = network.parameter("kernel.parameters").toArray();
    return kernel.function().at(grid.time(l), grid.time(k), theta);
  }

  private double field(DepthKernel.Field field, int l, int k, int a, int channel) {
    TriangleMesh mesh = new TriangleMesh(field.intervals(), network.spec().grid().horizon());
    Stencil stencil = mesh.locate(network.spec().grid().time(l), network.spec().grid().time(k));
    ParameterLayout.Group group = network.layout().groups().get("kernel");
    int width = network.spec().featureChannels();
    double value = 0;
    for (int p = 0; p < stencil.size(); p++) {
      int row = 0;
      while (TriangleMesh.index(row + 1, 0) <= stencil.node(p)) {
        row++;
      }
      int column = stencil.node(p) - TriangleMesh.index(row, 0);
      Matrix nodes = network.parameter(group.entries().get(row).name());
      value += stencil.weight(p) * nodes.get(column * width + a, channel);
    }
    return value;
  }
}
