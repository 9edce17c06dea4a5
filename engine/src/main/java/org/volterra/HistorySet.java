package org.volterra;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.History;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.memory.MemoryPlan.Need;
import org.volterra.memory.MemoryPlan.Place;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Offload;
import org.volterra.sum.MeshRows;

/**
 * The histories of a workspace, kept where a {@link MemoryPlan} says: features z, states x, sums u
 * and gradients ∂J/∂z.
 *
 * <p>Where a device takes all layers in passes that compute features and ∂J/∂z where they use them
 * ({@link WholePasses#areLean}), and states and sums fit, these are all.
 *
 * <p>Those that leave memory first come first in the plan: sums and states are written once and
 * read once in a step, layer after layer, while all of z and ∂J/∂z is touched again and again.
 */
final class HistorySet {
  private static final String GRADIENTS = "gradients dJ/dz";
  private static final String TRANSPOSED = "z and dJ/dz transposed";
  private static final String DELTAS = "gradients dJ/du";

  /** The least columns of a slice-major history that are worth a copy. */
  private static final int STRIP_COLUMNS = 16;

  /** Gradients and the two moments of an optimizer. */
  private static final int PARAMETER_COPIES = 3;

  /** The rest is for scratch memory and batches. */
  private static final int PERCENT_FOR_HISTORIES = 90;

  private final Network network;
  private final NetworkSpec spec;
  private final int batch;
  private final SumPlan sumPlan;
  private final MemoryPlan plan;
  private final Resources resources;
  private final Offload offload;
  private final History features;
  private final History states;
  private final History sums;
  private final History gradients;
  private final History transposed;
  private final History deltas;
  private final Buffer checkpoints;
  private final boolean isLean;
  private History requested;

  /** Plans and allocates; what is allocated belongs to {@code resources}. */
  HistorySet(
      Network network,
      int batch,
      MemoryBudget budget,
      boolean training,
      SumPlan sumPlan,
      MeshRows mesh,
      Resources resources) {
    this.network = network;
    this.spec = network.spec();
    this.batch = batch;
    this.sumPlan = sumPlan;
    this.resources = resources;
    ComputeProvider provider = network.provider();
    List<Need> few = lean(needs(network, batch, training, mesh, sumPlan), spec);
    long others = sumPlan.memory() + (training ? WholePasses.scratchBytes(network, batch) : 0);
    this.isLean =
        WholePasses.areLean(spec, provider, network.type(), batch)
            && bytes(few) <= deviceBudget(network, budget, few, others, training).bytes();
    List<Need> needs = isLean ? few : needs(network, batch, training, mesh, sumPlan);
    this.plan =
        MemoryPlan.choose(
            "a batch of " + batch + " at depth " + spec.depth(),
            deviceBudget(network, budget, needs, others, training),
            needs,
            sumPlan.isRecurrent(),
            provider.offloadBytes(wholeBytes()));
    this.offload =
        plan.offloadedBytes() == 0
            ? null
            : resources.own(provider.offload(wholeBytes(), plan.ringBytes()));
    if (plan.spilledBytes() > 0 && !provider.usesHostMemory()) {
      throw new IllegalStateException(
          "provider "
              + provider.name()
              + " does not compute in the host's memory: its histories cannot go to a file; raise"
              + " the memory budget");
    }
    int slices = spec.depth() + 1;
    boolean isShort = isRecomputed(Recomputation.FEATURES);
    int kept = isShort ? sumPlan.run() : slices;
    int run = isShort ? kept : Recomputation.longestRun(mesh);
    int width = spec.featureChannels();
    History own =
        isLean && !spec.featuresAreStates()
            ? null
            : history(Recomputation.FEATURES, spec.historyLayout(), kept, width);
    gradients = training && !isLean ? history(GRADIENTS, spec.historyLayout(), kept, width) : null;
    checkpoints =
        isShort
            ? resources.own(
                provider.allocate(network.type(), checkpointElements(spec, batch, sumPlan)))
            : null;
    boolean gathers = gathers(network);
    transposed =
        hasMatrixAdjoint(spec, training) && !gathers
            ? history(TRANSPOSED, History.Layout.SLICE_MAJOR, 2 * spec.depth(), width)
            : null;
    deltas =
        hasMatrixAdjoint(spec, training) && gathers
            ? history(DELTAS, History.Layout.INTERLEAVED, spec.depth(), spec.channels())
            : null;
    states =
        spec.featuresAreStates() && !isShort
            ? own
            : history(
                Recomputation.STATES,
                History.Layout.SLICE_MAJOR,
                isShort || isRecomputed(Recomputation.STATES) ? 1 + run : slices,
                spec.channels());
    features = own == null ? states : own;
    sums =
        !hasSums(spec)
            ? null
            : history(
                Recomputation.SUMS,
                History.Layout.SLICE_MAJOR,
                isRecomputed(Recomputation.SUMS) ? run : sumSlices(spec, training),
                spec.channels());
  }

