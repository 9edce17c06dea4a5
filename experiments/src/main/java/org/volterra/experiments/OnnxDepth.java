package org.volterra.experiments;

import java.util.HashMap;
import java.util.Map;
import org.volterra.NetworkSpec;
import org.volterra.Scaling;
import org.volterra.Source;
import org.volterra.depth.LineMesh;
import org.volterra.depth.Stencil;
import org.volterra.depth.TriangleMesh;
import org.volterra.feature.Shape;
import org.volterra.kernel.DepthKernel;
import org.volterra.kernel.LayerWeights;
import org.volterra.kernel.ScalarKernel;

/**
 * A network in depth as nodes of a graph, layer by layer. The history is batch × positions × layers
 * × channels; weights of layers multiply it from the left as a row, or as a row for each of several
 * results, and matrices from the right.
 */
final class OnnxDepth {
  private static final String KERNEL = "kernel";

  private final OnnxGraph graph;
  private final OnnxParameters parameters;
  private final OnnxStages stages;
  private final NetworkSpec spec;
  private final OnnxCoefficients coefficients;

  /** Matrices of two rows of the mesh of a field, by the first. */
  private final Map<Integer, String> joined = new HashMap<>();

  OnnxDepth(OnnxGraph graph, OnnxParameters parameters, NetworkSpec spec) {
    this.graph = graph;
    this.parameters = parameters;
    this.spec = spec;
    stages = new OnnxStages(graph, parameters);
    coefficients = new OnnxCoefficients(parameters, spec.grid());
  }

  /** The network's output of data on its grid, whose channels are last. */
  OnnxValue of(OnnxValue data) {
    Shape shape = spec.shape();
    OnnxValue start =
        spec.hasInputMap()
            ? new OnnxValue(parameters.affine(data.name(), "input.", 0), shape, false)
            : data;
    OnnxValue x = start;
    String history = null;
    for (int l = 1; l <= spec.depth(); l++) {
      String z = feature(x, l - 1);
      history =
          history == null
              ? z
              : graph.node("Concat", new OnnxAttributes().number("axis", 2), history, z);
      x = new OnnxValue(layer(history, start, l), shape, false);
    }
    return spec.hasOutputMap()
        ? new OnnxValue(
            parameters.affine(x.name(), "output.", 0), shape.withChannels(spec.outputs()), false)
        : x;
  }

  /** What layer k puts into the history. */
  private String feature(OnnxValue x, int k) {
    String z = stages.rows(stages.transform("feature.", spec.features(), x, k)).name();
    if (spec.scaling() == Scaling.STEP && spec.grid().weight(k) != 1) {
      z = graph.node("Mul", z, graph.scalar(spec.grid().weight(k)));
    }
    return reshaped(z, spec.shape().positions(), 1, spec.featureChannels());
  }

  private String reshaped(String x, long... sample) {
    long[] all = new long[sample.length + 1]; // 0 keeps the batch
    System.arraycopy(sample, 0, all, 1, sample.length);
    return graph.node("Reshape", x, graph.integers(all));
  }

  private String layer(String history, OnnxValue start, int l) {
    Shape shape = spec.shape();
    String u =
        reshaped(
            sum(KERNEL, spec.kernel(), history, l),
            shape.height(),
            shape.width(),
            shape.channels());
    if (spec.scale() != 1) {
      u = graph.node("Mul", u, graph.scalar(spec.scale()));
    }
    if (spec.bias() != null) {
      u = graph.node("Add", u, parameters.vector(parameters.at("bias", l)));
    }
    String x = stages.activation(spec.activation(), u);
    return switch (spec.source()) {
      case Source.Zero none -> x;
      case Source.InitialState initial -> graph.node("Add", start.name(), x);
      case Source.Linear linear -> {
        String matrix = parameters.matrix(parameters.at("source", l));
        yield graph.node("Add", graph.node("MatMul", start.name(), matrix), x);
      }
    };
  }

