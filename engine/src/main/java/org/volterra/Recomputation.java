package org.volterra;

import org.volterra.depth.LineMesh;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.MemoryPlan;
import org.volterra.memory.MemoryPlan.Place;
import org.volterra.spi.Activation;
import org.volterra.sum.MeshRows;
import org.volterra.sum.RecurrentSum;

/**
 * Which slices hold the states x_l, sums u_l and features z_l, and which layers must be computed
 * again before the adjoint can use them.
 *
 * <p>Where a history is not kept, layers form <em>runs</em>, and its slices hold one run at a time.
 * As a rule the features z stay, since every later layer sums all of them; given z_0 … z_{l−1} the
 * sum u_l and the state x_l follow by the operations of the forward pass, to the last bit. Then a
 * run is one layer, or one block of a {@link org.volterra.sum.FieldSum}, which sums the layers of a
 * block together. Where the sum is a {@link RecurrentSum} the features go too: runs are ⌈√L⌉ layers
 * long, or a few times that, and begin with {@link Checkpoints}, so that about √L slices of
 * everything are kept. Immutable but for the run that {@link #enter} notes; one for each batch
 * size.
 */
final class Recomputation {
  /** Names of the histories in a {@link MemoryPlan}. */
  static final String STATES = "states x";

  static final String SUMS = "sums u";

  static final String FEATURES = "features z";

  private final int depth;
  private final MeshRows mesh;
  private final int length;
  private final boolean dropsStates;
  private final boolean dropsSums;
  private final boolean dropsFeatures;
  private final boolean singleSum;
  private int resident;

  /** Runs of {@code run} layers where features are dropped. */
  Recomputation(NetworkSpec spec, MeshRows mesh, MemoryPlan plan, boolean training, int run) {
    this.depth = spec.depth();
    this.dropsFeatures = plan.place(FEATURES) == Place.RECOMPUTED;
    this.dropsStates = dropsFeatures || plan.place(STATES) == Place.RECOMPUTED;
    this.dropsSums = plan.place(SUMS) == Place.RECOMPUTED;
    this.singleSum = !keepsSums(spec, training);
    this.mesh = dropsSums || singleSum ? mesh : null;
    this.length = dropsFeatures ? run : 1;
  }

  /** Whether all u_l are needed: ψ' takes them. */
  static boolean keepsSums(NetworkSpec spec, boolean training) {
    return training && spec.activation() != Activation.IDENTITY;
  }

  /** Layers of the longest run where features are kept. */
  static int longestRun(MeshRows mesh) {
    return mesh == null ? 1 : mesh.largest();
  }

  /** Where the layers lie in the mesh of a field kernel, or null. */
  static MeshRows mesh(NetworkSpec spec) {
    return spec.kernel() instanceof DepthKernel.Field field
        ? new MeshRows(spec.grid(), new LineMesh(field.intervals(), spec.grid().horizon()))
        : null;
  }

  /** Whether anything is recomputed. */
  boolean isActive() {
    return dropsStates || dropsSums || dropsFeatures;
  }

  /** Whether states are recomputed, and not only sums. */
  boolean dropsStates() {
    return dropsStates;
  }

  /** Whether features are recomputed, from checkpoints. */
  boolean dropsFeatures() {
    return dropsFeatures;
  }

  /**
   * Whether the sum over the history runs again too, and not only what follows it; where sums are
   * not computed in states.
   */
  boolean repeatsSum() {
    return dropsSums || singleSum;
  }

  /** The number of runs where features are dropped. */
  int runs() {
    return Math.ceilDiv(depth, length);
  }

  /** The index of layer l's run where features are dropped. */
  int run(int l) {
    return (l - 1) / length;
  }

  /** The first layer of a run where features are dropped. */
  int firstLayer(int run) {
    return run * length + 1;
  }

  /** The first layer of layer l's run, l ≥ 1. */
  int firstOfRun(int l) {
    return mesh == null ? firstLayer(run(l)) : mesh.firstLayer(mesh.cell(l));
  }

  /** The last layer of layer l's run. */
  int lastOfRun(int l) {
    return mesh == null
        ? Math.min(depth, firstOfRun(l) + length - 1)
        : firstOfRun(l) + mesh.layerCount(mesh.cell(l)) - 1;
  }

  /** The slice of x_l. */
  int stateSlice(int l) {
    return !dropsStates || l == 0 ? l : 1 + l - firstOfRun(l);
  }

  /** The slice of u_l. */
  int sumSlice(int l) {
    return singleSum ? 0 : dropsSums ? l - firstOfRun(l) : l - 1;
  }

  /** The slice of z_k and of ∂J/∂z_k. */
  int featureSlice(int k) {
    return dropsFeatures ? k % length : k;
  }

  /** Notes that the forward pass ended: the last run lies in the slices. */
  void forwardDone() {
    resident = firstOfRun(depth);
  }

  /** Enters layer l's run; true if it must be computed again first. */
  boolean enter(int l) {
    if (!isActive() || l == 0 || firstOfRun(l) == resident) {
      return false;
    }
    resident = firstOfRun(l);
    return true;
  }
}
