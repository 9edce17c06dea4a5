package org.volterra;

import org.volterra.feature.FeatureMap;
import org.volterra.memory.History;
import org.volterra.spi.Activation;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.CumulativeSum;

/**
 * The passes of a network over its layers, and what of a layer is computed again: primitives on the
 * memory of a workspace, for batches of one size. Checks nothing; not thread-safe.
 */
final class LayerPass {
  private final Primitives p;
  private final NetworkSpec spec;
  private final WorkspaceMemory memory;
  private final WorkspaceMemory.Views v;
  private final CumulativeSum sum;
  private final FeatureMap features;
  private final WholePasses whole;
  private final Recomputation recomputation;
  private final Checkpoints checkpoints;
  private final boolean isLinear;
  private final boolean hasOwnFeatures;
  private final Matrix[] target;
  private final Matrix delta;
  private final Matrix deltaOperand;

  LayerPass(Network network, WorkspaceMemory memory, WorkspaceMemory.Views v) {
    this.p = network.provider().primitives(network.type());
    this.spec = network.spec();
    this.memory = memory;
    this.v = v;
    this.recomputation = v.recomputation();
    this.sum = memory.sum(v);
    this.checkpoints = memory.checkpoints(v, sum);
    this.features = memory.features(v);
    this.whole = WholePasses.of(network, memory, v, sum);
    if (whole == null && memory.isLean()) {
      throw new IllegalStateException("no history of features, and no pass that needs none");
    }
    this.isLinear = v.sums() == null;
    this.hasOwnFeatures = checkpoints != null || !spec.featuresAreStates();
    Slices targets = isLinear ? v.states() : v.sums();
    this.target = new Matrix[targets.history().slices()];
    for (int i = 0; i < target.length; i++) {
      target[i] = sum.operand(targets.view(i));
    }
    this.delta = isLinear ? v.costate() : v.delta();
    this.deltaOperand = sum.operand(delta);
  }

  /** Whether the features of all layers and their gradients are kept. */
  boolean keepsFeatures() {
    return checkpoints == null && !memory.isLean();
  }

  /** Whether features are computed again from checkpoints, a run of layers at a time. */
  boolean dropsFeatures() {
    return checkpoints != null;
  }

  /** Whether a pass takes something from the host: buffers, or the keys of dropout's masks. */
  boolean usesHost() {
    return sum.usesHost() || spec.features().dependsOnStep() || memory.plan().offloadedBytes() > 0;
  }

  /** Computes all states and the output, which is returned. */
  Matrix forward(Matrix data) {
    Matrix x0 = v.states().begin(0);
    if (memory.input() == null) {
      p.axpby(1, data, 0, x0);
    } else {
      memory.input().forward(data, x0);
    }
    v.states().store(0);
    if (whole == null) {
      layers(x0);
    } else {
      whole.forward();
    }
    recomputation.forwardDone();
    Matrix last = v.state(spec.depth());
    if (memory.output() == null) {
      return last;
    }
    memory.output().forward(last, v.output());
    return v.output();
  }

  private void layers(Matrix x0) {
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
  }

  private void feature(int k, boolean again) {
    int slice = recomputation.featureSlice(k);
    double weight = spec.featureWeight(k);
    if (features != null) {
      Matrix z = v.features().begin(slice);
      features.forward(k, v.state(k), z, again);
      if (weight != 1) {
        p.axpby(0, z, weight, z);
      }
      v.features().store(slice);
    } else if (hasOwnFeatures) {
      p.axpby(weight, v.state(k), 0, v.features().begin(slice));
      v.features().store(slice);
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
  void recall(int l) {
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
   * Computes the gradients of all parameters after a forward pass of these data.
   *
   * @param listener hears costates, or null
   */
  void backward(Matrix inputs, Matrix outputGradient, CostateListener listener) {
    memory.clearGradients();
    Matrix costate = v.costate();
    recall(spec.depth());
    if (memory.output() == null) {
      p.axpby(1, outputGradient, 0, costate);
    } else {
      memory.output().transpose(outputGradient, costate);
      memory.output().gradient(v.state(spec.depth()), outputGradient);
    }
    if (whole == null) {
      layersAdjoint(costate, listener);
    } else {
      History slopes = listener == null ? v.gradient() : memory.requestedGradients(v);
      whole.adjoint(costate, slopes);
      if (listener != null) {
        tell(costate, slopes, listener);
      }
    }
    if (memory.input() != null) {
      memory.input().gradient(inputs, v.initialCostate());
    }
  }

  /** Tells the costates of all layers, from the gradients ∂J/∂z. */
  private void tell(Matrix costate, History slopes, CostateListener listener) {
    int depth = spec.depth();
    listener.layer(depth, v.state(depth), costate, 0);
    for (int l = depth - 1; l >= 0; l--) {
      Matrix dz = slopes.slice(l);
      double hamiltonian = hamiltonian(l, toldFeature(l), dz);
      if (l > 0) {
        stateAdjoint(l, dz, 0, costate);
      }
      listener.layer(l, v.state(l), l > 0 ? costate : v.initialCostate(), hamiltonian);
    }
  }

  /** The feature of layer k as it is stored, or would be. */
  private Matrix toldFeature(int k) {
    if (!memory.isLean() || features == null) {
      return v.feature(k);
    }
    features.forward(k, v.state(k), v.delta(), true);
    return v.delta();
  }

  private void layersAdjoint(Matrix costate, CostateListener listener) {
    p.fill(0, v.gradient().first(v.gradient().slices()));
    p.fill(0, v.initialCostate());
    for (int l = spec.depth(); l >= 1; l--) {
      recall(l);
      Matrix dz = slope(l);
      double hamiltonian =
          listener == null || l == spec.depth() ? 0 : hamiltonian(l, v.feature(l), dz);
      if (l < spec.depth()) {
        stateAdjoint(l, dz, 0, costate);
      }
      if (listener != null) {
        listener.layer(l, v.state(l), costate, hamiltonian);
      }
      layerAdjoint(l, costate);
    }
    double hamiltonian = listener == null ? 0 : hamiltonian(0, v.feature(0), slope(0));
    stateAdjoint(0, slope(0), 1, v.initialCostate());
    if (listener != null) {
      listener.layer(0, v.state(0), v.initialCostate(), hamiltonian);
    }
  }

  /** ∂J/∂z_k. */
  private Matrix slope(int k) {
    return v.gradient().slice(recomputation.featureSlice(k));
  }

  /** Σ_{l>k} δ_lᵀ K_{l,k} φ_k(x_k), from the feature as it is stored and its gradient. */
  private double hamiltonian(int k, Matrix feature, Matrix slope) {
    double[] z = feature.toArray();
    double[] dz = slope.toArray();
    double sum = 0;
    for (int i = 0; i < z.length; i++) {
      sum += z[i] * dz[i];
    }
    return sum / (spec.scale() * spec.featureWeight(k));
  }

  /** costate = φ_k'(x_k)ᵀ ∂J/∂z_k + beta · costate. */
  private void stateAdjoint(int k, Matrix dz, double beta, Matrix costate) {
    double weight = spec.featureWeight(k);
    if (features == null) {
      p.axpby(weight, dz, beta, costate);
    } else {
      if (weight != 1) {
        p.axpby(0, dz, weight, dz);
      }
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
}
