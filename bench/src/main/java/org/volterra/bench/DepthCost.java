package org.volterra.bench;

import java.lang.management.ManagementFactory;
import org.volterra.NetworkSpec;
import org.volterra.ParameterLayout;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.ElementType;
import org.volterra.sum.Calibration;
import org.volterra.sum.Plan;
import org.volterra.sum.Planner;

/** What a pass of the network that {@link DepthScaling} times costs, counted and not measured. */
final class DepthCost {
  private static final double SCALAR_FLOPS = 0.5e9;
  private static final double VECTOR_FLOPS = 2e10;
  private static final double SECONDS_TO_START = 1.6;
  private static final double SECONDS_PER_PARAMETER = 4e-8;
  private static final int HISTORIES = 5;
  private static final double LARGEST_SHARE = 0.5;

  private DepthCost() {}

  /**
   * Floating-point operations of the kernel sums of a forward pass: 2·d·B·l for each of the d
   * (matrices) or 1 (scalars) inputs of a channel, summed over the layers. Features, biases and the
   * interpolation of a field are not counted.
   */
  static double forwardFlops(KernelChoice kernel, int layers) {
    double d = DepthCase.CHANNELS;
    return DepthCase.BATCH * d * kernel.inputs(DepthCase.CHANNELS) * layers * (layers + 1.0);
  }

  /**
   * The same for a forward and a backward pass: the sums, their transposes and the gradients of
   * their kernels.
   */
  static double gradientFlops(KernelChoice kernel, int layers) {
    return 3 * forwardFlops(kernel, layers);
  }

  /** Bytes of the history of features of one batch in float32. */
  static long historyBytes(KernelChoice kernel, int layers) {
    return kernel
        .spec(layers, DepthCase.CHANNELS)
        .historyBytes(ElementType.FLOAT32, DepthCase.BATCH);
  }

  /**
   * A guess of the seconds of one gradient, to plan a run; it may be wrong by a factor of a few.
   */
  static double secondsPerGradient(KernelChoice kernel, int layers, String provider) {
    return kernel.kernel() instanceof ScalarKernel scalar
        ? 3 * secondsPerSum(kernel, scalar, layers) * (VECTOR_FLOPS / flopsPerSecond(provider))
        : gradientFlops(kernel, layers) / flopsPerSecond(provider);
  }

  /** What the planner would say on a typical machine: algorithms differ in more than speed. */
  private static double secondsPerSum(KernelChoice kernel, ScalarKernel scalar, int layers) {
    NetworkSpec spec = kernel.spec(layers, DepthCase.CHANNELS);
    Planner planner = new Planner(ElementType.FLOAT32, ElementType.FLOAT32, Calibration::typical);
    Plan plan =
        planner.plan(
            scalar,
            spec.grid(),
            (long) DepthCase.BATCH * DepthCase.CHANNELS,
            true,
            spec.sum().tolerance(),
            MemoryBudget.unlimited(),
            spec.sum().forTerm(0, 1));
    return 1e-3 * plan.chosen().milliseconds();
  }

  /** A guess of a provider's speed. */
  static double flopsPerSecond(String provider) {
    return provider.equals("scalar") ? SCALAR_FLOPS : VECTOR_FLOPS;
  }

  /** A guess of the seconds until a fresh virtual machine begins to time: set-up and checks. */
  static double secondsToStart(KernelChoice kernel, int layers) {
    return SECONDS_TO_START + SECONDS_PER_PARAMETER * parameters(kernel, layers);
  }

  /** A dense kernel is counted by hand: one that is too large for a buffer has no layout. */
  private static long parameters(KernelChoice kernel, int layers) {
    long d = DepthCase.CHANNELS;
    return kernel.kernel() instanceof DepthKernel.Dense
        ? layers * (layers + 1L) / 2 * d * d + layers * d
        : new ParameterLayout(kernel.spec(layers, DepthCase.CHANNELS)).parameterCount();
  }

  /**
   * Whether parameters with their gradients and the histories (features, states, sums, and the
   * gradients of the features and their initial values) leave enough of this machine's memory.
   */
  static boolean fitsMemory(KernelChoice kernel, int layers) {
    long parameters = parameters(kernel, layers);
    double needed =
        2.0 * parameters * Float.BYTES + HISTORIES * (double) historyBytes(kernel, layers);
    return parameters < Integer.MAX_VALUE && needed < LARGEST_SHARE * physicalMemory();
  }

  private static double physicalMemory() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }
}
