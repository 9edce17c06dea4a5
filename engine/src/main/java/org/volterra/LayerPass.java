package org.volterra;

import java.util.stream.IntStream;
import org.volterra.depth.DepthDependence;
import org.volterra.feature.FeatureMap;
import org.volterra.memory.History;
import org.volterra.spi.Activation;
import org.volterra.spi.AdjointEpilogue;
import org.volterra.spi.Epilogue;
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
  private final boolean hasLinearSource;
  private final boolean fusesStates;
  private final boolean fusesFeatures;
  private final Activation pointwise;
  private final Matrix[] target;
  private final boolean fusesAdjoint;
  private final Matrix[] delta;
  private final Matrix[] deltaOperand;
  private final Matrix biasGradients;

  /** Layers whose operands are the same in every pass: forward, and back. */
  private final Runnable[] bound;

  private final Runnable[] boundAdjoint;
  private final Runnable[] boundBias;
  private final Epilogue[] ends;

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
    this.hasLinearSource = spec.source() instanceof Source.Linear;
    boolean isInPlace = v.states().isInPlace() && (isLinear || v.sums().isInPlace());
    this.fusesStates = isInPlace && (isLinear || !hasLinearSource);
    this.pointwise = WholePasses.pointwise(spec.features());
    this.fusesFeatures = fusesStates && hasOwnFeatures && pointwise != null;
    Slices targets = isLinear ? v.states() : v.sums();
    this.target = new Matrix[targets.history().slices()];
    for (int i = 0; i < target.length; i++) {
      target[i] = sum.operand(targets.view(i));
    }
    this.fusesAdjoint = isInPlace && !recomputation.isActive() && pointwise != null;
    this.delta = new Matrix[spec.depth() + 1];
    this.deltaOperand = new Matrix[delta.length];
    for (int l = 1; l < delta.length; l++) {
      Matrix own = sum.delta(l);
      delta[l] = own != null ? own : isLinear ? v.costate() : v.delta();
      deltaOperand[l] = l > 1 && own == null ? deltaOperand[1] : sum.operand(delta[l]);
    }
    this.biasGradients = biasGradients();
    this.bound = new Runnable[delta.length];
    this.boundAdjoint = new Runnable[delta.length];
    this.boundBias = new Runnable[delta.length];
    this.ends = new Epilogue[delta.length];
  }

  /** The gradients of all biases as one row, where all δ lie so too; else null. */
  private Matrix biasGradients() {
    return sum.deltas() == null || !(spec.bias() instanceof DepthDependence.PerLayer)
        ? null
        : Matrix.joined(
            IntStream.rangeClosed(1, spec.depth()).mapToObj(memory.bias()::gradient).toList());
  }

  /** Whether the features of all layers and their gradients are kept. */
  boolean keepsFeatures() {
    return checkpoints == null && !memory.isLean();
  }

  /** Whether features are computed again from checkpoints, a run of layers at a time. */
  boolean dropsFeatures() {
    return checkpoints != null;
  }

  /** Whether a pass takes something from the host. */
  boolean usesHost() {
    return sum.usesHost() || memory.plan().offloadedBytes() > 0;
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
    feature(0, false);
    for (int l = 1; l <= spec.depth(); l++) {
      if (checkpoints != null && l == recomputation.firstOfRun(l)) {
        checkpoints.save(recomputation.run(l), v.feature(l - 1));
      }
      boolean isLast = l == spec.depth();
      cumulate(l, x0, true, !isLast && fusesFeatures);
      if (!isLast && !fusesFeatures) {
        feature(l, false);
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

  /**
   * Computes u_l = b_l + h Σ_{k<l} K_{l,k} z_k and, where they are wanted, x_l = g_l + ψ(u_l) and
   * z_l; where ψ is the identity, u_l in place in x_l.
   */
  private void cumulate(int l, Matrix x0, boolean state, boolean feature) {
    int slice = isLinear ? recomputation.stateSlice(l) : recomputation.sumSlice(l);
    Matrix u = isLinear ? null : v.sums().begin(slice);
    Matrix x = state && fusesStates ? v.states().begin(recomputation.stateSlice(l)) : null;
    Matrix g = initialState(x0);
    if (isLinear && hasLinearSource) {
      addLinearSource(l, x0, 0, x);
      g = x;
    }
    Matrix bias = memory.bias() == null ? null : memory.bias().value(l);
    Matrix z = feature ? v.features().begin(recomputation.featureSlice(l)) : null;
    if (recomputation.isActive()) {
      sum.forward(l, epilogue(l, bias, u, g, x, z), target[slice], p);
    } else {
      if (bound[l] == null) {
        bound[l] = sum.bind(l, epilogue(l, bias, u, g, x, z), target[slice], p);
      }
      bound[l].run();
    }
    if (!isLinear) {
      v.sums().store(slice);
    }
    if (state && !fusesStates) {
      finish(l, x0);
    }
  }

  private Epilogue epilogue(int l, Matrix bias, Matrix u, Matrix g, Matrix x, Matrix z) {
    Activation function = fusesFeatures ? pointwise : Activation.IDENTITY;
    return new Epilogue(bias, u, spec.activation(), g, x, function, spec.featureWeight(l), z);
  }

  /** x_l = g_l + ψ(u_l). */
  private void finish(int l, Matrix x0) {
    Matrix u = v.sum(l);
    int slice = recomputation.stateSlice(l);
    Matrix x = v.states().begin(slice);
    Epilogue end = ends[l];
    if (end == null) {
      Matrix g = initialState(x0);
      end = new Epilogue(null, u, spec.activation(), g, x, Activation.IDENTITY, 1, null);
      ends[l] = recomputation.isActive() ? null : end;
    }
    end.end(p);
    if (hasLinearSource) {
      addLinearSource(l, x0, 1, x);
    }
    v.states().store(slice);
  }

  /** x = x_0 A(t_l) + beta x. */
  private void addLinearSource(int l, Matrix x0, double beta, Matrix x) {
    p.gemm(1, x0, false, memory.source().value(l), false, beta, x);
  }

  private Matrix initialState(Matrix x0) {
    return spec.source() instanceof Source.InitialState ? x0 : null;
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
        if (isLinear || recomputation.repeatsSum()) {
          cumulate(j, v.state(0), recomputation.dropsStates(), false);
        } else if (recomputation.dropsStates()) {
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
    boolean fuses = fusesAdjoint && listener == null;
    for (int l = spec.depth(); l >= 1; l--) {
      recall(l);
      if (!fuses || l == spec.depth()) {
        Matrix dz = slope(l);
        double hamiltonian =
            listener == null || l == spec.depth() ? 0 : hamiltonian(l, v.feature(l), dz);
        if (l < spec.depth()) {
          stateAdjoint(l, dz, 0, costate);
        }
        if (listener != null) {
          listener.layer(l, v.state(l), costate, hamiltonian);
        }
        sumAdjoint(l, costate);
      }
      parameterAdjoint(l, costate);
      if (fuses) {
        if (boundAdjoint[l] == null) {
          boundAdjoint[l] = sum.bindAdjoint(l, deltaOperand[l], adjointEpilogue(l - 1, costate), p);
        }
        boundAdjoint[l].run();
      } else {
        sum.adjoint(l, deltaOperand[l]);
      }
    }
    if (biasGradients != null) {
      p.columnSums(1, sum.deltas(), 1, biasGradients);
    }
    double hamiltonian = listener == null ? 0 : hamiltonian(0, v.feature(0), slope(0));
    stateAdjoint(0, slope(0), 1, v.initialCostate());
    if (listener != null) {
      listener.layer(0, v.state(0), v.initialCostate(), hamiltonian);
    }
  }

  /** What leads from ∂J/∂z_k to λ_k and δ_k, where nothing lies between. */
  private AdjointEpilogue adjointEpilogue(int k, Matrix costate) {
    return k == 0
        ? AdjointEpilogue.of(slope(0))
        : new AdjointEpilogue(
            slope(k),
            spec.featureWeight(k),
            pointwise,
            features == null ? null : v.state(k),
            costate,
            initialState(v.initialCostate()),
            spec.activation(),
            spec.activation() == Activation.IDENTITY ? null : v.sum(k),
            delta[k].equals(costate) ? null : delta[k]);
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

  /** δ_l = ψ'(u_l) λ_l, and what of λ_l the source x_0 takes. */
  private void sumAdjoint(int l, Matrix costate) {
    if (spec.source() instanceof Source.InitialState) {
      p.axpby(1, costate, 1, v.initialCostate());
    }
    if (spec.activation() != Activation.IDENTITY) {
      p.activateBackward(spec.activation(), v.sum(l), costate, 0, delta[l]);
    } else if (!delta[l].equals(costate)) {
      p.axpby(1, costate, 0, delta[l]);
    }
  }

  /** The gradients of the matrix of the source and of the bias. */
  private void parameterAdjoint(int l, Matrix costate) {
    if (hasLinearSource) {
      p.gemm(1, costate, false, memory.source().value(l), true, 1, v.initialCostate());
      p.gemm(1, v.state(0), true, costate, false, 1, memory.source().gradient(l));
      memory.source().accumulated(l);
    }
    if (memory.bias() != null && biasGradients == null) {
      Matrix gradient = memory.bias().gradient(l);
      if (boundBias[l] == null) {
        boundBias[l] = p.bind(q -> q.columnSums(1, delta[l], 1, gradient));
      }
      boundBias[l].run();
      memory.bias().accumulated(l);
    }
  }
}
