package org.volterra.cuda;

import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.Matrix;

/**
 * How the kernels of {@code channel.cu} that reduce columns are launched: blocks over 32 columns
 * and pieces of the rows, whose sums are added in order; and functions other than ReLU and the
 * identity by the kernels of {@code activation.cu}.
 */
final class ChannelKernels {
  /** A piece has at least so many rows. */
  private static final int SHORTEST_PIECE = 64;

  private final Launcher launcher;
  private final VectorProducts vectors;

  ChannelKernels(Launcher launcher) {
    this.launcher = launcher;
    this.vectors = new VectorProducts(launcher);
  }

  /** Rows in pieces. */
  private record Pieces(int count, long rows, Grid grid) {}

  private Pieces pieces(Matrix x) {
    long across = Grid.ceil(x.columns(), Grid.LANES);
    long pieces = vectors.pieces(across, x.rows() / SHORTEST_PIECE);
    long rows = Grid.ceil(x.rows(), pieces);
    int count = (int) Grid.ceil(x.rows(), rows);
    return new Pieces(count, rows, Grid.ofWarps(across, count));
  }

  void moments(Matrix x, Matrix mean, Matrix variance) {
    Matrix seen = launcher.in(x);
    vectors.columns(1.0 / x.rows(), seen, null, 0, mean);
    Pieces pieces = pieces(x);
    long partial = launcher.context().scratch((long) pieces.count() * x.columns() * Double.BYTES);
    launcher
        .arguments()
        .matrix(seen)
        .vector(mean)
        .address(partial)
        .int64(pieces.rows())
        .int64(x.rows())
        .int64(x.columns());
    launcher.launch("channel", "deviations", pieces.grid());
    vectors.addPartials(1.0 / x.rows(), partial, 0, variance, pieces.count());
  }

  private static boolean isFused(Activation f) {
    return f == Activation.IDENTITY || f == Activation.RELU;
  }

  /** The function that is fused, and the vectors. */
  private KernelArguments begin(Activation f, ChannelNorm norm) {
    KernelArguments arguments = launcher.arguments().int32(f == Activation.RELU ? 1 : 0);
    if (norm.mean() == null) {
      arguments.address(0).address(0);
    } else {
      arguments.vector(norm.mean()).vector(norm.rate());
    }
    return arguments.vector(norm.weight()).vector(norm.bias());
  }

  void normalize(Activation f, ChannelNorm norm, Matrix x, Matrix y) {
    KernelArguments arguments = begin(f, norm).matrix(launcher.in(x)).matrix(launcher.out(0, y));
    launcher.elementwise("channel", "normalize", arguments, false, y);
    if (!isFused(f)) {
      KernelArguments inPlace = launcher.arguments().matrix(y).matrix(y);
      launcher.elementwise("activation", "activate_" + f, inPlace, Launcher.flat(y), y);
    }
  }

  void normalizeBackward(
      Activation f,
      ChannelNorm norm,
      Matrix x,
      Matrix dy,
      double beta,
      Matrix dx,
      Matrix dweight,
      Matrix dbias) {
    Pieces pieces = pieces(x);
    long sums = (long) pieces.count() * x.columns() * Double.BYTES;
    long slopes = isFused(f) ? 0 : x.size() * launcher.type().bytes();
    long partial = launcher.context().scratch(2 * sums + slopes);
    long slope = partial + 2 * sums;
    if (!isFused(f)) {
      argumentSlopes(f, norm, x, dy, slope);
    }
    KernelArguments arguments = begin(f, norm).matrix(launcher.in(x));
    if (isFused(f)) {
      arguments.matrix(launcher.in(dy));
    } else {
      arguments.address(slope).int64(x.columns());
    }
    arguments
        .scalar(beta)
        .matrix(launcher.out(beta, dx))
        .address(partial)
        .int64(pieces.rows())
        .int64(x.rows())
        .int64(x.columns());
    launcher.launch("channel", "normalize_backward", pieces.grid());
    vectors.addPartials(1, partial, 1, dweight, pieces.count());
    vectors.addPartials(1, partial + sums, 1, dbias, pieces.count());
  }

  /** f' of the argument of f, times dy, in scratch without gaps. */
  private void argumentSlopes(Activation f, ChannelNorm norm, Matrix x, Matrix dy, long slope) {
    KernelArguments argument =
        begin(Activation.IDENTITY, norm).matrix(launcher.in(x)).address(slope).int64(x.columns());
    launcher.elementwise("channel", "normalize", argument, false, x);
    KernelArguments derivative =
        launcher.arguments().address(slope).int64(x.columns()).matrix(launcher.in(dy));
    derivative.scalar(0).address(slope).int64(x.columns());
    launcher.elementwise("activation", "derive_" + f, derivative, false, x);
  }
}