  /**
   * What primitives must be able to see whole of a history outside memory: a slice, or a strip
   * through all slices.
   */
  private long wholeBytes() {
    ElementType type = network.type();
    int width = spec.featureChannels();
    int channels = Math.max(spec.channels(), width);
    long slice = History.bytes(type, 1, batch, spec.positions(), channels);
    long strip = type.bytesFor((spec.depth() + 1L) * Math.max(STRIP_COLUMNS, width));
    return Math.max(slice, strip);
  }

  /** The budget, as far as a device has so much memory left beside what else a step takes. */
  private static MemoryBudget deviceBudget(
      Network network, MemoryBudget budget, List<Need> needs, long beside, boolean training) {
    OptionalLong available = network.provider().bytesAvailable();
    long all = bytes(needs);
    if (available.isEmpty()) {
      return budget;
    }
    long parameters = network.type().bytesFor(network.layout().length());
    long others = beside + (training ? PARAMETER_COPIES * parameters : 0);
    long room = (available.getAsLong() - others) / 100 * PERCENT_FOR_HISTORIES;
    return all <= room || budget.bytes() <= room
        ? budget
        : new MemoryBudget(Math.max(1, room), budget.recompute(), budget.spill());
  }

  private static boolean hasMatrixAdjoint(NetworkSpec spec, boolean training) {
    return training
        && spec.kernel() instanceof DepthKernel.Dense
        && spec.historyType() == HistoryType.NATIVE;
  }

  /** Whether ∂J/∂z is gathered from all δ, of matrices that lie without gaps. */
  private static boolean gathers(Network network) {
    return network.provider().gathersAdjoints()
        && network.spec().channels() % ParameterLayout.ALIGNMENT == 0;
  }

  /** Gradients are accumulated, and sums that ψ does not take are gone when they were used. */
  private static ElementType type(Network network, String name) {
    NetworkSpec spec = network.spec();
    boolean isStored =
        switch (name) {
          case Recomputation.FEATURES, Recomputation.STATES -> true;
          case Recomputation.SUMS -> spec.activation() != Activation.IDENTITY;
          default -> false;
        };
    return isStored ? spec.historyType().of(network.type()) : network.type();
  }

  private boolean isRecomputed(String name) {
    return plan.place(name) == Place.RECOMPUTED;
  }

  /** Whether sums are computed beside the states and not in them. */
  private static boolean hasSums(NetworkSpec spec) {
    return spec.activation() != Activation.IDENTITY || spec.historyType() != HistoryType.NATIVE;
  }

  private static int sumSlices(NetworkSpec spec, boolean training) {
    return Recomputation.keepsSums(spec, training) ? spec.depth() : 1;
  }

  /** The bytes of all histories if they are kept. */
  static long bytes(Network network, int batch, boolean training) {
    NetworkSpec spec = network.spec();
    List<Need> needs = needs(network, batch, training, null, null);
    boolean isLean = WholePasses.areLean(spec, network.provider(), network.type(), batch);
    return bytes(isLean ? lean(needs, spec) : needs);
  }

  private static long bytes(List<Need> needs) {
    return needs.stream().mapToLong(Need::bytes).sum();
  }

  /** Of these, states and sums. */
  private static List<Need> lean(List<Need> needs, NetworkSpec spec) {
    String states = spec.featuresAreStates() ? Recomputation.FEATURES : Recomputation.STATES;
    return needs.stream()
        .filter(need -> need.name().equals(states) || need.name().equals(Recomputation.SUMS))
        .toList();
  }

  /** The bytes of all histories if as much as possible is computed again. */
  static long leastBytes(
      Network network, int batch, boolean training, MeshRows mesh, SumPlan sumPlan) {
    return needs(network, batch, training, mesh, sumPlan).stream()
        .mapToLong(Need::recomputedBytes)
        .sum();
  }

  private static long checkpointElements(NetworkSpec spec, int batch, SumPlan sumPlan) {
    int runs = Math.ceilDiv(spec.depth(), sumPlan.run());
    long columns = (long) batch * spec.positions() * spec.featureChannels();
    return runs * Checkpoints.elements(sumPlan.carriedSlices(), columns);
  }

