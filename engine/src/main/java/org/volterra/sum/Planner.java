package org.volterra.sum;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.volterra.depth.DepthGrid;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.ElementType;

/**
 * Chooses how the sum with a scalar kernel is computed: the algorithm of the least predicted time
 * among those that can sum the kernel, keep the tolerance and fit the memory budget. Below {@value
 * #SHORT} layers no calibration is looked at: direct, or the recurrence that belongs to the kernel.
 * Immutable; a plan depends on its arguments and the calibration alone.
 */
public final class Planner {
  /** Below this many layers the choice does not depend on the machine. */
  public static final int SHORT = 64;

  private final ElementType type;
  private final ElementType stored;
  private final java.util.function.Supplier<Calibration> calibration;
  private final boolean onHost;

  /**
   * A planner for a device that works in memory of the host.
   *
   * @param type element type
   * @param stored element type of the history: {@code type} or {@link ElementType#BFLOAT16}
   * @param calibration the speed of the device, asked for when it is needed
   */
  public Planner(
      ElementType type, ElementType stored, java.util.function.Supplier<Calibration> calibration) {
    this(type, stored, calibration, true);
  }

  /**
   * A planner.
   *
   * @param type element type
   * @param stored element type of the history: {@code type} or {@link ElementType#BFLOAT16}
   * @param calibration the speed of the device, asked for when it is needed
   * @param onHost whether the device works in memory of the host, which then evaluates kernels
   */
  public Planner(
      ElementType type,
      ElementType stored,
      java.util.function.Supplier<Calibration> calibration,
      boolean onHost) {
    this.onHost = onHost;
    this.type = Objects.requireNonNull(type, "type");
    this.stored = Objects.requireNonNull(stored, "stored");
    this.calibration = Objects.requireNonNull(calibration, "calibration");
  }

  /**
   * Plans a sum.
   *
   * @param kernel the kernel
   * @param grid the layers' depths
   * @param columns n = batch · positions · channels
   * @param training whether there is an adjoint
   * @param tolerance how far a coefficient may be off, relative to the largest; 0 for exact
   *     algorithms
   * @param budget limit of the bytes beside the history; what needs the least is always allowed
   * @param forced the algorithm that a user asks for, or null
   * @return the plan
   * @throws IllegalArgumentException if the forced algorithm cannot sum this kernel, exceeds the
   *     budget or does not read the stored type, or if no algorithm does
   */
  public Plan plan(
      ScalarKernel kernel,
      DepthGrid grid,
      long columns,
      boolean training,
      double tolerance,
      MemoryBudget budget,
      SumAlgorithm forced) {
    boolean isShort = grid.layers() < SHORT;
    Calibration speed = isShort ? Calibration.typical() : calibration.get();
    Estimates estimates =
        new Estimates(
            kernel,
            grid,
            columns,
            training,
            forced == null || tolerance > 0 ? tolerance : SumChoice.DEFAULT_TOLERANCE,
            new CostModel(speed, grid.layers(), columns, type.bytes(), stored.bytes()),
            onHost);
    List<Plan.Candidate> all = new ArrayList<>();
    for (SumAlgorithm algorithm : SumAlgorithm.values()) {
      boolean approximates =
          algorithm == SumAlgorithm.HIERARCHICAL
              || (algorithm == SumAlgorithm.EXPONENTIALS
                  && !(kernel instanceof ScalarKernel.Exponentials));
      if (stored != type && !algorithm.readsNarrowHistory()) {
        all.add(Plan.Candidate.refused(algorithm, "does not read a history of " + stored));
      } else if (approximates && (isShort || tolerance == 0) && algorithm != forced) {
        all.add(
            Plan.Candidate.refused(
                algorithm, isShort ? "too few layers" : "approximates, and the tolerance is 0"));
      } else {
        all.add(estimates.candidate(algorithm));
      }
    }
    refuseLarge(all, budget);
    SumAlgorithm chosen =
        forced == null ? best(all, kernel, isShort) : checked(all, forced, kernel);
    return new Plan(kernel.toString(), grid.layers(), columns, chosen, forced != null, all);
  }

  private static void refuseLarge(List<Plan.Candidate> all, MemoryBudget budget) {
    long least =
        all.stream()
            .filter(Plan.Candidate::isPossible)
            .mapToLong(Plan.Candidate::memory)
            .min()
            .orElse(0);
    long limit = Math.max(least, budget.bytes());
    all.replaceAll(c ->
        c.isPossible() && c.memory() > limit
            ? Plan.Candidate.refused(
                c.algorithm(), c.memory() + " bytes exceed the budget of " + budget.bytes())
            : c);
  }

  private static SumAlgorithm checked(
      List<Plan.Candidate> all, SumAlgorithm forced, ScalarKernel kernel) {
    for (Plan.Candidate c : all) {
      if (c.algorithm() == forced && !c.isPossible()) {
        throw new IllegalArgumentException(
            "sum " + forced + ": cannot be used for the kernel " + kernel + ": " + c.refusal());
      }
    }
    return forced;
  }

  private static SumAlgorithm best(List<Plan.Candidate> all, ScalarKernel kernel, boolean isShort) {
    Plan.Candidate best = null;
    for (Plan.Candidate c : all) {
      if (c.isPossible()
          && (!isShort || isNatural(c.algorithm(), kernel))
          && (best == null || c.milliseconds() < best.milliseconds())) {
        best = c;
      }
    }
    if (best == null && isShort) {
      return best(all, kernel, false);
    }
    if (best == null) {
      throw new IllegalArgumentException(
          "kernel "
              + kernel
              + ": no algorithm can sum it: "
              + all.stream()
                  .map(c -> c.algorithm() + " " + c.refusal())
                  .collect(Collectors.joining("; ")));
    }
    return best.algorithm();
  }

  /** What sums this kernel where there are few layers. */
  private static boolean isNatural(SumAlgorithm algorithm, ScalarKernel kernel) {
    return algorithm
        == switch (kernel) {
          case ScalarKernel.Separable sum -> SumAlgorithm.SEPARABLE;
          case ScalarKernel.Exponentials sum -> SumAlgorithm.EXPONENTIALS;
          case ScalarKernel.Convolution lags -> SumAlgorithm.DIRECT;
          case ScalarKernel.Fractional lags -> SumAlgorithm.DIRECT;
          case ScalarKernel.Smooth given -> SumAlgorithm.DIRECT;
          case ScalarKernel.Parametric given -> SumAlgorithm.DIRECT;
          case DepthKernel.Scalar scalar -> SumAlgorithm.DIRECT;
        };
  }
}
