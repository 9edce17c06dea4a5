package org.volterra.cuda;

import org.volterra.spi.Activation;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives.Histories;
import org.volterra.spi.PassPrimitives.Lags;
import org.volterra.spi.PassPrimitives.Layers;
import org.volterra.spi.PassPrimitives.Matrices;
import org.volterra.spi.PassPrimitives.Stack;
import org.volterra.spi.PassPrimitives.Triangle;

/**
 * Passes whose elements never meet, by the kernels of {@code scalar_pass.cu}: as many elements to a
 * block as keep their history in its shared memory.
 */
final class ScalarPasses {
  /** Layers that are taken together. */
  private static final int GROUP = 8;

  /** More of them gain nothing. */
  private static final int MOST_WARPS = 4;

  private final Launcher launcher;

  ScalarPasses(Launcher launcher) {
    this.launcher = launcher;
  }

  /** Whether shared memory holds the history of a warp's elements. */
  boolean suits(int layers, int rows) {
    return sharedBytes(layers, 1) <= launcher.context().mostSharedBytes() && rows <= Grid.MOST;
  }

  private long sharedBytes(int layers, int warps) {
    long elements = (layers + 1L) * Grid.LANES * warps + (layers + GROUP) * (long) GROUP + layers;
    return elements * launcher.type().bytes();
  }

  /** Rows of a block: what shares coefficients, as far as shared memory goes. */
  private int warps(int layers) {
    int warps = MOST_WARPS;
    while (sharedBytes(layers, warps) > launcher.context().mostSharedBytes()) {
      warps /= 2;
    }
    return warps;
  }

  /** Blocks along the rows, each of which leaves sums for the bias. */
  private int blocks(int layers, int rows) {
    return (int) Grid.ceil(rows, warps(layers));
  }

  /** The sums for the bias of all blocks, in bytes. */
  long scratchBytes(int layers, int rows, int channels) {
    return (long) blocks(layers, rows) * layers * channels * launcher.type().bytes();
  }

  private static boolean keepsFeatures(Layers network, Histories memory) {
    return memory.features() != null && network.feature() != Activation.IDENTITY;
  }

  void forward(Layers network, Histories memory) {
    Matrix state = memory.states().first();
    KernelArguments arguments = begin(network);
    functions(arguments.optional(network.bias()), network)
        .vector(state)
        .optional(keepsFeatures(network, memory) ? memory.features().first() : null)
        .optional(memory.sums() == null ? null : memory.sums().first());
    launch("scalar_forward", arguments, network, memory);
  }

  void adjoint(
      Layers network,
      Histories memory,
      Matrix lastCostate,
      Stack gradients,
      Matrix initialCostate,
      Matrix biasGradient) {
    Matrix state = memory.states().first();
    int blocks = blocks(network.layers(), state.rows());
    long partial =
        biasGradient == null
            ? 0
            : launcher
                .context()
                .scratch(scratchBytes(network.layers(), state.rows(), state.columns()));
    KernelArguments arguments = functions(begin(network), network);
    arguments
        .vector(state)
        .optional(memory.sums() == null ? null : memory.sums().first())
        .vector(lastCostate)
        .optional(gradients == null ? null : gradients.first())
        .vector(initialCostate)
        .address(partial);
    launch("scalar_adjoint", arguments, network, memory);
    if (biasGradient != null) {
      MatrixProduct.sumPieces(launcher, 1, partial, 1, biasGradient, blocks);
    }
  }

  /** Begins the arguments of both kernels: coefficients and scale. */
  private KernelArguments begin(Layers network) {
    KernelArguments arguments = launcher.arguments();
    switch (network.kernel()) {
      case Triangle triangle -> arguments.vector(triangle.coefficients()).int32(0);
      case Lags lags -> arguments.vector(lags.reversed()).int32(1);
      case Matrices matrices -> throw new IllegalArgumentException("the kernel has matrices");
    }
    return arguments.scalar(network.scale());
  }

  private static KernelArguments functions(KernelArguments arguments, Layers network) {
    return CudaPasses.functions(arguments, network).int32(network.fromInitial() ? 1 : 0);
  }

  /** Launches a kernel whose last arguments are the slice, layers, rows and channels. */
  private void launch(String kernel, KernelArguments arguments, Layers network, Histories memory) {
    Matrix state = memory.states().first();
    int warps = warps(network.layers());
    arguments
        .int64(memory.states().distance())
        .int32(network.layers())
        .int64(state.rows())
        .int32(state.columns());
    Grid grid =
        new Grid(
            (int) Grid.ceil(state.columns(), Grid.LANES),
            (int) Grid.ceil(state.rows(), warps),
            1,
            Grid.LANES,
            warps);
    launcher.launch(
        "scalar_pass", kernel, grid, Math.toIntExact(sharedBytes(network.layers(), warps)));
  }
}
