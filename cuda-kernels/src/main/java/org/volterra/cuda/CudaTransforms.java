package org.volterra.cuda;

import java.util.function.BooleanSupplier;
import org.volterra.spi.Activation;
import org.volterra.spi.ChannelNorm;
import org.volterra.spi.DropMask;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Shapes;
import org.volterra.spi.TransformPrimitives;
import org.volterra.spi.TransformShapes;
import org.volterra.spi.Window;

/** The primitives of transforms for one element type: checks at the door, then the launches. */
final class CudaTransforms implements TransformPrimitives {
  private final ElementType type;
  private final Launcher launcher;
  private final WindowKernels windows;
  private final ChannelKernels channels;

  CudaTransforms(ElementType type, CudaContext context, BooleanSupplier closed) {
    this.type = type;
    this.launcher = new Launcher(type, context, closed);
    this.windows = new WindowKernels(launcher);
    this.channels = new ChannelKernels(launcher);
  }

  @Override
  public ElementType type() {
    return type;
  }

  @Override
  public void convolve(Window window, int groups, Matrix x, Matrix weight, double beta, Matrix y) {
    TransformShapes.convolution(type, window, groups, x, weight, y);
    launcher.run(() -> windows.convolve("", window, groups, x, weight, beta, y));
  }

  @Override
  public void convolveTransposed(
      Window window, int groups, Matrix dy, Matrix weight, double beta, Matrix dx) {
    TransformShapes.convolution(type, window, groups, dx, weight, dy);
    launcher.run(() -> windows.convolve("_transposed", window, groups, dy, weight, beta, dx));
  }

  @Override
  public void convolveGradient(Window window, int groups, Matrix x, Matrix dy, Matrix dweight) {
    TransformShapes.convolution(type, window, groups, x, dweight, dy);
    launcher.run(() -> windows.gradient(window, groups, x, dy, dweight));
  }

