package org.volterra.sum;

import java.util.function.Function;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.PowerLaw;
import org.volterra.kernel.ScalarKernel;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * A scalar kernel with its parameters or given coefficients, from which sums for batches of several
 * sizes are made. Not thread-safe.
 */
public final class ScalarBinding {
  private final Primitives p;
  private final DepthGrid grid;
  private final ScalarKernel kernel;
  private final SumAlgorithm algorithm;
  private final double tolerance;
  private final SumMemory memory;
  private final Function<String, Matrix> values;
  private final Function<String, Matrix> gradients;
  private PairCoefficients coefficients;
  private LowRankBlocks blocks;
  private ExponentialFit fit;

  /**
   * Binds a kernel.
   *
   * @param primitives the device
   * @param grid the layers' depths
   * @param kernel the kernel
   * @param algorithm how to compute its sums
   * @param tolerance how far an approximated coefficient may be off, relative to the largest; 0 for
   *     {@link SumChoice#DEFAULT_TOLERANCE}
   * @param memory for coefficients and sums
   * @param values the kernel's parameters by the last word of their names
   * @param gradients where their gradients are added, or null for inference
   * @throws IllegalArgumentException if the algorithm cannot sum this kernel
   */
  public ScalarBinding(
      Primitives primitives,
      DepthGrid grid,
      ScalarKernel kernel,
      SumAlgorithm algorithm,
      double tolerance,
      SumMemory memory,
      Function<String, Matrix> values,
      Function<String, Matrix> gradients) {
    this.p = primitives;
    this.grid = grid;
    this.kernel = kernel;
    this.algorithm = algorithm;
    this.tolerance = tolerance > 0 ? tolerance : SumChoice.DEFAULT_TOLERANCE;
    this.memory = memory;
    this.values = values;
    this.gradients = gradients;
  }

  /**
   * A sum over a history.
   *
   * @param operands the history; the first call has the largest batch
   * @return the sum
   */
  public CumulativeSum bind(SumOperands operands) {
    return switch (algorithm) {
      case DIRECT -> new ScalarSum(operands, pairs());
      case BLOCKED -> new BlockedSum(operands, pairs(), memory, BlockedSum.block(grid.layers()));
      case FFT -> {
        if (pairs() instanceof LagCoefficients lags) {
          yield new RelaxedFftSum(operands, lags, memory, RelaxedFftSum.BLOCK);
        }
        throw unfit();
      }
      case HIERARCHICAL -> hierarchical(operands);
      case SEPARABLE -> separable(operands);
      case EXPONENTIALS -> exponentials(operands);
    };
  }

  private IllegalArgumentException unfit() {
    return new IllegalArgumentException("sum " + algorithm + ": cannot sum the kernel " + kernel);
  }

  private Matrix gradient(String name) {
    return gradients == null ? null : gradients.apply(name);
  }

  /** The coefficients of all pairs, made once for all batches. */
  private PairCoefficients pairs() {
    if (coefficients == null) {
      coefficients = makePairs();
    }
    return coefficients;
  }

  private PairCoefficients makePairs() {
    return switch (kernel) {
      case DepthKernel.Scalar scalar when scalar.trainable() -> triangle();
      case ScalarKernel.Convolution lags when lags.trainable() ->
          new LagCoefficients(p, values.apply("lags"), gradient("lags"), memory);
      case ScalarKernel.Parametric function ->
          new ParametricCoefficients(p, grid, parametric(function), memory);
      case ScalarKernel given when given.trainable() -> throw unfit();
      case ScalarKernel given ->
          FixedKernels.isLags(given, grid)
              ? LagCoefficients.of(p, grid.layers(), m -> given.coefficient(grid, m, 0), memory)
              : TriangleCoefficients.of(
                  p, grid.layers(), (l, k) -> given.coefficient(grid, l, k), memory);
    };
  }

  private PairCoefficients triangle() {
    Matrix[] rows = new Matrix[grid.layers()];
    Matrix[] slopes = gradients == null ? null : new Matrix[rows.length];
    for (int l = 1; l <= rows.length; l++) {
      rows[l - 1] = values.apply(String.valueOf(l));
      if (slopes != null) {
        slopes[l - 1] = gradients.apply(String.valueOf(l));
      }
    }
    return new TriangleCoefficients(p, rows, slopes, memory);
  }

  private CumulativeSum separable(SumOperands operands) {
    if (!(kernel instanceof ScalarKernel.Separable sum)) {
      throw unfit();
    }
    if (sum.trainable()) {
      return new SeparableSum(
          operands,
          values.apply("outer"),
          values.apply("inner"),
          gradient("outer"),
          gradient("inner"),
          memory);
    }
    int layers = grid.layers();
    Matrix outer = memory.matrix("outer", layers, sum.rank());
    Matrix inner = memory.matrix("inner", layers, sum.rank());
    for (int l = 0; l < layers; l++) {
      for (int r = 0; r < sum.rank(); r++) {
        outer.set(l, r, sum.outer().get(r).applyAsDouble(grid.time(l + 1)));
        inner.set(l, r, sum.inner().get(r).applyAsDouble(grid.time(l)));
      }
    }
    return new SeparableSum(operands, outer, inner, null, null, memory);
  }

  private CumulativeSum exponentials(SumOperands operands) {
    if (!(kernel instanceof ScalarKernel.Exponentials sum)) {
      return fitted(operands);
    }
    double[] times = grid.times();
    if (sum.trainable()) {
      return new ExponentialSum(
          operands,
          times,
          values.apply("weights"),
          values.apply("rates"),
          gradient("weights"),
          gradient("rates"),
          memory);
    }
    Matrix weights = memory.matrix("weights", 1, sum.rank());
    Matrix rates = memory.matrix("rates", 1, sum.rank());
    for (int r = 0; r < sum.rank(); r++) {
      weights.set(0, r, sum.weights().get(r));
      rates.set(0, r, sum.rates().get(r));
    }
    return new ExponentialSum(operands, times, weights, rates, null, null, memory);
  }

  private CumulativeSum fitted(SumOperands operands) {
    if (!FixedKernels.isLags(kernel, grid) || kernel.trainable()) {
      throw unfit();
    }
    if (fit == null) {
      fit = FixedKernels.fit(kernel, grid, tolerance);
    }
    return new FittedSum(operands, (LagCoefficients) pairs(), grid.step(), fit, memory);
  }

  private ParametricValues parametric(ScalarKernel.Parametric function) {
    Matrix theta = values.apply("parameters");
    Matrix slopes = gradient("parameters");
    return areComputed(function, memory.isOnHost())
        ? new PowerLawValues(p, (PowerLaw) function.function(), theta, slopes)
        : new HostValues(function.function(), theta, slopes);
  }

  /** Whether a device computes the values of a function, and not the host. */
  static boolean areComputed(ScalarKernel.Parametric function, boolean onHost) {
    return function.function() instanceof PowerLaw && !onHost;
  }

  private CumulativeSum hierarchical(SumOperands operands) {
    if (blocks == null) {
      blocks = blocks();
    }
    return new HierarchicalSum(operands, blocks, memory);
  }

  private LowRankBlocks blocks() {
    double bound = tolerance * Math.max(FixedKernels.size(kernel, grid), Double.MIN_NORMAL);
    if (kernel instanceof ScalarKernel.Parametric function) {
      return new InterpolatedBlocks(p, grid, function, parametric(function), bound, memory);
    }
    if (kernel.trainable()) {
      throw unfit();
    }
    return new CrossBlocks(grid.layers(), (l, k) -> kernel.coefficient(grid, l, k), bound, memory);
  }
}