  /** The kernel's sum of layer l, with one channel vector for each position. */
  private String sum(String name, DepthKernel kernel, String history, int l) {
    return switch (kernel) {
      case DepthKernel.Dense dense ->
          graph.node("MatMul", side(history, l), parameters.matrix(parameters.get(name + "." + l)));
      case DepthKernel.Field field -> field(name, field, history, l);
      case LayerWeights.Attention attention -> attention(name, attention, history, l);
      case LayerWeights.Averaging averaging ->
          weighted(name, history, l, coefficients.averaging(name, averaging, l));
      case ScalarKernel scalar -> weighted(name, history, l, coefficients.scalar(name, scalar, l));
      case DepthKernel.WithMatrix product ->
          graph.node(
              "MatMul",
              sum(name, product.scalar(), history, l),
              parameters.matrix(parameters.get(name + ".matrix")));
      case DepthKernel.Terms terms -> {
        String all = null;
        for (int i = 0; i < terms.terms().size(); i++) {
          String term = sum(name + ".term." + i, terms.terms().get(i), history, l);
          all = all == null ? term : graph.node("Add", all, term);
        }
        yield all;
      }
    };
  }

  /** All features of a position side by side, for so many layers or sums of them. */
  private String side(String history, int count) {
    return reshaped(history, spec.shape().positions(), 1, (long) count * spec.featureChannels());
  }

  private String weighted(String name, String history, int l, double[] row) {
    String weights = graph.tensor(name + " row " + l, () -> row, 1, l);
    return graph.node("MatMul", weights, history);
  }

  /** The sums of features at the nodes around layer l, and then the nodes' matrices. */
  private String field(String name, DepthKernel.Field field, String history, int l) {
    TriangleMesh mesh = new TriangleMesh(field.intervals(), spec.grid().horizon());
    double t = spec.grid().time(l);
    int first = new LineMesh(field.intervals(), spec.grid().horizon()).cell(t);
    int from = TriangleMesh.index(first, 0);
    int nodes = TriangleMesh.index(first + 2, 0) - from;
    double[] weights = new double[nodes * l];
    for (int k = 0; k < l; k++) {
      Stencil stencil = mesh.locate(t, spec.grid().time(k));
      for (int p = 0; p < stencil.size(); p++) {
        weights[(stencil.node(p) - from) * l + k] = stencil.weight(p);
      }
    }
    String sums =
        graph.node("MatMul", graph.tensor(name + " rows " + l, () -> weights, nodes, l), history);
    String matrices =
        joined.computeIfAbsent(
            first,
            row ->
                graph.node(
                    "Concat",
                    new OnnxAttributes().number("axis", 0),
                    parameters.matrix(parameters.get(name + ".node." + row)),
                    parameters.matrix(parameters.get(name + ".node." + (row + 1)))));
    return graph.node("MatMul", side(sums, nodes), matrices);
  }

  private String attention(String name, LayerWeights.Attention attention, String history, int l) {
    if (l == 1) {
      return history;
    }
    String sources = history;
    if (attention.block() > 1) {
      int count = attention.sources(l);
      double[] members = new double[count * l];
      for (int k = 0; k < l; k++) {
        members[attention.source(k) * l + k] = 1;
      }
      sources =
          graph.node(
              "MatMul", graph.tensor(name + " sources " + l, () -> members, count, l), history);
    }
    OnnxAttributes axes = new OnnxAttributes().numbers("axes", -1).number("keepdims", 1);
    String square = graph.node("ReduceMean", axes, graph.node("Mul", sources, sources));
    String size = graph.node("Sqrt", graph.node("Add", square, graph.scalar(attention.epsilon())));
    OnnxParameters.Parameter query = parameters.get(name + ".query." + l);
    String column = graph.tensor(query.name(), query.values(), query.columns(), 1);
    String scores = graph.node("MatMul", graph.node("Div", sources, size), column);
    String weights = graph.node("Softmax", new OnnxAttributes().number("axis", 2), scores);
    String row = graph.node("Transpose", new OnnxAttributes().numbers("perm", 0, 1, 3, 2), weights);
    return graph.node("MatMul", row, sources);
  }
}
