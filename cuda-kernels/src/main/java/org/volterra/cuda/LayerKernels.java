package org.volterra.cuda;

import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.Epilogue;
import org.volterra.spi.Matrix;

/** The kernels of {@code layer.cu}: what surrounds the sum of a layer, as the end of a product. */
final class LayerKernels {
  private final Launcher launcher;

  LayerKernels(Launcher launcher) {
    this.launcher = launcher;
  }

  /** Whether something of it lies in memory of the host. */
  static boolean isOffloaded(Epilogue e) {
    return isOffloaded(e.bias(), e.sum(), e.source(), e.state(), e.result());
  }

  /** Whether something of it lies in memory of the host. */
  static boolean isOffloaded(AdjointEpilogue e) {
    return isOffloaded(e.slope(), e.state(), e.costate(), e.initial(), e.sum(), e.delta());
  }

  static boolean isOffloaded(Matrix... matrices) {
    for (Matrix m : matrices) {
      if (m != null && m.buffer() instanceof OffloadedBuffer) {
        return true;
      }
    }
    return false;
  }

  Gemm.Ending ending(Epilogue e) {
    Matrix target = e.target();
    return (alpha, partial, pieces) -> {
      KernelArguments arguments = begin(alpha, partial, pieces);
      arguments.optional(e.bias()).int32(CudaPasses.number(e.activation()));
      arguments.optionalMatrix(e.source()).optionalMatrix(e.sum()).optionalMatrix(e.state());
      arguments.int32(CudaPasses.number(e.feature())).scalar(e.weight());
      arguments.optionalMatrix(e.result());
      end("layer_forward", arguments, target, pieces);
    };
  }

  Gemm.Ending ending(AdjointEpilogue e) {
    Matrix state = e.costate() == null ? null : e.state();
    return (alpha, partial, pieces) -> {
      KernelArguments arguments = begin(alpha, partial, pieces).matrix(e.slope());
      arguments.int32(CudaPasses.number(e.feature())).scalar(e.weight());
      arguments.optionalMatrix(state).optionalMatrix(e.costate()).optionalMatrix(e.initial());
      arguments.int32(CudaPasses.number(e.activation()));
      arguments.optionalMatrix(e.sum()).optionalMatrix(e.delta());
      end("layer_adjoint", arguments, e.slope(), pieces);
    };
  }

  private KernelArguments begin(double alpha, long partial, int pieces) {
    return launcher.arguments().scalar(alpha).address(partial).int32(pieces);
  }

  private void end(String kernel, KernelArguments arguments, Matrix shape, int pieces) {
    arguments.int64(shape.rows()).int64(shape.columns());
    launcher.launch("layer", kernel, MatrixProduct.sumGrid(launcher, shape, pieces));
  }
}
