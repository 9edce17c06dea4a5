package org.volterra.sum;

import java.util.function.DoubleUnaryOperator;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.ScalarKernel;

/** What algorithms need to know of kernels that are given functions. */
final class FixedKernels {
  private FixedKernels() {}

  /**
   * Whether coefficients depend on the lag l − k alone and are, or are given by, numbers for each
   * lag.
   */
  static boolean isLags(ScalarKernel kernel, DepthGrid grid) {
    return grid.isUniform() && isConvolution(kernel);
  }

  private static boolean isConvolution(ScalarKernel kernel) {
    return kernel instanceof ScalarKernel.Convolution
        || kernel instanceof ScalarKernel.Fractional
        || (kernel instanceof ScalarKernel.Exponentials && !kernel.trainable());
  }

  /** Why the coefficients are no numbers for each lag. */
  static String whyNoLags(ScalarKernel kernel) {
    return isConvolution(kernel) ? "the grid is graded" : "the kernel is no convolution";
  }

  /**
   * A given kernel's tail as exponentials; the tolerance is relative to its largest coefficient.
   */
  static ExponentialFit fit(ScalarKernel kernel, DepthGrid grid, double tolerance) {
    double from = (FittedSum.HEAD + 1) * grid.step();
    DoubleUnaryOperator tail =
        switch (kernel) {
          case ScalarKernel.Convolution lags -> lags.function();
          case ScalarKernel.Fractional lags -> t -> lags.weight(grid.step(), t / grid.step());
          default -> throw new IllegalArgumentException("kernel " + kernel + ": no convolution");
        };
    return ExponentialFit.of(tail, from, grid.horizon(), Math.max(tolerance, 1e-13));
  }

  /** The largest coefficient of a kernel, with its initial parameters, among some. */
  static double size(ScalarKernel kernel, DepthGrid grid) {
    int layers = grid.layers();
    int step = Math.max(1, layers / 64);
    double size = 0;
    for (int l = 1; l <= layers; l += step) {
      for (int k = 0; k < l; k += step) {
        size = Math.max(size, Math.abs(kernel.coefficient(grid, l, k)));
      }
      size = Math.max(size, Math.abs(kernel.coefficient(grid, l, l - 1)));
    }
    return size;
  }
}
