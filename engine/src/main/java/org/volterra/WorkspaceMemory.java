package org.volterra;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthParameter;
import org.volterra.depth.LineMesh;
import org.volterra.feature.FeatureBinding;
import org.volterra.feature.FeatureMap;
import org.volterra.feature.PassMode;
import org.volterra.feature.ScratchMatrices;
import org.volterra.feature.Stage;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.History;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.CumulativeSum;
import org.volterra.sum.MeshRows;
import org.volterra.sum.RecurrentSum;

/**
 * The memory of a {@link Workspace}: allocates it, and binds the network's sums, features and
 * depth-dependent parameters to it.
 *
 * <p>If φ is the identity, the states are the history. If ψ is the identity, one slice of sums is
 * enough. An inference workspace has no gradients.
 */
final class WorkspaceMemory implements AutoCloseable {
  /** The matrices of passes with one batch size. */
  record Views(
      int rows,
      Slices features,
      Slices states,
      Slices sums,
      History gradient,
      Recomputation recomputation,
      Matrix costate,
      Matrix delta,
      Matrix initialCostate,
      Matrix output) {
    Matrix state(int l) {
      return states.get(recomputation.stateSlice(l));
    }

    Matrix feature(int k) {
      return features.get(recomputation.featureSlice(k));
    }

    Matrix sum(int l) {
      return sums.get(recomputation.sumSlice(l));
    }
  }

  private final Resources resources = new Resources();
  private final NetworkSpec spec;
  private final ParameterLayout layout;
  private final ComputeProvider provider;
  private final ElementType type;
  private final Primitives p;
  private final Buffer parameters;
  private final boolean training;
  private final HistorySet histories;
  private final Buffer gradients;
  private final List<Matrix> accumulated;
  private final Matrix costate;
  private final Matrix delta;
  private final Matrix initialCostate;
  private final Matrix output;
  private final Matrix firstState;
  private final Matrix otherState;
  private final Matrix otherFeature;
  private final Matrix otherSum;
  private final MeshRows meshRows;
  private final SumPlan sumPlan;
  private final SumBinding sumBinding;
  private final DepthParameter bias;
  private final DepthParameter source;
  private final Map<String, DepthParameter> featureParameters = new HashMap<>();
  private final FeatureBinding featureBinding;
  private final PassMode mode;
  private final LinearMap inputMap;
  private final LinearMap outputMap;
  private boolean closed;

