package org.volterra.cuda;

import java.util.function.BooleanSupplier;
import org.volterra.spi.DepthPrimitives;
import org.volterra.spi.DepthShapes;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;

/** Attention over slices for one element type: checks at the door, then the launches. */
final class CudaDepth implements DepthPrimitives {
  private final ElementType type;
  private final Launcher launcher;
  private final DepthKernels kernels;

  CudaDepth(ElementType type, CudaContext context, BooleanSupplier closed) {
    this.type = type;
    this.launcher = new Launcher(type, context, closed);
    this.kernels = new DepthKernels(launcher);
  }

  @Override
  public ElementType type() {
    return type;
  }

  @Override
  public void attend(double alpha, double epsilon, Matrix z, Matrix query, double beta, Matrix y) {
    DepthShapes.attention(type, epsilon, z, query, y);
    launcher.run(() -> kernels.attend(alpha, epsilon, z, query, beta, y));
  }

  @Override
  public void attendBackward(
      double alpha, double epsilon, Matrix z, Matrix query, Matrix dy, Matrix dz, Matrix dquery) {
    DepthShapes.gradient(type, epsilon, z, query, dy, dz, dquery);
    launcher.run(() -> kernels.attendBackward(alpha, epsilon, z, query, dy, dz, dquery));
  }
}
