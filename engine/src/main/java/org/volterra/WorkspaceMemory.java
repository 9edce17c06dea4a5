package org.volterra;

import java.util.Arrays;
import java.util.List;
import org.volterra.depth.DepthDependence;
import org.volterra.depth.DepthParameter;
import org.volterra.depth.LineMesh;
import org.volterra.depth.TriangleMesh;
import org.volterra.feature.FeatureMap;
import org.volterra.feature.Stage;
import org.volterra.kernel.DepthKernel;
import org.volterra.memory.History;
import org.volterra.memory.HostBuffer;
import org.volterra.memory.MemoryBudget;
import org.volterra.memory.Resources;
import org.volterra.spi.Activation;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.CumulativeSum;
import org.volterra.sum.FieldScratch;
import org.volterra.sum.FieldSum;
import org.volterra.sum.MatrixSum;
import org.volterra.sum.MeshRows;
import org.volterra.sum.ScalarSum;

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
      History history,
      History states,
      History sums,
      History gradient,
      Matrix costate,
      Matrix delta,
      Matrix initialCostate,
      Matrix output,
      List<Matrix> stageValues,
      List<Matrix> stageGradients) {
    Matrix state(int l) {
      return states.slice(l);
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
  private final History history;
  private final History states;
  private final History sums;
  private final History historyGradient;
  private final long historyBytes;
  private final Buffer gradients;
  private final Matrix gradientVector;
  private final Matrix costate;
  private final Matrix delta;
  private final Matrix initialCostate;
  private final Matrix output;
  private final Matrix[] stageValues;
  private final Matrix[] stageGradients;
  private final MeshRows meshRows;
  private final Buffer fieldScratch;
  private final HostBuffer fieldStaging;
  private final Matrix[] coefficients;
  private final Matrix[] coefficientGradients;
  private final DepthParameter bias;
  private final DepthParameter source;
  private final DepthParameter[] stageWeights;
  private final DepthParameter[] stageBiases;
  private final LinearMap inputMap;
  private final LinearMap outputMap;
  private boolean closed;

  static WorkspaceMemory allocate(
      Network network, int batch, MemoryBudget budget, boolean training) {
    budget.require(
        "a batch of " + batch + " at depth " + network.spec().depth(),
        historyBytes(network, batch, training));
    return new WorkspaceMemory(network, batch, training);
  }

  /** Slices of states beside the history, of sums, and of gradients. */
  private static long historyBytes(Network network, int batch, boolean training) {
    NetworkSpec spec = network.spec();
    ElementType type = network.type();
    int n = spec.positions();
    int d = spec.channels();
    long bytes = spec.historyBytes(type, batch) * (training ? 2 : 1);
    if (!spec.features().isIdentity()) {
      bytes += History.bytes(type, spec.depth() + 1, batch, n, d);
    }
    return bytes + History.bytes(type, sumSlices(spec, training), batch, n, d);
  }

  private static int sumSlices(NetworkSpec spec, boolean training) {
    return training && spec.activation() != Activation.IDENTITY ? spec.depth() : 1;
  }

  private WorkspaceMemory(Network network, int batch, boolean training) {
    this.spec = network.spec();
    this.layout = network.layout();
    this.provider = network.provider();
    this.type = network.type();
    this.p = provider.primitives(type);
    this.parameters = network.parameters();
    this.training = training;
    boolean complete = false;
    try {
      int slices = spec.depth() + 1;
      history = history(spec.historyLayout(), slices, batch, spec.featureChannels());
      states =
          spec.features().isIdentity()
              ? history
              : history(History.Layout.SLICE_MAJOR, slices, batch, spec.channels());
      sums = history(History.Layout.SLICE_MAJOR, sumSlices(spec, training), batch, spec.channels());
      historyGradient =
          training ? history(spec.historyLayout(), slices, batch, spec.featureChannels()) : null;
      historyBytes = historyBytes(network, batch, training);
      gradients = training ? resources.own(provider.allocate(type, layout.length())) : null;
      gradientVector =
          training ? Matrix.vector(gradients, 0, Math.toIntExact(layout.length())) : null;
      int rows = batch * spec.positions();
      costate = scratch(rows, spec.channels());
      delta = scratch(rows, spec.channels());
      initialCostate = scratch(rows, spec.channels());
      output = scratch(rows, spec.outputs());
      int stages = spec.features().stages().size();
      stageValues = new Matrix[Math.max(0, stages - 1)];
      stageGradients = new Matrix[stageValues.length];
      stageWeights = new DepthParameter[stages];
      stageBiases = new DepthParameter[stages];
      bindStages(rows);
      meshRows = meshRows();
      fieldScratch = meshRows == null ? null : fieldBuffer(rows);
      fieldStaging = meshRows == null ? null : fieldStaging();
      coefficients = spec.kernel() instanceof DepthKernel.Scalar s ? coefficients(s) : null;
      coefficientGradients =
          training && spec.kernel() instanceof DepthKernel.Scalar s && s.trainable()
              ? group("kernel").in(gradients)
              : null;
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

  private History history(History.Layout order, int slices, int batch, int channels) {
    return resources.own(
        History.allocate(provider, type, order, slices, batch, spec.positions(), channels));
  }

  private Matrix scratch(int rows, int columns) {
    return Matrix.of(
        resources.own(provider.allocate(type, (long) rows * columns)), 0, rows, columns);
  }

  private ParameterLayout.Group group(String name) {
    return layout.groups().get(name);
  }

  private void bindStages(int rows) {
    List<Stage> stages = spec.features().stages();
    int width = spec.channels();
    for (int i = 0; i < stages.size(); i++) {
      width = stages.get(i).outputs(width);
      if (i < stageValues.length) {
        stageValues[i] = scratch(rows, width);
        stageGradients[i] = scratch(rows, width);
      }
      if (stages.get(i) instanceof Stage.Affine) {
        stageWeights[i] = bind("feature." + i + ".weight", spec.featureDependence(), 0);
        stageBiases[i] = bind("feature." + i + ".bias", spec.featureDependence(), 0);
      }
    }
  }

  /** Binds a parameter that depends on depth; {@code first} is the first layer that uses it. */
  private DepthParameter bind(String name, DepthDependence dependence, int first) {
    ParameterLayout.Group group = group(name);
    Matrix[] values = group.in(parameters);
    Matrix[] slopes = gradientsOf(group);
    return switch (dependence) {
      case DepthDependence.Constant constant -> DepthParameter.shared(values[0], slopes[0]);
      case DepthDependence.PerLayer perLayer -> DepthParameter.perLayer(values, slopes, first);
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

  /** Splits the rows of the mesh into its nodes. */
  private static Matrix[] nodes(Matrix[] meshRows, int height) {
    Matrix[] nodes = new Matrix[meshRows.length * (meshRows.length + 1) / 2];
    for (int i = 0; i < meshRows.length; i++) {
      for (int j = 0; j <= i; j++) {
        nodes[TriangleMesh.index(i, j)] = meshRows[i].rows(j * height, height);
      }
    }
    return nodes;
  }

  private Matrix[] coefficients(DepthKernel.Scalar scalar) {
    if (scalar.trainable()) {
      return group("kernel").in(parameters);
    }
    int layers = spec.depth();
    Buffer buffer = resources.own(provider.allocate(type, (long) layers * (layers + 1) / 2));
    Matrix[] rows = new Matrix[layers];
    for (int l = 1; l <= layers; l++) {
      rows[l - 1] = Matrix.vector(buffer, (long) l * (l - 1) / 2, l);
      for (int k = 0; k < l; k++) {
        rows[l - 1].set(0, k, scalar.function().at(spec.grid().time(l), spec.grid().time(k)));
      }
    }
    return rows;
  }

  Views views(int batch) {
    int rows = batch * spec.positions();
    boolean whole = batch == history.batch();
    History z = whole ? history : history.forBatch(batch);
    return new Views(
        rows,
        z,
        states == history ? z : whole ? states : states.forBatch(batch),
        whole ? sums : sums.forBatch(batch),
        !training || whole ? historyGradient : historyGradient.forBatch(batch),
        costate.rows(0, rows),
        delta.rows(0, rows),
        initialCostate.rows(0, rows),
        output.rows(0, rows),
        firstRows(stageValues, rows),
        firstRows(stageGradients, rows));
  }

  private static List<Matrix> firstRows(Matrix[] matrices, int rows) {
    return Arrays.stream(matrices).map(m -> m.rows(0, rows)).toList();
  }

  private MeshRows meshRows() {
    return spec.kernel() instanceof DepthKernel.Field field
        ? new MeshRows(spec.grid(), new LineMesh(field.intervals(), spec.grid().horizon()))
        : null;
  }

  private Buffer fieldBuffer(int rows) {
    long length =
        FieldScratch.length(meshRows.largest(), rows, spec.featureChannels(), spec.channels());
    return resources.own(provider.allocate(type, length));
  }

  private HostBuffer fieldStaging() {
    return resources.own(HostBuffer.allocate(type, (long) meshRows.largest() * meshRows.largest()));
  }

  CumulativeSum sum(Views v) {
    return switch (spec.kernel()) {
      case DepthKernel.Dense dense ->
          new MatrixSum(
              p,
              spec.scale(),
              DepthParameter.perLayer(
                  group("kernel").in(parameters), gradientsOf(group("kernel")), 1),
              v.history(),
              v.gradient());
      case DepthKernel.Field field ->
          new FieldSum(
              p,
              spec.scale(),
              meshRows,
              nodes(group("kernel").in(parameters), spec.featureChannels()),
              training ? nodes(group("kernel").in(gradients), spec.featureChannels()) : null,
              v.history(),
              v.gradient(),
              new FieldScratch(
                  fieldScratch,
                  fieldStaging,
                  meshRows.largest(),
                  v.rows(),
                  spec.featureChannels(),
                  spec.channels()));
      case DepthKernel.Scalar scalar ->
          new ScalarSum(
              p, spec.scale(), coefficients, coefficientGradients, v.history(), v.gradient());
    };
  }

  /** φ bound to its memory, or null if it is the identity. */
  FeatureMap features(Views v) {
    return spec.features().isIdentity()
        ? null
        : new FeatureMap(
            p, spec.features(), stageWeights, stageBiases, v.stageValues(), v.stageGradients());
  }

  boolean training() {
    return training;
  }

  long historyBytes() {
    return historyBytes;
  }

  Buffer gradients() {
    if (gradients == null) {
      throw new IllegalStateException("this workspace was made for inference and has no gradients");
    }
    return gradients;
  }

  Matrix gradientVector() {
    return gradientVector;
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