  WorkspaceMemory(Network network, int batch, MemoryBudget budget, boolean training) {
    this.spec = network.spec();
    this.layout = network.layout();
    this.provider = network.provider();
    this.type = network.type();
    this.p = provider.primitives(type);
    this.parameters = network.parameters();
    this.training = training;
    this.mode = new PassMode(provider, resources::own);
    meshRows = Recomputation.mesh(spec);
    sumPlan = sumPlan(network, batch, budget, training, meshRows);
    boolean complete = false;
    try {
      histories = new HistorySet(network, batch, budget, training, sumPlan, meshRows, resources);
      gradients = training ? resources.own(provider.allocate(type, layout.length())) : null;
      accumulated = training ? accumulated() : List.of();
      int rows = batch * spec.positions();
      costate = scratch(rows, spec.channels());
      delta = scratch(rows, spec.channels());
      initialCostate = scratch(rows, spec.channels());
      output = scratch(rows, spec.outputs());
      firstState = window(histories.states(), rows);
      otherState = window(histories.states(), rows);
      otherFeature = spec.featuresAreStates() ? null : window(histories.features(), rows);
      otherSum = histories.sums() == null ? null : window(histories.sums(), rows);
      featureBinding = bindFeatures();
      sumBinding =
          new SumBinding(
              network,
              sumPlan,
              gradients,
              meshRows,
              histories.transposed(),
              histories.deltas(),
              resources);
      bias = spec.bias() == null ? null : bind("bias", spec.bias(), 1);
      source =
          spec.source() instanceof Source.Linear linear
              ? bind("source", linear.dependence(), 1)
              : null;
      inputMap =
          spec.hasInputMap() ? LinearMap.bind(p, layout, "input", parameters, gradients) : null;
      outputMap =
          spec.hasOutputMap() ? LinearMap.bind(p, layout, "output", parameters, gradients) : null;
      complete = true;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  /** A recurrent sum where histories fit the budget in no other way that is allowed. */
  private static SumPlan sumPlan(
      Network network, int batch, MemoryBudget budget, boolean training, MeshRows mesh) {
    ComputeProvider provider = network.provider();
    SumPlan fastest =
        SumPlan.of(
            network.spec(),
            provider,
            network.type(),
            batch,
            training,
            sumBudget(network, batch, budget, training));
    boolean mustShrink =
        budget.recompute()
            && budget.spill() == null
            && provider.offloadBytes(1).isEmpty()
            && HistorySet.leastBytes(network, batch, training, mesh, fastest) > budget.bytes();
    return mustShrink ? fastest.recurrent() : fastest;
  }

  /**
   * What histories leave to sums: those that leave memory or are computed again make room, and
   * those that leave a device all that it has.
   */
  private static MemoryBudget sumBudget(
      Network network, int batch, MemoryBudget budget, boolean training) {
    long histories = HistorySet.bytes(network, batch, training);
    if (histories <= budget.bytes()) {
      return new MemoryBudget(Math.max(1, budget.bytes() - histories));
    }
    ComputeProvider provider = network.provider();
    if (provider.offloadBytes(1).isPresent() && provider.bytesAvailable().isPresent()) {
      return new MemoryBudget(Math.max(1, provider.bytesAvailable().getAsLong()));
    }
    boolean shrinks =
        budget.spill() != null || (budget.recompute() && SumPlan.mayBeRecurrent(network.spec()));
    return new MemoryBudget(shrinks ? budget.bytes() : 1);
  }

  private Matrix scratch(int rows, int columns) {
    return Matrix.of(
        resources.own(provider.allocate(type, (long) rows * columns)), 0, rows, columns);
  }

  /** Scratch for a slice of a history that is stored in another type; null for others. */
  private Matrix window(History history, int rows) {
    return isInPlace(history) ? null : scratch(rows, history.channels());
  }

  /** Whether a history is stored in the type that the network computes in. */
  private boolean isInPlace(History history) {
    return history.slice(0).buffer().type() == type;
  }

  /** The gradients that passes add to, as vectors: all but those of a dense kernel. */
  private List<Matrix> accumulated() {
    if (!(spec.kernel() instanceof DepthKernel.Dense)) {
      return List.of(Matrix.vector(gradients, 0, Math.toIntExact(layout.length())));
    }
    List<ParameterLayout.Entry> kernel = group("kernel").entries();
    long begin = kernel.getFirst().offset();
    long end = kernel.getLast().offset() + kernel.getLast().size();
    List<Matrix> parts = new ArrayList<>();
    if (begin > 0) {
      parts.add(Matrix.vector(gradients, 0, Math.toIntExact(begin)));
    }
    if (end < layout.length()) {
      parts.add(Matrix.vector(gradients, end, Math.toIntExact(layout.length() - end)));
    }
    return parts;
  }

  private ParameterLayout.Group group(String name) {
    return layout.groups().get(name);
  }

  private FeatureBinding bindFeatures() {
    for (Stage.Parameter p : spec.features().parameters(spec.shape())) {
      String name = "feature." + p.name();
      DepthDependence dependence =
          p.trained() ? spec.featureDependence() : DepthDependence.perLayer();
      featureParameters.put(name, bind(name, dependence, p.first(), p.period()));
    }
    return new FeatureBinding(
        p,
        provider.transforms(type),
        featureParameters::get,
        new ScratchMatrices(provider, type, resources::own),
        mode,
        "feature.",
        training,
        false);
  }

  /** Binds a parameter that depends on depth; {@code first} is the first layer that uses it. */
  private DepthParameter bind(String name, DepthDependence dependence, int first) {
    return bind(name, dependence, first, 1);
  }

  /** The same, used by the layers {@code first}, {@code first + period}, … */
  private DepthParameter bind(String name, DepthDependence dependence, int first, int period) {
    ParameterLayout.Group group = group(name);
    Matrix[] values = group.in(parameters);
    Matrix[] slopes = gradientsOf(group);
    return switch (dependence) {
      case DepthDependence.Constant constant -> DepthParameter.shared(values[0], slopes[0]);
      case DepthDependence.PerLayer perLayer ->
          DepthParameter.perLayer(values, slopes, first, period);
      case DepthDependence.Field field ->
          DepthParameter.line(
              p,
              spec.grid(),
              new LineMesh(field.intervals(), spec.grid().horizon()),
              values,
              slopes,
              scratch(values[0].rows(), values[0].columns()),
              scratch(values[0].rows(), values[0].columns()));
    };
  }

  private Matrix[] gradientsOf(ParameterLayout.Group group) {
    return training ? group.in(gradients) : new Matrix[group.entries().size()];
  }

  Views views(int batch) {
    int rows = batch * spec.positions();
    Slices states = slices(histories.states(), batch, firstState, otherState);
    return new Views(
        rows,
        histories.features() == histories.states()
            ? states
            : slices(histories.features(), batch, null, otherFeature),
        states,
        histories.sums() == null ? null : slices(histories.sums(), batch, null, otherSum),
        histories.gradients() == null ? null : forBatch(histories.gradients(), batch),
        new Recomputation(spec, meshRows, histories.plan(), training, sumPlan.run()),
        costate.rows(0, rows),
        delta.rows(0, rows),
        initialCostate.rows(0, rows),
        output.rows(0, rows));
  }

  private Slices slices(History whole, int batch, Matrix first, Matrix other) {
    History history = forBatch(whole, batch);
    int rows = batch * spec.positions();
    return other == null
        ? Slices.inPlace(history)
        : Slices.stored(
            p, history, first == null ? null : first.rows(0, rows), other.rows(0, rows));
  }

  private static History forBatch(History whole, int batch) {
    return batch == whole.batch() ? whole : whole.forBatch(batch);
  }

  /** Whether states and sums are all that is kept of a pass. */
  boolean isLean() {
    return histories.isLean();
  }

  /** Gradients ∂J/∂z that somebody wants to see. */
  History requestedGradients(Views v) {
    return forBatch(histories.requestedGradients(), v.rows() / spec.positions());
  }

  SumPlan sumPlan() {
    return sumPlan;
  }

  /** What a pass begins again with at each run, or null if features are kept. */
  Checkpoints checkpoints(Views v, CumulativeSum sum) {
    return v.recomputation().dropsFeatures()
        ? new Checkpoints(
            p,
            histories.checkpoints(),
            RecurrentSum.of(sum),
            v.recomputation(),
            v.rows(),
            spec.featureChannels())
        : null;
  }

  CumulativeSum sum(Views v) {
    return sumBinding.bind(v.rows(), v.features().history(), v.gradient());
  }

  /** Packs the weights of a dense kernel for passes with all batch sizes; returns its bytes. */
  long packWeights() {
    return isInPlace(histories.features()) ? sumBinding.packWeights() : 0;
  }

  /** φ bound to its memory, or null if it is the identity. */
  FeatureMap features(Views v) {
    return spec.features().isIdentity()
        ? null
        : new FeatureMap(
            featureBinding, spec.features(), spec.shape(), v.rows() / spec.positions());
  }

  /** What maps of features know of the present pass. */
  PassMode mode() {
    return mode;
  }

  boolean training() {
    return training;
  }

  MemoryPlan plan() {
    return histories.plan();
  }

  Buffer gradients() {
    if (gradients == null) {
      throw new IllegalStateException("this workspace was made for inference and has no gradients");
    }
    return gradients;
  }

  /** Zeroes the gradients that passes add to; those of a dense kernel are overwritten. */
  void clearGradients() {
    for (Matrix part : accumulated) {
      p.fill(0, part);
    }
  }

  DepthParameter bias() {
    return bias;
  }

  DepthParameter source() {
    return source;
  }

  /** The input map, or null. */
  LinearMap input() {
    return inputMap;
  }

  /** The output map, or null. */
  LinearMap output() {
    return outputMap;
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    closed = true;
    resources.close();
  }
}