  @Override
  public void averagePool(Window window, Matrix x, Matrix y) {
    TransformShapes.pooling(type, window, x, y);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(x));
      windows.pool("average_pool", arguments.matrix(launcher.out(0, y)), window, y);
    });
  }

  @Override
  public void averagePoolBackward(Window window, Matrix dy, double beta, Matrix dx) {
    TransformShapes.pooling(type, window, dx, dy);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(dy)).scalar(beta);
      arguments.matrix(launcher.out(beta, dx));
      windows.pool("average_pool_backward", arguments, window, dx);
    });
  }

  @Override
  public void maxPool(Window window, Matrix x, Matrix y) {
    TransformShapes.maxPooling(type, window, x, y);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(x));
      windows.pool("max_pool", arguments.matrix(launcher.out(0, y)), window, y);
    });
  }

  @Override
  public void maxPoolBackward(Window window, Matrix x, Matrix dy, double beta, Matrix dx) {
    TransformShapes.maxPooling(type, window, x, dy);
    Shapes.same("dx", dx, x);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(x));
      arguments.matrix(launcher.in(dy)).scalar(beta).matrix(launcher.out(beta, dx));
      windows.pool("max_pool_backward", arguments, window, dx);
    });
  }

  @Override
  public void moments(Matrix x, Matrix mean, Matrix variance) {
    TransformShapes.columns(type, x, mean, variance);
    launcher.run(() -> channels.moments(x, mean, variance));
  }

  @Override
  public void momentsBackward(
      Matrix x, Matrix mean, Matrix rate, Matrix sum, Matrix product, Matrix dx) {
    TransformShapes.columns(type, x, mean, rate, sum, product);
    Shapes.same("dx", dx, x);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher
              .arguments()
              .scalar(1.0 / x.rows())
              .matrix(launcher.in(x))
              .vector(mean)
              .vector(rate)
              .vector(sum)
              .vector(product)
              .matrix(dx);
      launcher.elementwise("channel", "moments_backward", arguments, false, dx);
    });
  }

  @Override
  public void reciprocalRoot(double epsilon, Matrix x, Matrix y) {
    Shapes.type("y", y, type);
    Shapes.same("x", x, y);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().scalar(epsilon).matrix(launcher.in(x));
      arguments.matrix(launcher.out(0, y));
      launcher.elementwise("channel", "reciprocal_root", arguments, Launcher.flat(x, y), y);
    });
  }

  @Override
  public void multiply(Matrix x, Matrix y, double beta, Matrix z) {
    Shapes.type("z", z, type);
    Shapes.same("x", x, z);
    Shapes.same("y", y, z);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(x));
      arguments.matrix(launcher.in(y)).scalar(beta).matrix(launcher.out(beta, z));
      launcher.elementwise("channel", "multiply", arguments, Launcher.flat(x, y, z), z);
    });
  }

  @Override
  public void normalize(Activation f, ChannelNorm norm, Matrix x, Matrix y) {
    TransformShapes.normalization(type, norm, x);
    Shapes.same("y", y, x);
    launcher.run(() -> channels.normalize(f, norm, x, y));
  }

  @Override
  public void normalizeBackward(
      Activation f,
      ChannelNorm norm,
      Matrix x,
      Matrix dy,
      double beta,
      Matrix dx,
      Matrix dweight,
      Matrix dbias) {
    TransformShapes.normalization(type, norm, x);
    TransformShapes.columns(type, x, dweight, dbias);
    Shapes.same("dy", dy, x);
    Shapes.same("dx", dx, x);
    launcher.run(() -> channels.normalizeBackward(f, norm, x, dy, beta, dx, dweight, dbias));
  }

  @Override
  public void normalizeRows(boolean centered, double epsilon, Matrix x, Matrix y) {
    Shapes.type("x", x, type);
    Shapes.same("y", y, x);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().int32(centered ? 1 : 0).scalar(epsilon);
      arguments.matrix(launcher.in(x)).matrix(launcher.out(0, y));
      launchRows("normalize_rows", arguments, x);
    });
  }

  @Override
  public void normalizeRowsBackward(
      boolean centered, double epsilon, Matrix x, Matrix dy, double beta, Matrix dx) {
    Shapes.type("x", x, type);
    Shapes.same("dy", dy, x);
    Shapes.same("dx", dx, x);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().int32(centered ? 1 : 0).scalar(epsilon);
      arguments.matrix(launcher.in(x)).matrix(launcher.in(dy));
      arguments.scalar(beta).matrix(launcher.out(beta, dx));
      launchRows("normalize_rows_backward", arguments, x);
    });
  }

  @Override
  public void softmaxBackward(Matrix y, Matrix dy, Matrix dx) {
    Shapes.type("y", y, type);
    Shapes.same("dy", dy, y);
    Shapes.same("dx", dx, y);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().matrix(launcher.in(y));
      arguments.matrix(launcher.in(dy)).matrix(launcher.out(0, dx));
      launchRows("softmax_backward", arguments, y);
    });
  }

  /** Launches a kernel that works row by row, whose last arguments are warps, rows, columns. */
  private void launchRows(String kernel, KernelArguments arguments, Matrix x) {
    int warps = VectorProducts.warps(x.columns());
    arguments.int32(warps).int64(x.rows()).int64(x.columns());
    launcher.launch("row", kernel, Grid.ofRows(x.rows(), warps));
  }

  @Override
  public void fillAbove(int diagonal, double value, Matrix x) {
    Shapes.type("x", x, type);
    launcher.run(() -> {
      KernelArguments arguments = launcher.arguments().scalar(value).int64(diagonal).matrix(x);
      launcher.elementwise("row", "fill_above", arguments, false, x, 1);
    });
  }

  @Override
  public void dropout(double rate, long key, Matrix x, double beta, Matrix y) {
    drop(rate, null, key, x, beta, y);
  }

  @Override
  public void dropout(double rate, Matrix stem, long place, Matrix x, double beta, Matrix y) {
    Shapes.check("stem", stem, ElementType.INT32, 1, 2);
    drop(rate, stem, place, x, beta, y);
  }

  /** With a key, or with a stem to which it is added. */
  private void drop(double rate, Matrix stem, long key, Matrix x, double beta, Matrix y) {
    Shapes.type("x", x, type);
    Shapes.same("y", y, x);
    int threshold = DropMask.threshold(rate);
    launcher.run(() -> {
      KernelArguments arguments =
          launcher
              .arguments()
              .int32(threshold)
              .optional(stem)
              .int64(key)
              .scalar(1 / (1 - rate))
              .matrix(launcher.in(x))
              .scalar(beta)
              .matrix(launcher.out(beta, y));
      launcher.elementwise("channel", "dropout", arguments, Launcher.flat(x, y), y, 1);
    });
  }
}
