package org.volterra;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.volterra.feature.FeatureMap;
import org.volterra.memory.History;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.CumulativeSum;

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
  private final Thread owner = Thread.currentThread();
  private final Network network;
  private final NetworkSpec spec;
  private final Primitives p;
  private final WorkspaceMemory memory;
  private final boolean isView;
  private final int batch;
  private final Map<Integer, Workspace> views = new HashMap<>();

  private final CumulativeSum sum;
  private final FeatureMap features;
  private final WorkspaceMemory.Views v;
  private final Recomputation recomputation;
  private final Checkpoints checkpoints;
  private final boolean isLinear;
  private final Matrix[] target;
  private final Matrix delta;
  private final Matrix deltaOperand;
  private Matrix inputs;

  private Workspace(Network network, WorkspaceMemory memory, int batch, boolean isView) {
    this.network = network;
    this.spec = network.spec();
    this.p = network.provider().primitives(network.type());
    this.memory = memory;
    this.isView = isView;
    this.batch = batch;
    this.v = memory.views(batch);
    this.recomputation = v.recomputation();
    this.sum = memory.sum(v);
    this.checkpoints = memory.checkpoints(v, sum);
    this.features = memory.features(v);
    this.isLinear = v.sums() == null;
    Slices targets = isLinear ? v.states() : v.sums();
    this.target = new Matrix[targets.history().slices()];
    for (int i = 0; i < target.length; i++) {
      target[i] = sum.operand(targets.view(i));
    }
    this.delta = isLinear ? v.costate() : v.delta();
    this.deltaOperand = sum.operand(delta);
  }

  static Workspace allocate(Network network, int batch, MemoryBudget budget, boolean training) {
    if (batch < 1) {
      throw new IllegalArgumentException("batch " + batch + ": must be at least 1");
    }
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
    if (smaller < 1 || smaller > batch) {
      throw new IllegalArgumentException(
          "batch " + smaller + ": this workspace holds 1.." + batch + " samples");
    }
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
  public void step(long seed, long step) {
    check();
    memory.mode().step(seed, step);
  }

  private Matrix run(Matrix data, boolean training) {
    check();
    memory.mode().training(training);
    if (data.rows() != v.rows() || data.columns() != spec.inputs()) {
      throw new IllegalArgumentException(
          "data are "
              + data.rows()
              + " x "
              + data.columns()
              + ": this workspace takes "
              + v.rows()
              + " x "
              + spec.inputs());
    }
    inputs = data;
    Matrix x0 = v.states().begin(0);
    if (memory.input() == null) {
      p.axpby(1, data, 0, x0);
    } else {
      memory.input().forward(data, x0);
    }
    v.states().store(0);
    for (int l = 1; l <= spec.depth(); l++) {
      feature(l - 1, false);
      if (checkpoints != null && l == recomputation.firstOfRun(l)) {
        checkpoints.save(recomputation.run(l), v.feature(l - 1));
      }
      if (isLinear) {
        cumulateState(l, x0);
      } else {
        cumulate(l);
        finish(l, x0);
      }
    }
    recomputation.forwardDone();
    Matrix last = v.state(spec.depth());
    if (memory.output() == null) {
      return last;
    }
    memory.output().forward(last, v.output());
    return v.output();
  }

  private void feature(int k, boolean again) {
    int slice = recomputation.featureSlice(k);
    if (features != null) {
      features.forward(k, v.state(k), v.features().begin(slice), again);
      v.features().store(slice);
    } else if (checkpoints != null) {
      p.axpby(1, v.state(k), 0, v.features().begin(slice));
    }
  }

  /** x_l = g_l + b_l + h Σ_{k<l} K_{l,k} z_k, in place. */
  private void cumulateState(int l, Matrix x0) {
    int slice = recomputation.stateSlice(l);
    Matrix x = v.states().begin(slice);
    source(l, x0, 0, x);
    if (memory.bias() != null) {
      p.addRow(1, memory.bias().value(l), 1, x);
    }
    sum.forward(l, target[slice]);
  }

  /** x = g_l + beta x. */
  private void source(int l, Matrix x0, double beta, Matrix x) {
    switch (spec.source()) {
      case Source.Zero zero -> {
        if (beta == 0) {
          p.fill(0, x);
        }
      }
      case Source.InitialState initial -> p.axpby(1, x0, beta, x);
      case Source.Linear linear -> p.gemm(1, x0, false, memory.source().value(l), false, beta, x);
    }
  }

  /** u_l = b_l + h Σ_{k<l} K_{l,k} z_k. */
  private void cumulate(int l) {
    int slice = recomputation.sumSlice(l);
    Matrix u = v.sums().begin(slice);
    if (memory.bias() == null) {
      p.fill(0, u);
    } else {
      p.addRow(1, memory.bias().value(l), 0, u);
    }
    sum.forward(l, target[slice]);
    v.sums().store(slice);
  }

  /** x_l = g_l + ψ(u_l). */
  private void finish(int l, Matrix x0) {
    Matrix u = v.sum(l);
    int slice = recomputation.stateSlice(l);
    Matrix x = v.states().begin(slice);
    if (spec.activation() == Activation.IDENTITY) {
      p.axpby(1, u, 0, x);
    } else {
      p.activate(spec.activation(), u, x);
    }
    source(l, x0, 1, x);
    v.states().store(slice);
  }

  /** Computes what was not kept of layer l: its run, from the history. */
  private void recall(int l) {
    if (recomputation.enter(l)) {
      int first = recomputation.firstOfRun(l);
      if (checkpoints != null) {
        checkpoints.restore(recomputation.run(l), v.feature(first - 1));
      }
      for (int j = first; j <= recomputation.lastOfRun(l); j++) {
        if (checkpoints != null && j > first) {
          feature(j - 1, true);
        }
        if (isLinear) {
          cumulateState(j, v.state(0));
          continue;
        }
        if (recomputation.repeatsSum()) {
          cumulate(j);
        }
        if (recomputation.dropsStates()) {
          finish(j, v.state(0));
        }
      }
    }
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
    check();
    if (!memory.training()) {
      throw new IllegalStateException(
          "this workspace was made for inference: Network.workspace makes one with gradients");
    }
    if (inputs == null || !memory.mode().isTraining()) {
      throw new IllegalStateException("backward needs a forward pass before it");
    }
    memory.clearGradients();
    p.fill(0, v.gradient().first(v.gradient().slices()));
    p.fill(0, v.initialCostate());
    Matrix costate = v.costate();
    recall(spec.depth());
    if (memory.output() == null) {
      p.axpby(1, outputGradient, 0, costate);
    } else {
      memory.output().transpose(outputGradient, costate);
      memory.output().gradient(v.state(spec.depth()), outputGradient);
    }
    for (int l = spec.depth(); l >= 1; l--) {
      recall(l);
      if (l < spec.depth()) {
        stateAdjoint(l, 0, costate);
      }
      layerAdjoint(l, costate);
    }
    stateAdjoint(0, 1, v.initialCostate());
    if (memory.input() != null) {
      memory.input().gradient(inputs, v.initialCostate());
    }
  }

  /** costate = φ_k'(x_k)ᵀ ∂J/∂z_k + beta · costate. */
  private void stateAdjoint(int k, double beta, Matrix costate) {
    Matrix dz = v.gradient().slice(recomputation.featureSlice(k));
    if (features == null) {
      p.axpby(1, dz, beta, costate);
    } else {
      features.adjoint(k, v.state(k), dz, beta, costate);
    }
    if (checkpoints != null) {
      p.fill(0, dz);
    }
  }

  private void layerAdjoint(int l, Matrix costate) {
    switch (spec.source()) {
      case Source.Zero zero -> {}
      case Source.InitialState initial -> p.axpby(1, costate, 1, v.initialCostate());
      case Source.Linear linear -> {
        p.gemm(1, costate, false, memory.source().value(l), true, 1, v.initialCostate());
        p.gemm(1, v.state(0), true, costate, false, 1, memory.source().gradient(l));
        memory.source().accumulated(l);
      }
    }
    if (!isLinear) {
      if (spec.activation() == Activation.IDENTITY) {
        p.axpby(1, costate, 0, delta);
      } else {
        p.activateBackward(spec.activation(), v.sum(l), costate, 0, delta);
      }
    }
    if (memory.bias() != null) {
      p.columnSums(1, delta, 1, memory.bias().gradient(l));
      memory.bias().accumulated(l);
    }
    sum.adjoint(l, deltaOperand);
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
   * The gradient of one parameter.
   *
   * @param name its name in the layout
   * @return the view
   * @throws IllegalArgumentException if there is none of that name
   */
  @Override
  public Matrix gradient(String name) {
    return network.layout().entry(name).in(gradients());
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
      recall(Objects.checkIndex(l, spec.depth() + 1));
    }
    return v.state(l);
  }

  /**
   * The features of the last forward pass.
   *
   * @return the history z as it is stored; if φ is the identity, its slices are the states
   * @throws IllegalStateException if features are recomputed and only a few are kept
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
   * @throws IllegalStateException if features are recomputed and only a few are kept
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
    return sum.usesHost() || spec.features().isNonLocal();
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
   *     one run of layers are in memory
   */
  public boolean keepsHistory() {
    return checkpoints == null;
  }

  private void checkKept() {
    if (!keepsHistory()) {
      throw new IllegalStateException(
          "features are recomputed from checkpoints, only those of one run of layers are kept:"
              + " raise the memory budget to see all of them");
    }
  }

  private void check() {
    if (Thread.currentThread() != owner) {
      throw new WrongThreadException(
          "this workspace belongs to thread '"
              + owner.getName()
              + "' and was used by '"
              + Thread.currentThread().getName()
              + "': give each thread a workspace of its own");
    }
    if (memory.isClosed()) {
      throw new IllegalStateException("this workspace is closed");
    }
  }

  @Override
  public void close() {
    if (!isView) {
      memory.close();
    }
  }
}
