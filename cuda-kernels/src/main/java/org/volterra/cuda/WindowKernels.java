package org.volterra.cuda;

import org.volterra.spi.Matrix;
import org.volterra.spi.Window;

/**
 * How the kernels of {@code convolution.cu} and {@code pooling.cu} are spread over a device: tiles
 * of 32 rows and 32 channels, and for the gradient of the weights windows in pieces, added in
 * order, where the weights alone would leave the device idle.
 */
final class WindowKernels {
  private static final int TILE = 32;

  /** A piece has at least so many windows. */
  private static final int SHORTEST_PIECE = 256;

  private static final long MOST_PARTIAL_BYTES = 64 << 20;

  private final Launcher launcher;
  private final VectorProducts vectors;

  WindowKernels(Launcher launcher) {
    this.launcher = launcher;
    this.vectors = new VectorProducts(launcher);
  }

  /** y = the convolution of x, or its transpose, + beta * y. */
  void convolve(
      String suffix, Window window, int groups, Matrix x, Matrix weight, double beta, Matrix y) {
    KernelArguments arguments =
        launcher.arguments().matrix(launcher.in(x)).matrix(weight).scalar(beta);
    arguments.matrix(launcher.out(beta, y));
    if (isDepthwise(groups, x, y)) {
      launchChannels("convolution", "depthwise" + suffix, arguments, window, y);
      return;
    }
    int each = y.columns() / groups;
    arguments.int32(x.columns() / groups).int32(each).int64(y.rows());
    long rows = Math.min(Grid.ceil(y.rows(), TILE), Grid.MOST);
    append(arguments, window);
    launcher.launch(
        "convolution", "convolve" + suffix, Grid.ofWarps(groups * Grid.ceil(each, TILE), rows));
  }

  private static boolean isDepthwise(int groups, Matrix x, Matrix y) {
    return groups == x.columns() && groups == y.columns();
  }

  /** dweight += the gradient of the weights. */
  void gradient(Window window, int groups, Matrix x, Matrix dy, Matrix dweight) {
    boolean depthwise = isDepthwise(groups, x, dy);
    int inputs = x.columns() / groups;
    int outputs = dy.columns() / groups;
    long across = depthwise ? Grid.ceil(groups, TILE) : groups * Grid.ceil(outputs, TILE);
    long down = window.taps() * Grid.ceil(inputs, TILE);
    if (down > Grid.MOST) {
      throw new IllegalArgumentException(
          "a window of "
              + window.taps()
              + " taps over "
              + inputs
              + " channels: there must be at most "
              + Grid.MOST
              + " runs of "
              + TILE
              + " of them");
    }
    long fits = MOST_PARTIAL_BYTES / (dweight.size() * launcher.type().bytes());
    long pieces =
        vectors.pieces(across * down, Math.clamp(dy.rows() / SHORTEST_PIECE, 1, Math.max(1, fits)));
    long piece = Grid.ceil(Grid.ceil(dy.rows(), pieces), TILE) * TILE;
    pieces = Grid.ceil(dy.rows(), piece);
    long partial =
        pieces == 1
            ? 0
            : launcher.context().scratch(pieces * dweight.size() * launcher.type().bytes());
    KernelArguments arguments = launcher.arguments().matrix(launcher.in(x)).matrix(launcher.in(dy));
    arguments.matrix(dweight).address(partial);
    if (depthwise) {
      arguments.int32(groups);
    } else {
      arguments.int32(inputs).int32(outputs).int32(groups);
    }
    arguments.int64(piece).int64(dy.rows());
    append(arguments, window);
    launcher.launch(
        "convolution",
        depthwise ? "depthwise_gradient" : "convolve_gradient",
        new Grid(Math.toIntExact(across), (int) down, (int) pieces, Grid.LANES, Grid.WARPS));
    if (pieces > 1) {
      MatrixProduct.sumPieces(launcher, 1, partial, 1, dweight, (int) pieces);
    }
  }

  /** Launches a pooling kernel, whose last arguments are rows, columns and the window. */
  void pool(String kernel, KernelArguments arguments, Window window, Matrix written) {
    launchChannels("pooling", kernel, arguments, window, written);
  }

  private void launchChannels(
      String operation, String kernel, KernelArguments arguments, Window window, Matrix written) {
    arguments.int64(written.rows()).int64(written.columns());
    append(arguments, window);
    launcher.launch(
        operation,
        kernel,
        Grid.elementwise(written.rows(), written.columns(), 1, launcher.mostBlocks()));
  }

  private static void append(KernelArguments arguments, Window w) {
    arguments
        .int32(w.height())
        .int32(w.width())
        .int32(w.kernelHeight())
        .int32(w.kernelWidth())
        .int32(w.strideY())
        .int32(w.strideX())
        .int32(w.padY())
        .int32(w.padX())
        .int32(w.dilationY())
        .int32(w.dilationX());
  }
}
