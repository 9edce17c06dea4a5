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
import org.volterra.sum.SumAlgorithm;
import org.volterra.sum.SumChoice;

/**
 * How a network computes the sums of its kernel: a plan for each scalar kernel in it. Kernels of
 * matrices have one algorithm each and nothing to plan. Immutable.
 */
public final class SumPlan {
  private final DepthKernel kernel;
  private final double tolerance;
  private final Map<String, Plan> plans = new LinkedHashMap<>();
  private long memory;

  private SumPlan(DepthKernel kernel, double tolerance) {
    this.kernel = kernel;
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
    SumPlan plan = new SumPlan(spec.kernel(), spec.sum().tolerance());
    Planner planner =
        new Planner(type, spec.historyType().of(type), () -> Calibration.of(provider, type));
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
        || (kernel instanceof ScalarKernel && algorithm("kernel") == SumAlgorithm.DIRECT);
  }

  /**
   * Whether every primitive can take in parts what spans layers: attention, correlations of trained
   * lags and hierarchical sums cannot.
   */
  boolean canOffload() {
    List<DepthKernel> terms = terms(kernel);
    for (int i = 0; i < terms.size(); i++) {
      ScalarKernel scalar = scalar(terms.get(i));
      boolean possible =
          scalar == null
              ? !(terms.get(i) instanceof LayerWeights.Attention)
              : switch (algorithm(name(i))) {
                case HIERARCHICAL -> false;
                case FFT -> !scalar.trainable();
                case DIRECT, BLOCKED, SEPARABLE, EXPONENTIALS -> true;
              };
      if (!possible) {
        return false;
      }
    }
    return true;
  }

  /** Whether sums touch neighbouring features layer after layer. */
  boolean hasNearField() {
    return plans.values().stream()
        .map(Plan::algorithm)
        .anyMatch(a -> a == SumAlgorithm.BLOCKED || a == SumAlgorithm.FFT);
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

  /** Whether the sum is a {@link org.volterra.sum.RecurrentSum}. */
  boolean isRecurrent() {
    return carriedSlices() > 0;
  }

  /** Whether there is a recurrent sum for a kernel. */
  static boolean mayBeRecurrent(DepthKernel kernel) {
    return kernel instanceof ScalarKernel.Exponentials || kernel instanceof ScalarKernel.Separable;
  }

  /** The running sums of a recurrent sum, 0 for others. */
  int carriedSlices() {
    return switch (kernel) {
      case ScalarKernel.Exponentials sum when algorithm("kernel") == SumAlgorithm.EXPONENTIALS ->
          sum.rank();
      case ScalarKernel.Separable sum when algorithm("kernel") == SumAlgorithm.SEPARABLE ->
          sum.rank();
      default -> 0;
    };
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
   * @return the sum over the terms, as far as it grows with depth or batch
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