  /**
   * What there may be.
   *
   * @param mesh where layers lie in the mesh of a field kernel, or null
   * @param sumPlan how sums are computed, or null if nothing is to be computed again
   */
  private static List<Need> needs(
      Network network, int batch, boolean training, MeshRows mesh, SumPlan sumPlan) {
    NetworkSpec spec = network.spec();
    int slices = spec.depth() + 1;
    boolean isRecurrent = sumPlan != null && sumPlan.isRecurrent();
    boolean canRepeat = sumPlan != null && (isRecurrent || sumPlan.canRepeat());
    int run = isRecurrent ? sumPlan.run() : Recomputation.longestRun(mesh);
    List<Need> needs = new ArrayList<>();
    if (!spec.featuresAreStates()) {
      int least = canRepeat ? 1 + run : slices;
      needs.add(need(network, batch, Recomputation.STATES, slices, least, spec.channels()));
    }
    int sums = sumSlices(spec, training);
    if (hasSums(spec)) {
      needs.add(
          need(network, batch, Recomputation.SUMS, sums, canRepeat ? run : sums, spec.channels()));
    }
    int width = spec.featureChannels();
    int least = isRecurrent ? run : slices;
    if (training) {
      needs.add(need(network, batch, GRADIENTS, slices, least, width));
    }
    // The sums touch these again and again, and ∂J/∂z slice by slice.
    if (hasMatrixAdjoint(spec, training)) {
      boolean gathers = gathers(network);
      int count = gathers ? spec.depth() : 2 * spec.depth();
      String name = gathers ? DELTAS : TRANSPOSED;
      needs.add(need(network, batch, name, count, count, gathers ? spec.channels() : width));
    }
    Need features = need(network, batch, Recomputation.FEATURES, slices, least, width);
    needs.add(isRecurrent ? withCheckpoints(features, network, batch, sumPlan) : features);
    return needs;
  }

  /** Checkpoints, and the states of a run where these are not the features themselves. */
  private static Need withCheckpoints(Need need, Network network, int batch, SumPlan sumPlan) {
    NetworkSpec spec = network.spec();
    int run = sumPlan.run();
    long states =
        spec.featuresAreStates()
            ? History.bytes(need.type(), 1 + run, batch, spec.positions(), spec.channels())
            : 0;
    long checkpoints = need.type().bytesFor(checkpointElements(spec, batch, sumPlan));
    return new Need(
        need.name(), need.type(), need.bytes(), need.recomputedBytes() + states + checkpoints);
  }

  private static Need need(
      Network network, int batch, String name, int slices, int recomputed, int channels) {
    int n = network.spec().positions();
    int least = Math.min(slices, recomputed);
    ElementType type = type(network, name);
    return new Need(
        name,
        type,
        History.bytes(type, slices, batch, n, channels),
        History.bytes(type, least, batch, n, channels));
  }

  private History history(String name, History.Layout order, int slices, int channels) {
    ElementType type = type(network, name);
    int n = spec.positions();
    return resources.own(
        switch (plan.place(name)) {
          case FILE -> History.map(plan.budget().spill(), type, order, slices, batch, n, channels);
          case HOST ->
              History.offload(offload, hasNearField(name), type, order, slices, batch, n, channels);
          case MEMORY, RECOMPUTED ->
              History.allocate(network.provider(), type, order, slices, batch, n, channels);
        });
  }

  /** Whether sums touch neighbouring slices of a history layer after layer. */
  private boolean hasNearField(String name) {
    boolean isSummed = name.equals(Recomputation.FEATURES) || name.equals(GRADIENTS);
    return isSummed && sumPlan.hasNearField();
  }

  /** Where the histories are. */
  MemoryPlan plan() {
    return plan;
  }

  /** Whether states and sums are all that is kept. */
  boolean isLean() {
    return isLean;
  }

  /** Gradients ∂J/∂z; where they are not kept, memory for them is taken at the first call. */
  History requestedGradients() {
    if (gradients != null) {
      return gradients;
    }
    if (requested == null) {
      requested =
          history(GRADIENTS, spec.historyLayout(), spec.depth() + 1, spec.featureChannels());
    }
    return requested;
  }

  /** Features z; the states where features are not kept. */
  History features() {
    return features;
  }

  /** States x; the features themselves if φ is the identity. */
  History states() {
    return states;
  }

  /** Sums u, or null if they are computed in the states. */
  History sums() {
    return sums;
  }

  /** Gradients ∂J/∂z, or null for inference and where they are not kept. */
  History gradients() {
    return gradients;
  }

  /** Memory for {@link Checkpoints}, or null if features are kept. */
  Buffer checkpoints() {
    return checkpoints;
  }

  /** Memory for all δ, or null. */
  History deltas() {
    return deltas;
  }

  /** Memory for features and their gradients transposed, 2 · L · e · rows elements, or null. */
  Buffer transposed() {
    return transposed == null ? null : transposed.slice(0).buffer();
  }
}
