package org.volterra.bench;

import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.kernel.DepthKernel;
import org.volterra.spi.ElementType;

/** What a pass of the network that {@link DepthScaling} times costs, counted and not measured. */
final class DepthCost {
  private static final double SCALAR_FLOPS = 0.5e9;
  private static final double VECTOR_FLOPS = 2e10;
  private static final double SECONDS_TO_START = 1.6;
  private static final double SECONDS_PER_PARAMETER = 4e-8;

  private DepthCost() {}

  /**
   * Floating-point operations of the kernel sums of a forward pass: 2·d·B·l for each of the d
   * (matrices) or 1 (scalars) inputs of a channel, summed over the layers. Features, biases and the
   * interpolation of a field are not counted.
   */
  static double forwardFlops(DepthKernel kernel, int layers) {
    double d = DepthCase.CHANNELS;
    double inputs = kernel instanceof DepthKernel.Scalar ? 1 : d;
    return DepthCase.BATCH * d * inputs * layers * (layers + 1.0);
  }

  /**
   * The same for a forward and a backward pass: the sums, their transposes and the gradients of
   * their kernels.
   */
  static double gradientFlops(DepthKernel kernel, int layers) {
    return 3 * forwardFlops(kernel, layers);
  }

  /** Bytes of the history of features of one batch in float32. */
  static long historyBytes(DepthKernel kernel, int layers) {
    return spec(kernel, layers).historyBytes(ElementType.FLOAT32, DepthCase.BATCH);
  }

  /**
   * A guess of the seconds of one gradient, to plan a run; it may be wrong by a factor of a few.
   */
  static double secondsPerGradient(DepthKernel kernel, int layers, String provider) {
    return gradientFlops(kernel, layers) / flopsPerSecond(provider);
  }

  /** A guess of a provider's speed. */
  static double flopsPerSecond(String provider) {
    return provider.equals("scalar") ? SCALAR_FLOPS : VECTOR_FLOPS;
  }

  /** A guess of the seconds until a fresh virtual machine begins to time: set-up and checks. */
  static double secondsToStart(DepthKernel kernel, int layers) {
    return SECONDS_TO_START
        + SECONDS_PER_PARAMETER * new ParameterLayout(spec(kernel, layers)).parameterCount();
  }

  private static NetworkSpec spec(DepthKernel kernel, int layers) {
    return DepthCase.spec(kernel, layers, DepthCase.CHANNELS);
  }
}
