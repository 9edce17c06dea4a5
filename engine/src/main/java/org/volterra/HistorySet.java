package org.volterra;

import java.util.ArrayList;
import java.util.List;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.History;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.memory.MemoryPlan.Need;
import org.volterra.memory.MemoryPlan.Place;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.sum.MeshRows;

/**
 * The histories of a workspace, kept where a {@link MemoryPlan} says: features z, states x, sums u
 * and gradients ∂J/∂z.
 *
 * <p>Those that leave memory first come first in the plan: sums and states are written once and
 * read once in a step, layer after layer, while all of z and ∂J/∂z is touched again and again.
 */
final class HistorySet {
  private static final String FEATURES = "features z";
  private static final String GRADIENTS = "gradients dJ/dz";
  private static final String TRANSPOSED = "z and dJ/dz transposed";

  private final Network network;
  private final NetworkSpec spec;
  private final int batch;
  private final MeshRows mesh;
  private final boolean training;
  private final MemoryPlan plan;
  private final Resources resources;
  private final History features;
  private final History states;
  private final History sums;
  private final History gradients;
  private final History transposed;

  /** Plans and allocates; what is allocated belongs to {@code resources}. */
  HistorySet(
      Network network,
      int batch,
      MemoryBudget budget,
      boolean training,
      MeshRows mesh,
      Resources resources) {
    this.network = network;
    this.spec = network.spec();
    this.batch = batch;
    this.mesh = mesh;
    this.training = training;
    this.resources = resources;
    ComputeProvider provider = network.provider();
    this.plan =
        MemoryPlan.choose("a batch of " + batch + " at depth " + spec.depth(), budget, needs());
    if (plan.spilledBytes() > 0 && !provider.usesHostMemory()) {
      throw new IllegalStateException(
          "provider "
              + provider.name()
              + " does not compute in the host's memory: its histories cannot go to a file; raise"
              + " the memory budget");
    }
    int slices = spec.depth() + 1;
    features = history(FEATURES, spec.historyLayout(), slices, spec.featureChannels());
    gradients =
        training ? history(GRADIENTS, spec.historyLayout(), slices, spec.featureChannels()) : null;
    transposed =
        needsTransposed()
            ? history(
                TRANSPOSED, History.Layout.SLICE_MAJOR, 2 * spec.depth(), spec.featureChannels())
            : null;
    states =
        spec.features().isIdentity()
            ? features
            : history(
                Recomputation.STATES,
                History.Layout.SLICE_MAJOR,
                isRecomputed(Recomputation.STATES) ? Recomputation.stateSlices(mesh) : slices,
                spec.channels());
    sums =
        history(
            Recomputation.SUMS,
            History.Layout.SLICE_MAJOR,
            isRecomputed(Recomputation.SUMS) ? Recomputation.sumSlices(mesh) : sumSlices(),
            spec.channels());
  }

  private boolean needsTransposed() {
    return training && spec.kernel() instanceof DepthKernel.Dense;
  }

  private boolean isRecomputed(String name) {
    return plan.place(name) == Place.RECOMPUTED;
  }

  private int sumSlices() {
    return Recomputation.keepsSums(spec, training) ? spec.depth() : 1;
  }

  private List<Need> needs() {
    int slices = spec.depth() + 1;
    List<Need> needs = new ArrayList<>();
    if (!spec.features().isIdentity()) {
      needs.add(
          need(Recomputation.STATES, slices, Recomputation.stateSlices(mesh), spec.channels()));
    }
    needs.add(
        need(Recomputation.SUMS, sumSlices(), Recomputation.sumSlices(mesh), spec.channels()));
    if (needsTransposed()) {
      int both = 2 * spec.depth();
      needs.add(need(TRANSPOSED, both, both, spec.featureChannels()));
    }
    if (training) {
      needs.add(need(GRADIENTS, slices, slices, spec.featureChannels()));
    }
    needs.add(need(FEATURES, slices, slices, spec.featureChannels()));
    return needs;
  }

  private Need need(String name, int slices, int recomputed, int channels) {
    return new Need(name, bytes(slices, channels), bytes(Math.min(slices, recomputed), channels));
  }

  private long bytes(int slices, int channels) {
    return History.bytes(network.type(), slices, batch, spec.positions(), channels);
  }

  private History history(String name, History.Layout order, int slices, int channels) {
    ElementType type = network.type();
    int n = spec.positions();
    return resources.own(
        plan.place(name) == Place.FILE
            ? History.map(plan.budget().spill(), type, order, slices, batch, n, channels)
            : History.allocate(network.provider(), type, order, slices, batch, n, channels));
  }

  /** Where the histories are. */
  MemoryPlan plan() {
    return plan;
  }

  /** Features z. */
  History features() {
    return features;
  }

  /** States x; the features themselves if φ is the identity. */
  History states() {
    return states;
  }

  /** Sums u. */
  History sums() {
    return sums;
  }

  /** Gradients ∂J/∂z, or null for inference. */
  History gradients() {
    return gradients;
  }

  /** Memory for features and their gradients transposed, 2 · L · e · rows elements, or null. */
  Buffer transposed() {
    return transposed == null ? null : transposed.slice(0).buffer();
  }
}
