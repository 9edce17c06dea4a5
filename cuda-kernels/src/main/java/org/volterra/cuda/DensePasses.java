package org.volterra.cuda;

import org.volterra.spi.Activation;
import org.volterra.spi.Matrix;
import org.volterra.spi.PassPrimitives.Histories;
import org.volterra.spi.PassPrimitives.Layers;
import org.volterra.spi.PassPrimitives.Matrices;
import org.volterra.spi.PassPrimitives.Stack;

/**
 * Passes of small networks with matrices, by the kernels of {@code dense_pass.cu}: blocks that wait
 * for one another's layers.
 */
final class DensePasses {
  /** Rows of a block. */
  private static final int ROWS = 16;

  private static final int THREADS = 256;
  private static final int GRADIENT_THREADS = 128;

  /** Elements that a thread adds up a part of. */
  private static final int SUMS = 16;

  private static final int MOST_CHANNELS = 64;

  /** Of tickets, before the messages. */
  private static final long TICKET_BYTES = 16;

  /** With more rows products of whole layers keep a device busy. */
  private static final int MOST_ROWS = 128;

  /** Layers from which on a pass gains. */
  private static final int LEAST_LAYERS = 4;

  private final Launcher launcher;

  DensePasses(Launcher launcher) {
    this.launcher = launcher;
  }

  /** Whether the network is small, and its rows are whole packs. */
  boolean suits(int layers, int rows, int channels) {
    return layers >= LEAST_LAYERS
        && rows <= MOST_ROWS
        && channels <= MOST_CHANNELS
        && channels % launcher.width() == 0
        && sharedBytes(channels) <= launcher.context().mostSharedBytes();
  }

  private int sharedBytes(int channels) {
    int pitch = channels + launcher.width();
    int kernels = Math.max(2 * channels * pitch, THREADS * SUMS);
    return (3 * ROWS * pitch + kernels) * launcher.type().bytes();
  }

  private static int tiles(int rows) {
    return (int) Grid.ceil(rows, ROWS);
  }

  /** The most that an adjoint takes beside its operands: δ and λ of all layers, and tickets. */
  long scratchBytes(int layers, int rows, int channels) {
    return TICKET_BYTES + 2L * layers * rows * channels * launcher.type().bytes();
  }

  /** Tickets and behind them the messages of all layers, none of which is sent yet. */
  private void clear(long order, int layers, Matrix state) {
    long count = TICKET_BYTES / launcher.type().bytes() + layers * state.size();
    launcher.arguments().scalar(Double.NaN).address(order).int64(count).int64(1).int64(count);
    launcher.launch(
        "axpby", "fill", Grid.elementwise(1, count, launcher.width(), launcher.mostBlocks()));
  }

  void forward(Layers network, Matrices kernel, Histories memory) {
    Matrix state = memory.states().first();
    Matrix feature = memory.features().first();
    if (network.feature() != Activation.IDENTITY) {
      KernelArguments arguments = launcher.arguments().matrix(state).matrix(feature);
      launcher.elementwise(
          "activation", "activate_" + network.feature(), arguments, false, feature);
    }
    int layers = network.layers();
    long slices = layers * state.size() * launcher.type().bytes();
    long order = launcher.context().scratch(TICKET_BYTES + slices);
    clear(order, layers, state);
    KernelArguments arguments =
        launcher
            .arguments()
            .vector(kernel.weights())
            .scalar(network.scale())
            .optional(network.bias());
    CudaPasses.functions(arguments, network).int32(network.fromInitial() ? 1 : 0);
    sums(stack(stack(arguments, memory.states()), memory.features()), memory).address(order);
    launch("dense_forward", layers, arguments, layers, state);
  }

  void adjoint(
      Layers network,
      Matrices kernel,
      Histories memory,
      Matrix lastCostate,
      Stack gradients,
      Matrix initialCostate,
      Matrix biasGradient) {
    Matrix state = memory.states().first();
    int layers = network.layers();
    boolean plain = network.activation() == Activation.IDENTITY;
    long slices = layers * state.size() * launcher.type().bytes();
    long order = launcher.context().scratch(TICKET_BYTES + (plain ? 1 : 2) * slices);
    long delta = order + TICKET_BYTES;
    long lambda = plain ? delta : delta + slices;
    clear(order, layers, state);
    KernelArguments arguments =
        launcher.arguments().vector(kernel.weights()).scalar(network.scale());
    stack(CudaPasses.functions(arguments, network), memory.states());
    stack(sums(arguments, memory).vector(lastCostate), gradients)
        .address(delta)
        .address(lambda)
        .vector(initialCostate)
        .address(order);
    launch("dense_adjoint", layers + 1, arguments, layers, state);
    if (network.fromInitial()) {
      MatrixProduct.sumPieces(launcher, 1, lambda, 1, initialCostate, layers);
    }
    arguments = launcher.arguments().scalar(network.scale());
    stack(arguments, memory.features())
        .address(delta)
        .vector(kernel.gradients())
        .optional(biasGradient)
        .int32(state.rows())
        .int32(state.columns());
    int pairs = Math.toIntExact(layers * (layers + 1L) / 2);
    launcher.launch("dense_pass", "dense_gradient", new Grid(pairs, 1, 1, GRADIENT_THREADS, 1));
  }

  /** The address of a stack, and the distances of its matrices and their rows. */
  private static KernelArguments stack(KernelArguments arguments, Stack stack) {
    return arguments.vector(stack.first()).int64(stack.distance()).int64(stack.first().stride());
  }

  /** The address and the distance of the sums, or zeros. */
  private static KernelArguments sums(KernelArguments arguments, Histories memory) {
    Stack sums = memory.sums();
    return arguments
        .optional(sums == null ? null : sums.first())
        .int64(sums == null ? 0 : sums.distance());
  }

  /** Launches blocks for each tile of so many layers; the last arguments are the sizes. */
  private void launch(
      String kernel, int parts, KernelArguments arguments, int layers, Matrix state) {
    arguments.int32(layers).int32(state.rows()).int32(state.columns());
    Grid grid = new Grid(Math.multiplyExact(parts, tiles(state.rows())), 1, 1, THREADS, 1);
    launcher.launch("dense_pass", kernel, grid, sharedBytes(state.columns()));
  }
}
