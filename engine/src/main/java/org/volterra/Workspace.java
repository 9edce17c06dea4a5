package org.volterra;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.volterra.memory.History;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * Runs a network forward and backward for batches of one size, in memory that is allocated once:
 * histories, gradients, scratch.
 *
 * <p>{@link #backward} is the exact adjoint of the discrete network: with λ_l = ∂J/∂x_l and δ_l =
 * ψ'(u_l) ⊙ λ_l it computes ∂J/∂z_k = h Σ_{l&gt;k} K_{l,k}ᵀ δ_l, λ_k = φ_k'(x_k)ᵀ ∂J/∂z_k and the
 * gradients of all parameters.
 *
 * <p>A workspace is confined to the thread that allocated it: other threads get a {@link
 * WrongThreadException}. After {@link #close} every use is an {@link IllegalStateException};
 * closing twice is harmless.
 */
public final class Workspace implements ModelWorkspace {
  private final WorkspaceChecks checks = new WorkspaceChecks();
  private final Network network;
  private final NetworkSpec spec;
  private final Primitives p;
  private final WorkspaceMemory memory;
  private final boolean isView;
  private final int batch;
  private final Map<Integer, Workspace> views = new HashMap<>();

  private final WorkspaceMemory.Views v;
  private final LayerPass pass;
  private Matrix inputs;

  private Workspace(Network network, WorkspaceMemory memory, int batch, boolean isView) {
    this.network = network;
    this.spec = network.spec();
    this.p = network.provider().primitives(network.type());
    this.memory = memory;
    this.isView = isView;
    this.batch = batch;
    this.v = memory.views(batch);
    this.pass = new LayerPass(network, memory, v);
  }

  static Workspace allocate(Network network, int batch, MemoryBudget budget, boolean training) {
    WorkspaceChecks.batch(batch);
    WorkspaceMemory memory = new WorkspaceMemory(network, batch, budget, training);
    try {
      return new Workspace(network, memory, batch, false);
    } catch (RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /**
   * The same memory used for fewer samples, such as the last batch of an epoch. Gradients are
   * shared.
   *
   * @param smaller samples, from 1 to {@link #batch}
   * @return this, or a view that ends with this workspace; the same object for the same size
   * @throws IllegalArgumentException if {@code smaller} is out of range
   */
  @Override
  public Workspace forBatch(int smaller) {
    check();
    if (smaller == batch) {
      return this;
    }
    WorkspaceChecks.smaller(smaller, batch);
    return views.computeIfAbsent(smaller, b -> new Workspace(network, memory, b, true));
  }

  /**
   * Computes all states and the output.
   *
   * @param data batch · positions rows × inputs; read again by {@link #backward}
   * @return the output, (batch · positions) × outputs, valid until the next call
   * @throws IllegalArgumentException if the shape or the element type does not fit
   */
  @Override
  public Matrix forward(Matrix data) {
    return run(data, memory.training());
  }

  @Override
  public Matrix infer(Matrix data) {
    return run(data, false);
  }

  @Override
  public long packWeights() {
    check();
    WorkspaceChecks.inference(memory.training());
    return memory.packWeights();
  }

  @Override
  public void step(long seed, long step) {
    check();
    memory.mode().step(seed, step);
  }

  private Matrix run(Matrix data, boolean training) {
    check();
    memory.mode().training(training);
    WorkspaceChecks.data(data, v.rows(), spec.inputs());
    inputs = data;
    return pass.forward(data);
  }

  /**
   * Computes the gradients of all parameters for the data of the last {@link #forward}, replacing
   * the old ones.
   *
   * @param outputGradient ∂J/∂output, of the output's shape
   * @throws IllegalArgumentException if the shape does not fit
   * @throws IllegalStateException if this is an inference workspace or {@link #forward} was not
   *     called
   */
  @Override
  public void backward(Matrix outputGradient) {
    backward(null, outputGradient);
  }

  /**
   * As {@link #backward(Matrix)}, and tells the costate and the Hamiltonian of every layer.
   * Hamiltonians are summed on the host, so that such a pass cannot be recorded. Where ∂J/∂z is not
   * kept ({@link #keepsHistory}), the first such pass takes memory for it.
   *
   * @param outputGradient ∂J/∂output, of the output's shape
   * @param listener hears layers L … 0
   * @throws IllegalArgumentException if the shape does not fit
   * @throws IllegalStateException as {@link #backward(Matrix)}, or if features are recomputed and
   *     only a few are kept
   */
  public void backward(Matrix outputGradient, CostateListener listener) {
    Objects.requireNonNull(listener, "listener");
    check();
    checkNotDropped();
    backward(listener, outputGradient);
  }

  private void backward(CostateListener listener, Matrix outputGradient) {
    check();
    if (!memory.training()) {
      throw new IllegalStateException(
          "this workspace was made for inference: Network.workspace makes one with gradients");
    }
    if (inputs == null || !memory.mode().isTraining()) {
      throw new IllegalStateException("backward needs a forward pass before it");
    }
    pass.backward(inputs, outputGradient, listener);
  }

  /**
   * The gradients of all parameters.
   *
   * @return a buffer with the network's {@link Network#layout}; overwritten by the next {@link
   *     #backward}
   */
  @Override
  public Buffer gradients() {
    check();
    return memory.gradients();
  }

  /**
   * The gradient with respect to x_0, after {@link #backward}.
   *
   * @return (batch · positions) × channels, valid until the next backward pass
   */
  public Matrix initialStateGradient() {
    check();
    return v.initialCostate();
  }

  /**
   * Computes the gradient with respect to the data, after {@link #backward}.
   *
   * @param target receives it; the shape of the data
   * @throws IllegalArgumentException if the shape does not fit
   */
  @Override
  public void inputGradient(Matrix target) {
    check();
    if (memory.input() == null) {
      p.axpby(1, v.initialCostate(), 0, target);
    } else {
      memory.input().transpose(v.initialCostate(), target);
    }
  }

  /**
   * The state x_l of the last forward pass; computed again if it was not kept.
   *
   * @param l from 0 to L
   * @return (batch · positions) × channels, valid until the next pass, and until the next call if
   *     states are recomputed or stored in another type
   */
  public Matrix state(int l) {
    check();
    if (l > 0 && inputs != null) {
      pass.recall(Objects.checkIndex(l, spec.depth() + 1));
    }
    return v.state(l);
  }

  /**
   * The features of the last forward pass.
   *
   * @return the history z as it is stored; if φ is the identity, its slices are the states
   * @throws IllegalStateException if it is not kept ({@link #keepsHistory})
   */
  public History history() {
    check();
    checkKept();
    return v.features().history();
  }

  /**
   * The gradients with respect to the features, ∂J/∂z_k, of the last backward pass.
   *
   * @return a history of the same shape
   * @throws IllegalStateException if it is not kept ({@link #keepsHistory})
   */
  public History historyGradient() {
    check();
    checkKept();
    return v.gradient();
  }

  /**
   * The network.
   *
   * @return the network that this workspace runs
   */
  @Override
  public Network network() {
    return network;
  }

  /**
   * Samples of a pass.
   *
   * @return at least 1
   */
  @Override
  public int batch() {
    return batch;
  }

  /**
   * Whether a pass reads or writes buffers from the host, so that it cannot be recorded ({@link
   * org.volterra.spi.ComputeProvider#record}).
   *
   * @return true for some kernels
   */
  @Override
  public boolean usesHost() {
    return pass.usesHost();
  }

  /**
   * How the sums of the kernel are computed, and why.
   *
   * @return the plan
   */
  public SumPlan sumPlan() {
    return memory.sumPlan();
  }

  /**
   * The bytes of all histories, in memory and in files: features, states, sums, and their
   * gradients.
   *
   * @return a count in bytes
   */
  @Override
  public long historyBytes() {
    return memory.plan().historyBytes();
  }

  /**
   * Where the histories are kept: in memory, in a file, or computed again.
   *
   * @return the plan, which prints as one line
   */
  @Override
  public MemoryPlan memoryPlan() {
    return memory.plan();
  }

  /**
   * Whether the features of all layers and their gradients are kept.
   *
   * @return false if {@link #history} and {@link #historyGradient} refuse, because only those of
   *     one run of layers are in memory, or a device takes all layers in passes that keep states
   *     and sums alone
   */
  public boolean keepsHistory() {
    return pass.keepsFeatures();
  }

  private void checkKept() {
    checkNotDropped();
    if (!keepsHistory()) {
      throw new IllegalStateException(
          "the device takes all layers at once and keeps states and sums alone: hear ∂J/∂x of"
              + " every layer from a CostateListener, or choose another algorithm for the sums");
    }
  }

  private void checkNotDropped() {
    if (pass.dropsFeatures()) {
      throw new IllegalStateException(
          "features are recomputed from checkpoints, only those of one run of layers are kept:"
              + " raise the memory budget to see all of them");
    }
  }

  private void check() {
    checks.usable(memory.isClosed());
  }

  @Override
  public void close() {
    if (!isView) {
      memory.close();
    }
  }
}
