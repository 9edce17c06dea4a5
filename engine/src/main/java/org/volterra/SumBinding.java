package org.volterra;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.volterra.depth.DepthParameter;
import org.volterra.depth.TriangleMesh;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;
import org.volterra.memory.History;
import org.volterra.memory.HostBuffer;
import org.volterra.memory.Resources;
import org.volterra.spi.Buffer;
import org.volterra.spi.ComputeProvider;
import org.volterra.spi.ElementType;
import org.volterra.spi.Matrix;
import org.volterra.spi.Primitives;
import org.volterra.sum.AttentionSum;
import org.volterra.sum.AveragingSum;
import org.volterra.sum.CumulativeSum;
import org.volterra.sum.FieldScratch;
import org.volterra.sum.FieldSum;
import org.volterra.sum.FieldWeights;
import org.volterra.sum.GatheredMatrixSum;
import org.volterra.sum.HistoryWindow;
import org.volterra.sum.MatrixSum;
import org.volterra.sum.MatrixTermSum;
import org.volterra.sum.MeshRows;
import org.volterra.sum.PackedWeights;
import org.volterra.sum.ScalarBinding;
import org.volterra.sum.SumMemory;
import org.volterra.sum.SumOperands;
import org.volterra.sum.TermsSum;
import org.volterra.sum.TransposedFeatures;
import org.volterra.sum.WidenedMatrixSum;

/** Binds a network's kernel to its parameters and makes sums over histories. Not thread-safe. */
final class SumBinding {
  private final ComputeProvider device;
  private final NetworkSpec spec;
  private final ParameterLayout layout;
  private final Primitives p;
  private final Buffer parameters;
  private final Buffer gradients;
  private final ElementType type;
  private final Resources resources;
  private final SumMemory memory;
  private final MeshRows meshRows;
  private final Buffer transposed;
  private final History deltas;
  private final PackedWeights packed;
  private final SumPlan plan;
  private boolean hasFieldWeights;
  private FieldWeights fieldWeights;
  private HostBuffer staging;
  private final Map<String, ScalarBinding> scalars = new HashMap<>();

  /**
   * Binds the kernel.
   *
   * @param plan the algorithms
   * @param gradients where the gradients of parameters are added, or null for inference
   * @param meshRows where layers lie in the mesh of a field kernel, or null
   * @param transposed memory for features transposed, or null if nothing needs them
   * @param deltas memory for all δ, or null if nothing needs them
   * @param resources takes the memory of the sums
   */
  SumBinding(
      Network network,
      SumPlan plan,
      Buffer gradients,
      MeshRows meshRows,
      Buffer transposed,
      History deltas,
      Resources resources) {
    this.plan = plan;
    this.meshRows = meshRows;
    this.transposed = transposed;
    this.deltas = deltas;
    this.device = network.provider();
    this.spec = network.spec();
    this.layout = network.layout();
    this.p = network.provider().primitives(network.type());
    this.parameters = network.parameters();
    this.gradients = gradients;
    this.type = network.type();
    this.resources = resources;
    this.memory = new SumMemory(network.provider(), network.type(), resources);
    this.packed =
        gradients == null && spec.kernel() instanceof DepthKernel.Dense
            ? new PackedWeights(
                p,
                List.of(group("kernel", parameters)),
                length -> resources.own(device.allocate(type, length)))
            : null;
  }

  /**
   * A sum over a history.
   *
   * @param rows batch · positions; the first call has the largest batch
   * @param z features
   * @param slopes their gradients, or null for inference
   */
  CumulativeSum bind(int rows, History z, History slopes) {
    return bind("kernel", spec.kernel(), memory, rows, z, slopes);
  }

