package org.volterra;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.MemoryBudget;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.sum.Calibration;
import org.volterra.sum.MatrixTermSum;
import org.volterra.sum.Plan;
import org.volterra.sum.Planner;
import org.volterra.sum.RecurrentSum;
import org.volterra.sum.SumAlgorithm;
import org.volterra.sum.SumChoice;

/**
 * How a network computes the sums of its kernel: a plan for each scalar kernel in it. Kernels of
 * matrices have one algorithm each and nothing to plan. Immutable.
 */
public final class SumPlan {
  private final DepthKernel kernel;
  private final int depth;
  private final double tolerance;
  private final Map<String, Plan> plans = new LinkedHashMap<>();
  private long memory;

  private SumPlan(DepthKernel kernel, int depth, double tolerance) {
    this.kernel = kernel;
    this.depth = depth;
    this.tolerance = tolerance;
  }

  /**
   * Plans the sums of a network.
   *
   * @param spec the network; its {@link NetworkSpec#sum} may force algorithms
   * @param provider the device
   * @param type element type
   * @param batch samples
   * @param training whether gradients are wanted
   * @param budget limit of the bytes beside the history, for each term of the kernel
   * @return the plan
   * @throws IllegalArgumentException if a forced algorithm cannot sum its kernel or exceeds the
   *     budget
   */
  public static SumPlan of(
      NetworkSpec spec,
      ComputeProvider provider,
      ElementType type,
      int batch,
      boolean training,
      MemoryBudget budget) {
    SumPlan plan = new SumPlan(spec.kernel(), spec.depth(), spec.sum().tolerance());
    Planner planner =
        new Planner(
            type,
            spec.historyType().of(type),
            () -> Calibration.of(provider, type),
            provider.usesHostMemory());
    List<DepthKernel> terms = terms(spec.kernel());
    long columns = (long) batch * spec.positions() * spec.featureChannels();
    for (int i = 0; i < terms.size(); i++) {
      ScalarKernel scalar = scalar(terms.get(i));
      SumAlgorithm forced = spec.sum().forTerm(i, terms.size());
      if (forced == null
          && spec.kernel() instanceof ScalarKernel
          && WholePasses.suit(spec, provider, type, batch)) {
        forced = SumAlgorithm.DIRECT;
      }
      if (scalar == null) {
        if (forced != null) {
          throw new IllegalArgumentException(
              "sum " + forced + ": the kernel " + terms.get(i) + " has an algorithm of its own");
        }
        if (terms.get(i) instanceof LayerWeights.Attention attention && attention.block() > 1) {
          long slices = attention.sources(spec.depth()) * (training ? 2L : 1);
          plan.memory += slices * columns * type.bytes();
        }
        continue;
      }
      Plan term =
          planner.plan(
              scalar, spec.grid(), columns, training, spec.sum().tolerance(), budget, forced);
      plan.plans.put(plan.name(i), term);
      plan.memory += term.chosen().memory();
      if (terms.get(i) instanceof DepthKernel.WithMatrix) {
        plan.memory += MatrixTermSum.elements(spec.depth(), columns, training) * type.bytes();
      }
    }
    return plan;
  }

  /** The algorithm of the scalar kernel whose parameters have this prefix. */
  SumAlgorithm algorithm(String name) {
    return plans.get(name).algorithm();
  }

  /**
   * Whether the sum of a layer can be computed again from the features alone: algorithms that carry
   * something from layer to layer cannot.
   */
  boolean canRepeat() {
    return kernel instanceof DepthKernel.Dense
        || kernel instanceof DepthKernel.Field
        || kernel instanceof LayerWeights
        || plans.values().stream().allMatch(plan -> plan.algorithm() == SumAlgorithm.DIRECT);
  }

  /** Whether sums touch neighbouring features layer after layer. */
  boolean hasNearField() {
    return plans.values().stream()
        .map(Plan::algorithm)
        .anyMatch(a ->
            a == SumAlgorithm.BLOCKED || a == SumAlgorithm.FFT || a == SumAlgorithm.HIERARCHICAL);
  }

