package org.volterra;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.volterra.depth.DepthParameter;
import org.volterra.feature.FeatureBinding;
import org.volterra.feature.FeatureMap;
import org.volterra.feature.PassMode;
import org.volterra.feature.ScratchMatrices;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.MemoryPlan;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;

/**
 * Runs stages forward and backward for batches of one size. The results of convolutions, products
 * and attention, and the features of dense blocks, are kept from the forward pass for the adjoint;
 * what is cheap is computed again.
 */
public final class FeedForwardWorkspace implements ModelWorkspace {
  /** What workspaces for several batch sizes share. */
  private record Shared(
      FeedForward network,
      Resources resources,
      ScratchMatrices scratch,
      PassMode mode,
      FeatureBinding binding,
      Buffer gradients) {}

  private final WorkspaceChecks checks = new WorkspaceChecks();
  private final Shared shared;
  private final FeedForwardSpec spec;
  private final Primitives p;
  private final int batch;
  private final boolean isView;
  private final MemoryPlan plan;
  private final Map<Integer, FeedForwardWorkspace> views = new HashMap<>();
  private final FeatureMap map;
  private final Matrix output;
  private final Matrix dataGradient;
  private final boolean[] closed;
  private Matrix data;

  private FeedForwardWorkspace(
      Shared shared, int batch, MemoryPlan plan, MemoryBudget budget, boolean[] closed) {
    this.shared = shared;
    this.spec = shared.network.spec();
    this.p = shared.network.provider().primitives(shared.network.type());
    this.batch = batch;
    this.isView = plan != null;
    this.closed = closed;
    ScratchMatrices scratch = shared.scratch;
    output = scratch.get("output", batch * spec.outputPositions(), spec.outputs());
    dataGradient =
        shared.gradients == null
            ? null
            : scratch.get("data-gradient", batch * spec.positions(), spec.inputs());
    map = new FeatureMap(shared.binding, spec.transform(), spec.input(), batch);
    this.plan = isView ? plan : choose(budget);
  }

  private MemoryPlan choose(MemoryBudget budget) {
    ElementType type = shared.network.type();
    long bytes = shared.scratch.bytes();
    return MemoryPlan.choose(
        "a batch of " + batch,
        budget,
        List.of(new MemoryPlan.Need("values and gradients of stages", type, bytes, bytes)),
        false);
  }

  static FeedForwardWorkspace allocate(
      FeedForward network, int batch, MemoryBudget budget, boolean training) {
    WorkspaceChecks.batch(batch);
    Resources resources = new Resources();
    boolean complete = false;
    try {
      FeedForwardWorkspace workspace =
          new FeedForwardWorkspace(
              share(network, resources, training), batch, null, budget, new boolean[1]);
      complete = true;
      return workspace;
    } finally {
      if (!complete) {
        resources.close();
      }
    }
  }

  private static Shared share(FeedForward network, Resources resources, boolean training) {
    ElementType type = network.type();
    ParameterLayout layout = network.layout();
    Buffer gradients =
        training ? resources.own(network.provider().allocate(type, layout.length())) : null;
    Map<String, DepthParameter> parameters = new HashMap<>();
    for (ParameterLayout.Entry entry : layout.entries().values()) {
      Matrix gradient = training ? entry.in(gradients) : null;
      parameters.put(entry.name(), DepthParameter.shared(entry.in(network.parameters()), gradient));
    }
    ScratchMatrices scratch = new ScratchMatrices(network.provider(), type, resources::own);
    PassMode mode = new PassMode(network.provider(), resources::own);
    FeatureBinding binding =
        new FeatureBinding(
            network.provider().primitives(type),
            network.provider().transforms(type),
            parameters::get,
            scratch,
            mode,
            ParameterLayout.STAGE,
            training,
            training);
    return new Shared(network, resources, scratch, mode, binding, gradients);
  }

  @Override
  public FeedForwardWorkspace forBatch(int smaller) {
    check();
    if (smaller == batch) {
      return this;
    }
    WorkspaceChecks.smaller(smaller, batch);
    return views.computeIfAbsent(
        smaller, b -> new FeedForwardWorkspace(shared, b, plan, null, closed));
  }

  @Override
  public Matrix forward(Matrix input) {
    check();
    run(input, shared.gradients != null);
    data = input;
    return output;
  }

  @Override
  public Matrix infer(Matrix input) {
    check();
    run(input, false);
    data = null;
    return output;
  }

  private void run(Matrix input, boolean training) {
    WorkspaceChecks.data(input, batch * spec.positions(), spec.inputs());
    shared.mode.training(training);
    map.forward(0, input, output, false);
  }

  @Override
  public void step(long seed, long step) {
    check();
    shared.mode.step(seed, step);
  }

  @Override
  public void backward(Matrix outputGradient) {
    check();
    gradients();
    if (data == null) {
      throw new IllegalStateException("backward needs a forward pass before it");
    }
    p.fill(
        0,
        Matrix.vector(
            shared.gradients, 0, Math.toIntExact(shared.network.layout().trainedLength())));
    map.adjoint(0, data, outputGradient, 0, dataGradient);
  }

  @Override
  public void inputGradient(Matrix target) {
    gradients();
    p.axpby(1, dataGradient, 0, target);
  }

  @Override
  public Buffer gradients() {
    check();
    if (shared.gradients == null) {
      throw new IllegalStateException("this workspace was made for inference and has no gradients");
    }
    return shared.gradients;
  }

  @Override
  public boolean usesHost() {
    return false;
  }

  @Override
  public FeedForward network() {
    return shared.network;
  }

  @Override
  public int batch() {
    return batch;
  }

  @Override
  public long historyBytes() {
    return plan.historyBytes();
  }

  @Override
  public long packWeights() {
    check();
    WorkspaceChecks.inference(shared.gradients != null);
    return 0;
  }

  @Override
  public MemoryPlan memoryPlan() {
    return plan;
  }

  private void check() {
    checks.usable(closed[0]);
  }

  @Override
  public void close() {
    if (!isView) {
      closed[0] = true;
      shared.resources.close();
    }
  }
}