  private CumulativeSum bind(
      String name, DepthKernel kernel, SumMemory own, int rows, History z, History slopes) {
    return switch (kernel) {
      case DepthKernel.Dense dense when isNarrow(z) ->
          new WidenedMatrixSum(
              p,
              spec.scale(),
              DepthParameter.perLayer(group(name, parameters), group(name, gradients), 1),
              z,
              slopes,
              own);
      case DepthKernel.Dense dense when deltas != null ->
          new GatheredMatrixSum(
              p,
              spec.scale(),
              DepthParameter.perLayer(group(name, parameters), group(name, gradients), 1),
              z,
              slopes,
              z.batch() == deltas.batch() ? deltas : deltas.forBatch(z.batch()));
      case DepthKernel.Dense dense ->
          new MatrixSum(
              p,
              spec.scale(),
              DepthParameter.perLayer(group(name, parameters), group(name, gradients), 1),
              z,
              slopes,
              transposed == null ? null : transposed(own, rows),
              packed);
      case DepthKernel.Field field -> field(name, rows, z, slopes);
      case ScalarKernel scalar ->
          scalars
              .computeIfAbsent(name, key -> scalar(key, scalar, own))
              .bind(new SumOperands(p, spec.scale(), spec.depth(), z, slopes, window(z)));
      case LayerWeights.Attention attention ->
          new AttentionSum(
              device.depth(type).orElseThrow(),
              new SumOperands(p, spec.scale(), spec.depth(), z, slopes),
              attention,
              DepthParameter.perLayer(
                  group(name + ".query", parameters), group(name + ".query", gradients), 2),
              own);
      case LayerWeights.Averaging averaging ->
          new AveragingSum(
              new SumOperands(p, spec.scale(), spec.depth(), z, slopes),
              averaging,
              rows(name, averaging, parameters),
              rows(name, averaging, gradients));
      case DepthKernel.WithMatrix product ->
          new MatrixTermSum(
              p,
              bind(name, product.scalar(), own.part("scalar"), rows, z, slopes),
              layout.entry(name + ".matrix").in(parameters),
              gradients == null ? null : layout.entry(name + ".matrix").in(gradients),
              Math.min(z.slices(), spec.depth()),
              rows,
              own);
      case DepthKernel.Terms sum -> {
        List<CumulativeSum> terms = new ArrayList<>();
        for (int i = 0; i < sum.terms().size(); i++) {
          String term = name + ".term." + i;
          terms.add(bind(term, sum.terms().get(i), memory.part(term), rows, z, slopes));
        }
        yield new TermsSum(terms);
      }
    };
  }

  /** Packs the weights of a dense kernel, where passes gain from it; returns the bytes it takes. */
  long packWeights() {
    return packed == null ? 0 : packed.pack();
  }

  private boolean isNarrow(History z) {
    return z.slice(0).buffer().type() != type;
  }

  private HistoryWindow window(History z) {
    return isNarrow(z) ? new HistoryWindow(p, z, memory) : null;
  }

  private TransposedFeatures transposed(SumMemory own, int rows) {
    return new TransposedFeatures(
        transposed,
        own.matrix("deltas", 2 * rows, spec.channels()).buffer(),
        spec.depth(),
        rows,
        spec.featureChannels(),
        spec.channels());
  }

  private Matrix[] group(String name, Buffer buffer) {
    ParameterLayout.Group group = layout.groups().get(name);
    return buffer == null ? new Matrix[group.entries().size()] : group.in(buffer);
  }

  /** The coefficients of the layers that average. */
  private Matrix[] rows(String name, LayerWeights.Averaging averaging, Buffer buffer) {
    Matrix[] rows = new Matrix[spec.depth()];
    for (int l = 1; l <= rows.length && buffer != null; l++) {
      if (averaging.averages(l)) {
        rows[l - 1] = layout.entry(name + "." + l).in(buffer);
      }
    }
    return rows;
  }

  private ScalarBinding scalar(String name, ScalarKernel kernel, SumMemory own) {
    return new ScalarBinding(
        p,
        spec.grid(),
        kernel,
        plan.algorithm(name),
        spec.sum().tolerance(),
        own,
        word -> layout.entry(name + "." + word).in(parameters),
        gradients == null ? null : word -> layout.entry(name + "." + word).in(gradients));
  }

  private CumulativeSum field(String name, int rows, History z, History slopes) {
    int features = spec.featureChannels();
    int length =
        Math.toIntExact(FieldScratch.length(meshRows.largest(), rows, features, spec.channels()));
    if (!hasFieldWeights) {
      fieldWeights = FieldWeights.of(meshRows, memory);
      long largest = meshRows.largest();
      staging =
          fieldWeights == null ? resources.own(HostBuffer.allocate(type, largest * largest)) : null;
      hasFieldWeights = true;
    }
    return new FieldSum(
        p,
        spec.scale(),
        meshRows,
        nodes(group(name, parameters), features),
        gradients == null ? null : nodes(group(name, gradients), features),
        z,
        slopes,
        new FieldScratch(
            memory.matrix("field", 1, length).buffer(),
            staging,
            meshRows.largest(),
            rows,
            features,
            spec.channels()),
        fieldWeights);
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
}