  private static List<DepthKernel> terms(DepthKernel kernel) {
    return kernel instanceof DepthKernel.Terms sum ? sum.terms() : List.of(kernel);
  }

  /** The scalar kernel of a term, or null. */
  private static ScalarKernel scalar(DepthKernel term) {
    return switch (term) {
      case ScalarKernel given -> given;
      case DepthKernel.WithMatrix product -> product.scalar();
      default -> null;
    };
  }

  /** The prefix of the names of a term's parameters. */
  private String name(int term) {
    return kernel instanceof DepthKernel.Terms ? "kernel.term." + term : "kernel";
  }

  /** Whether the sum is a {@link RecurrentSum}. */
  boolean isRecurrent() {
    return carriedSlices() > 0;
  }

  /** Whether the sum with a kernel is a recurrence by nature. */
  static boolean isRecurrence(ScalarKernel kernel) {
    return kernel instanceof ScalarKernel.Exponentials || kernel instanceof ScalarKernel.Separable;
  }

  /** Whether there may be a recurrent sum for the kernel of a network. */
  static boolean mayBeRecurrent(NetworkSpec spec) {
    List<DepthKernel> terms = terms(spec.kernel());
    for (int i = 0; i < terms.size(); i++) {
      ScalarKernel scalar = scalar(terms.get(i));
      boolean approximates =
          spec.sum().tolerance() > 0
              || spec.sum().forTerm(i, terms.size()) == SumAlgorithm.EXPONENTIALS;
      if (scalar == null || !(isRecurrence(scalar) || (approximates && spec.grid().isUniform()))) {
        return false;
      }
    }
    return true;
  }

  /** What layers hand on where the sum is recurrent, 0 for others. */
  int carriedSlices() {
    boolean all =
        plans.size() == terms(kernel).size()
            && plans.values().stream().allMatch(plan -> plan.chosen().isRecurrent());
    return all ? plans.values().stream().mapToInt(plan -> plan.chosen().carried()).sum() : 0;
  }

  /** Layers of a run where features are computed again from what layers hand on. */
  int run() {
    return RecurrentSum.run(depth, carriedSlices());
  }

  /** The fastest recurrent sum that the user allows; this plan if there is none. */
  SumPlan recurrent() {
    SumPlan other = new SumPlan(kernel, depth, tolerance);
    other.memory = memory;
    for (Map.Entry<String, Plan> entry : plans.entrySet()) {
      Plan plan = entry.getValue().recurrent();
      if (plan == null) {
        return this;
      }
      other.plans.put(entry.getKey(), plan);
      other.memory += plan.chosen().memory() - entry.getValue().chosen().memory();
    }
    return other.isRecurrent() ? other : this;
  }

  /**
   * The plans of the scalar kernels, term by term.
   *
   * @return an unmodifiable list, empty for a kernel of matrices
   */
  public List<Plan> plans() {
    return List.copyOf(plans.values());
  }

  /**
   * The choice that {@link NetworkSpec.Builder#sum} needs to compute sums in the same way on any
   * machine.
   *
   * @return the algorithms that were chosen; the planner's choice for a kernel of matrices
   */
  public SumChoice choice() {
    return plans.isEmpty()
        ? SumChoice.auto()
        : new SumChoice(plans.values().stream().map(Plan::algorithm).toList(), tolerance);
  }

  /**
   * Bytes beside the histories.
   *
   * @return the sum over the terms, as far as it grows with depth or batch; with a channel matrix
   *     it is less where features are computed again
   */
  public long memory() {
    return memory;
  }

  /**
   * The choices as small tables.
   *
   * @return several lines
   */
  public String explain() {
    return plans.isEmpty()
        ? "sum of " + kernel + ": one algorithm, nothing to choose\n"
        : plans.values().stream().map(Plan::explain).collect(Collectors.joining("\n"));
  }
}
