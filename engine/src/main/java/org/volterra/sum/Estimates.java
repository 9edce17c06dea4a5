package org.volterra.sum;

import java.util.Arrays;
import java.util.function.LongSupplier;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.ScalarKernel;

/** What each algorithm would cost for a kernel, or why it cannot be used. */
record Estimates(
    ScalarKernel kernel,
    DepthGrid grid,
    long columns,
    boolean training,
    double tolerance,
    CostModel model,
    boolean onHost) {
  /** Points on each side of a block at which its rank is looked for. */
  private static final int RANK_POINTS = 48;

  Plan.Candidate candidate(SumAlgorithm algorithm) {
    int layers = grid.layers();
    boolean slopes = training && kernel.trainable();
    return switch (algorithm) {
      case DIRECT -> pairs(algorithm, model.direct(), slopes, () -> 0);
      case BLOCKED ->
          pairs(
              algorithm,
              model.blocked(),
              slopes,
              () -> BlockedSum.elements(layers, columns, training));
      case FFT ->
          FixedKernels.isLags(kernel, grid)
              ? exact(algorithm, model.fourier(), RelaxedFftSum.elements(layers, columns))
              : refused(algorithm, FixedKernels.whyNoLags(kernel));
      case SEPARABLE ->
          kernel instanceof ScalarKernel.Separable sum
              ? exact(
                  algorithm,
                  model.separable(sum.rank()),
                  SeparableSum.elements(layers, sum.rank(), columns, training, slopes),
                  sum.rank())
              : refused(algorithm, "the kernel is not separable");
      case EXPONENTIALS -> exponentials(slopes);
      case HIERARCHICAL ->
          kernel instanceof ScalarKernel.Parametric function
              ? interpolated(function, slopes)
              : hierarchical();
    };
  }

  private static Plan.Candidate refused(SumAlgorithm algorithm, String why) {
    return Plan.Candidate.refused(algorithm, why);
  }

  private Plan.Candidate exact(SumAlgorithm algorithm, CostModel.Cost cost, long elements) {
    return exact(algorithm, cost, elements, 0);
  }

  private Plan.Candidate exact(
      SumAlgorithm algorithm, CostModel.Cost cost, long elements, int carried) {
    return new Plan.Candidate(
        algorithm,
        cost.flops(),
        cost.bytes(),
        1e3 * cost.seconds(),
        0,
        elements * model.bytes(),
        carried,
        "");
  }

  /** Algorithms that need the coefficients of all pairs. */
  private Plan.Candidate pairs(
      SumAlgorithm algorithm, CostModel.Cost cost, boolean slopes, LongSupplier elements) {
    if (kernel.trainable()
        && (kernel instanceof ScalarKernel.Exponentials
            || kernel instanceof ScalarKernel.Separable)) {
      return refused(algorithm, "the parameters are not the coefficients of pairs");
    }
    long layers = grid.layers();
    boolean hasParameters = kernel instanceof ScalarKernel.Parametric;
    boolean isTable = hasParameters || (!kernel.trainable() && !FixedKernels.isLags(kernel, grid));
    long table = isTable ? layers * (layers + 1) / 2 : 0;
    if (table > Integer.MAX_VALUE) {
      return refused(algorithm, table + " coefficients are too many for one table");
    }
    return exact(
        algorithm,
        hasParameters ? cost.plus(values(table, 1)) : cost,
        elements.getAsLong() + (hasParameters ? tables(slopes) : 1) * table);
  }

  /** For each value of a function with parameters, the elements that its tables take. */
  private int tables(boolean slopes) {
    int values = slopes ? 2 : 1;
    return areComputed() ? values + PowerLawValues.VECTORS : values;
  }

  /** What the values of a function with parameters cost, in so many tables. */
  private CostModel.Cost values(long count, int tables) {
    return areComputed()
        ? model.computed(count, PowerLawValues.MOVED, tables * PowerLawValues.CALLS)
        : CostModel.evaluated(count);
  }

  private boolean areComputed() {
    return ScalarBinding.areComputed((ScalarKernel.Parametric) kernel, onHost);
  }

  private Plan.Candidate exponentials(boolean slopes) {
    if (kernel instanceof ScalarKernel.Exponentials sum) {
      return exact(
          SumAlgorithm.EXPONENTIALS,
          model.exponentials(sum.rank()),
          ExponentialSum.elements(sum.rank(), columns, training, slopes),
          sum.rank());
    }
    if (!FixedKernels.isLags(kernel, grid)) {
      return refused(SumAlgorithm.EXPONENTIALS, FixedKernels.whyNoLags(kernel));
    }
    if (kernel.trainable()) {
      return refused(SumAlgorithm.EXPONENTIALS, "the kernel has parameters");
    }
    if (grid.layers() <= FittedSum.HEAD + 1) {
      return refused(SumAlgorithm.EXPONENTIALS, "too few layers");
    }
    try {
      ExponentialFit fit = FixedKernels.fit(kernel, grid, tolerance);
      int rank = fit.weights().size();
      CostModel.Cost cost = model.fitted(rank);
      return new Plan.Candidate(
          SumAlgorithm.EXPONENTIALS,
          cost.flops(),
          cost.bytes(),
          1e3 * cost.seconds(),
          fit.errorBound(),
          FittedSum.elements(rank, columns, training) * model.bytes(),
          FittedSum.carriedSlices(rank),
          "");
    } catch (IllegalArgumentException e) {
      return refused(SumAlgorithm.EXPONENTIALS, e.getMessage());
    }
  }

  private Plan.Candidate hierarchical() {
    if (kernel.trainable()) {
      return refused(SumAlgorithm.HIERARCHICAL, "the kernel has parameters");
    }
    int layers = grid.layers();
    int half = Math.max(1, layers / 2);
    int points = Math.min(RANK_POINTS, half);
    double bound = tolerance * FixedKernels.size(kernel, grid);
    CrossApproximation sample =
        CrossApproximation.of(
            (i, j) ->
                kernel.coefficient(
                    grid,
                    half + (int) ((long) i * (layers - half) / points),
                    (int) ((long) j * (half - 1) / points)),
            0,
            points,
            0,
            points,
            Math.max(bound, Double.MIN_NORMAL));
    if (sample.rank() > points / 2 && layers >= 2 * RANK_POINTS) {
      return refused(SumAlgorithm.HIERARCHICAL, "blocks are not of low rank");
    }
    CostModel.Cost cost = model.hierarchical(Math.max(1, sample.rank()));
    long elements =
        HierarchicalSum.elements(layers, columns, sample.rank())
            + (long) HierarchicalSum.BLOCK * layers;
    return new Plan.Candidate(
        SumAlgorithm.HIERARCHICAL,
        cost.flops(),
        cost.bytes(),
        1e3 * cost.seconds(),
        bound,
        elements * model.bytes(),
        0,
        "");
  }

  private Plan.Candidate interpolated(ScalarKernel.Parametric function, boolean slopes) {
    int layers = grid.layers();
    int block = HierarchicalSum.BLOCK;
    int half = Math.max(1, layers / 2);
    double bound = tolerance * FixedKernels.size(kernel, grid);
    double[] times = grid.times();
    double[] theta = function.theta();
    int rank =
        Interpolation.of(
                (t, s) -> function.function().at(t, s, theta),
                Arrays.copyOfRange(times, half, layers + 1),
                Arrays.copyOfRange(times, 0, half),
                Math.max(bound, Double.MIN_NORMAL))
            .rank();
    if (rank > half / 2 && layers >= 2 * RANK_POINTS) {
      return refused(SumAlgorithm.HIERARCHICAL, "blocks are not of low rank");
    }
    long cores = (long) rank * rank * (layers / block);
    long near = (long) Math.min(block, layers) * layers / 2;
    CostModel.Cost cost = model.hierarchical(rank).plus(values(cores + near, 2));
    long elements =
        HierarchicalSum.elements(layers, columns, 2 * rank)
            + tables(slopes) * (cores + (long) block * layers);
    return new Plan.Candidate(
        SumAlgorithm.HIERARCHICAL,
        cost.flops(),
        cost.bytes(),
        1e3 * cost.seconds(),
        bound,
        elements * model.bytes(),
        0,
        "");
  }
}
